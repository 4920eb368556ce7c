/**
 * The steps of a plan as a graph: who takes what from whom. Pure: it knows the kinds only by what they declare.
 * What does not fit is reported, and then there is no graph.
 */
import type { HookType, StepType } from '../steps/step.ts';
import { checkGraph } from './graph-rules.ts';
import { freshId, linkSteps } from './graph-links.ts';
import type { LinkedStep } from './graph-links.ts';
import { implicitKind } from './kinds.ts';
import type { Position, Report } from './mistake.ts';
import type { HookUse, StepUse } from './step-list.ts';

export interface GraphNode {
  id: string;
  kind: string;
  type: StepType;
  options: Record<string, unknown>;
  /** Ids of the nodes whose output it takes. */
  from: readonly string[];
  /** Of the step in the plan; of one that the graph put in, the step that it was put in for. */
  position: Position;
  /** JSON pointer to its options in the plan, for messages about them. */
  pointer: string;
}

export interface HookNode {
  id: string;
  kind: string;
  type: HookType;
  options: Record<string, unknown>;
  when: 'before' | 'after' | 'failure' | 'always';
  position: Position;
  pointer: string;
}

export interface Graph {
  /** Each after all that it takes from, otherwise in the order of the plan. */
  nodes: readonly GraphNode[];
  /** In the order of the plan. */
  hooks: readonly HookNode[];
}

/**
 * `uses` in the order of the plan, `filesStep` the step that makes one object of each file. It is put before
 * every step that takes objects and would get entries; steps that take from the same one share it.
 */
export function buildGraph(uses: readonly (StepUse | HookUse)[], filesStep: StepType | undefined, report: Report): Graph | null {
  let sound = true;
  const reporting: Report = (finding) => {
    sound = false;
    report(finding);
  };
  const steps = linkSteps(uses, reporting);
  checkGraph(steps, reporting);
  if (!sound) return null;
  return { nodes: withFiles(inOrder(steps), filesStep), hooks: hookNodes(uses, steps) };
}

/** Depth first over what each one takes, started in the order of the plan. The links hold no cycle. */
function inOrder(steps: readonly LinkedStep[]): LinkedStep[] {
  const order = new Set<LinkedStep>();
  const visit = (step: LinkedStep): void => {
    if (order.has(step)) return;
    for (const link of step.links) visit(link.step);
    order.add(step);
  };
  for (const step of steps) visit(step);
  return [...order];
}

function withFiles(steps: readonly LinkedStep[], filesStep: StepType | undefined): GraphNode[] {
  const taken = new Set(steps.map((step) => step.id));
  const filesOf = new Map<string, GraphNode>();
  const nodes: GraphNode[] = [];
  for (const { id, use, links } of steps) {
    const from = links.map((link) => {
      if (link.step.use.type.gives !== 'entries' || !use.type.takes.includes('objects')) return link.step.id;
      const known = filesOf.get(link.step.id);
      if (known) return known.id;
      if (!filesStep) throw new Error(`No step of kind "${implicitKind}" is registered.`);
      const files: GraphNode = { id: freshId(implicitKind, taken), kind: implicitKind, type: filesStep, options: {}, from: [link.step.id], position: use.position, pointer: use.pointer };
      filesOf.set(link.step.id, files);
      nodes.push(files);
      return files.id;
    });
    nodes.push({ id, kind: use.type.kind, type: use.type, options: use.options, from, position: use.position, pointer: use.pointer });
  }
  return nodes;
}

/** Nothing refers to a hook, so that one without an id gets a number where there are several. */
function hookNodes(uses: readonly (StepUse | HookUse)[], steps: readonly LinkedStep[]): HookNode[] {
  const taken = new Set(steps.map((step) => step.id));
  for (const use of uses) if ('hook' in use && use.id !== null) taken.add(use.id);
  const firstStep = uses.findIndex((use) => 'type' in use);
  return uses.flatMap((use, index) => {
    if (!('hook' in use)) return [];
    const { hook, options, position, pointer } = use;
    return { id: use.id ?? freshId(hook.kind, taken), kind: hook.kind, type: hook, options, when: hook.when(options, index < firstStep), position, pointer };
  });
}
