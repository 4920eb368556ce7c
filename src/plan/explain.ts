/** The step graph as text, at most 80 columns wide. */
import { redact } from '../core/secrets.ts';
import type { GraphNode, HookNode } from './graph.ts';
import type { Plan } from './plan.ts';
import { describeLimits } from './target-options.ts';

const WIDTH = 80;
const times = { before: 'before', after: 'after', failure: 'on failure', always: 'always' } as const;

/** What is drawn of a plan. */
export type DrawnPlan = Pick<Plan, 'name' | 'description' | 'sources' | 'graph' | 'targets'>;

/** Lines without a newline at the end. The data's way first, then hooks and targets. */
export function explainGraph(plan: DrawnPlan): string {
  const head = plan.graph.nodes.find((node) => node.from.length === 0);
  const lines = [plan.description ? `${plan.name}: ${plan.description}` : plan.name, ''];
  lines.push(...wrapped('sources  ', plan.sources.map((source) => source.id)), '');
  if (head) lines.push(...drawWays(head, plan), '');
  for (const node of plan.graph.nodes) if (node.type.gives === null) lines.push(...wrapped(`${label(node)} ← `, node.from), '');
  lines.push(...plan.graph.hooks.map((hook) => `${times[hook.when].padEnd(10)}  ${hookLabel(hook)}`));
  if (plan.graph.hooks.length > 0) lines.push('');
  const longest = Math.max(...plan.targets.map((target) => target.id.length), 0);
  lines.push(...plan.targets.map((target) => `target ${target.id.padEnd(longest)}  ${[target.type.type, ...describeLimits(target)].join(' · ')}`));
  return lines.map(clipped).join('\n');
}

/** Side by side where that fits, else one step a line. */
function drawWays(head: GraphNode, plan: DrawnPlan): string[] {
  const wide = drawWide(head, plan);
  return wide.every((line) => line.length <= WIDTH) ? wide : drawTall(head, plan);
}

function drawWide(node: GraphNode, plan: DrawnPlan): string[] {
  const start = withTargets(node);
  const next = followers(node, plan);
  if (next.length === 0) return [start];
  const blocks = next.map((follower) => drawWide(follower, plan));
  const blank = ' '.repeat(start.length);
  if (blocks.length === 1) return blocks[0]!.map((line, index) => `${index === 0 ? start : blank}${index === 0 ? ' ─ ' : '   '}${line}`);
  return blocks.flatMap((block, branch) => {
    const last = branch === blocks.length - 1;
    const fork = branch === 0 ? ' ─┬─ ' : last ? '  └─ ' : '  ├─ ';
    return block.map((line, index) => `${branch === 0 && index === 0 ? start : blank}${index === 0 ? fork : last ? '     ' : '  │  '}${line}`);
  });
}

function drawTall(node: GraphNode, plan: DrawnPlan, width = WIDTH): string[] {
  const next = followers(node, plan);
  const lines = [label(node), ...wrapped('  → ', targetsOf(node), width)];
  for (const [index, follower] of next.entries()) {
    const last = index === next.length - 1;
    lines.push(...drawTall(follower, plan, width - 3).map((line, row) => `${row === 0 ? (last ? '└─ ' : '├─ ') : last ? '   ' : '│  '}${line}`));
  }
  return lines;
}

/** The steps that take what this one gives; the one that records stands on a line of its own. */
function followers(node: GraphNode, plan: DrawnPlan): GraphNode[] {
  return plan.graph.nodes.filter((other) => other.from.includes(node.id) && other.type.gives !== null);
}

/** `compress`, or `upload home` where the id says more than the kind. */
export function label(node: Pick<GraphNode, 'id' | 'kind'>): string {
  return node.id === node.kind ? node.kind : `${node.kind} ${node.id}`;
}

export function targetsOf(node: GraphNode): string[] {
  return node.type.gives === 'receipts' ? [node.options['to'] ?? []].flat().map(String) : [];
}

function withTargets(node: GraphNode): string {
  const targets = targetsOf(node);
  return targets.length === 0 ? label(node) : `${label(node)} → ${targets.join(', ')}`;
}

function hookLabel(hook: HookNode): string {
  const command = [hook.options['command'] ?? []].flat().join(' ');
  return command === '' ? label(hook) : `${label(hook)}: ${redact(command)}`;
}

/** Words behind a heading, broken into lines that stand below each other. */
function wrapped(heading: string, words: readonly string[], width = WIDTH): string[] {
  const lines: string[] = [];
  for (const [index, word] of words.entries()) {
    const piece = index === words.length - 1 ? word : `${word},`;
    const line = lines.at(-1);
    if (line === undefined) lines.push(heading + piece);
    else if (line.length + 1 + piece.length <= width) lines[lines.length - 1] = `${line} ${piece}`;
    else lines.push(' '.repeat(heading.length) + piece);
  }
  return lines;
}

function clipped(line: string): string {
  return line.length <= WIDTH ? line.trimEnd() : `${line.slice(0, WIDTH - 1)}…`;
}
