/** What the nodes of the YAML package say, in one place. */
import { isAlias, isNode, isScalar, visit } from 'yaml';
import type { Alias, Document, Node } from 'yaml';

/** The key `<<` in a map. */
export const mergeKey = Symbol('<<');

/** Start and end of a node in the text, or undefined for what is not there. */
export function rangeOf(node: unknown): readonly [number, number] | undefined {
  const range = isNode(node) ? node.range : undefined;
  return range ? [range[0], range[1]] : undefined;
}

/** A key as a text, the merge key, or null for what cannot be a key of a plan. */
export function keyOf(node: unknown): string | typeof mergeKey | null {
  if (!isScalar(node)) return null;
  if (typeof node.value === 'symbol') return mergeKey;
  return node.source ?? (typeof node.value === 'object' ? null : String(node.value));
}

/** For each alias the node it names: the last one with that anchor before it. One pass, however many there are. */
export function anchorsOf(document: Document): Map<Alias, Node> {
  const named = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Node(_key, node) {
      if (isAlias(node)) {
        const target = named.get(node.source);
        if (target) targets.set(node, target);
      } else if (node.anchor) {
        named.set(node.anchor, node);
      }
    },
  });
  return targets;
}
