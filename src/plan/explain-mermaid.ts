/** The step graph as a Mermaid flowchart, for documents and web pages. */
import { label, targetsOf } from './explain.ts';
import type { DrawnPlan } from './explain.ts';

/** Lines without a newline at the end. */
export function explainMermaid(plan: DrawnPlan): string {
  const steps = new Map(plan.graph.nodes.map((node, index) => [node.id, `step${index}`]));
  const targets = new Map(plan.targets.map((target, index) => [target.id, `target${index}`]));
  const head = plan.graph.nodes.find((node) => node.from.length === 0);
  const lines = ['flowchart LR'];
  for (const [index, source] of plan.sources.entries()) lines.push(`  source${index}[/${text(source.id)}/] --> ${steps.get(head?.id ?? '')}`);
  for (const node of plan.graph.nodes) lines.push(`  ${steps.get(node.id)}[${text(label(node))}]`);
  for (const target of plan.targets) lines.push(`  ${targets.get(target.id)}[(${text(`${target.id}: ${target.type.type}`)})]`);
  for (const [index, hook] of plan.graph.hooks.entries()) lines.push(`  hook${index}{{${text(`${label(hook)}, ${hook.when}`)}}}`);
  for (const node of plan.graph.nodes) {
    for (const from of node.from) lines.push(`  ${steps.get(from)} ${node.type.gives === null ? '-.->' : '-->'} ${steps.get(node.id)}`);
    for (const target of targetsOf(node)) if (targets.has(target)) lines.push(`  ${steps.get(node.id)} ==> ${targets.get(target)}`);
  }
  return lines.join('\n');
}

/** Mermaid reads `#…;` in a quoted text as a character. */
function text(value: string): string {
  return `"${value.replaceAll('#', '#35;').replaceAll('"', '#quot;')}"`;
}
