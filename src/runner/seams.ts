/** What lies between the steps of a source. A run leaves it as it is; a bench measures there. */
import type { GraphNode } from '../plan/graph.ts';
import type { Flow, FlowItems } from '../steps/flow.ts';

export type Item = FlowItems[Flow];

export interface Seams {
  /** What a step takes from one of the steps before it. */
  input(node: GraphNode, items: AsyncIterable<Item>): AsyncIterable<Item>;
  /** What a step gives. */
  output(node: GraphNode, items: AsyncIterable<Item>): AsyncIterable<Item>;
}

export const openSeams: Seams = {
  input: (_node, items) => items,
  output: (_node, items) => items,
};
