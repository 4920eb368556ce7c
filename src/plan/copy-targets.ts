/** Which targets runs store to, and which only `bat copy` fills. */
import { targetsOf } from './explain.ts';
import type { Graph } from './graph.ts';
import type { Plan, TargetSpec } from './plan.ts';

/** True if an upload of the plan stores to the target. */
export function isUploadedTo(graph: Graph, target: string): boolean {
  return graph.nodes.some((node) => targetsOf(node).includes(target));
}

/** Those that no upload stores to, in the order of the plan. */
export function copyTargets({ graph, targets }: Pick<Plan, 'graph' | 'targets'>): TargetSpec[] {
  return targets.filter(({ id }) => !isUploadedTo(graph, id));
}

/** How the warning of such a target begins: it may have been forgotten in the plan. */
export const unstoredWarning = 'No upload stores to the target';
