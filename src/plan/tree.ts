/**
 * From YAML nodes to plain values, keeping where each one stood. Aliases are copied out, merge keys are merged,
 * variables are put in. Whatever a file holds, this ends, and what is wrong becomes a finding.
 */
import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Alias, Document, Node, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { interpolate } from './interpolate.ts';
import type { Environment } from './interpolate.ts';
import { below } from './mistake.ts';
import type { Finding } from './mistake.ts';
import { quote } from './words.ts';
import { anchorsOf, keyOf, mergeKey, rangeOf } from './yaml-nodes.ts';

/** Where a value stood, as offsets into the text, and what a later check has to know of it. */
export interface Spot {
  start: number;
  end: number;
  /** Where its key starts, if it has one. */
  key?: number;
  /** Its text with variables put in, if it has any. */
  interpolated?: string;
  /** Nothing is known of the value: a variable of it is set nowhere, or an alias leads nowhere. */
  unknown?: true;
}

/** A finding that knows its offset. */
export interface TreeFinding extends Finding {
  offset: number;
  /** A variable that is set nowhere: no mistake where the plan is only looked at. */
  unset?: true;
}

export interface Tree {
  value: unknown;
  spots: Map<string, Spot>;
  findings: TreeFinding[];
}

/** More values than any plan has; an alias bomb meets it early. */
const MOST_NODES = 20_000;
const DEEPEST = 50;

export function buildTree(document: Document, text: string, environment: Environment): Tree {
  return new Builder(document, text, environment).tree;
}

/** Where a value stands and how it came there. */
interface Place {
  pointer: string;
  depth: number;
  key?: number;
  /** The range of the alias that brought it, which stands for its own. */
  alias?: readonly [number, number];
}

/** The values of a map, not built yet, and where their keys start. */
type Pairs = Map<string, { offset: number; node: unknown }>;

class Builder {
  readonly tree: Tree = { value: null, spots: new Map(), findings: [] };
  readonly #text: string;
  readonly #environment: Environment;
  readonly #anchors: Map<Alias, Node>;
  /** The collections that are being built: an alias to one of them would never end. */
  readonly #open = new Set<unknown>();
  #nodes = 0;

  constructor(document: Document, text: string, environment: Environment) {
    this.#text = text;
    this.#environment = environment;
    this.#anchors = anchorsOf(document);
    this.tree.value = this.#value(document.contents, { pointer: '', depth: 0 });
  }

  #value(node: unknown, place: Place): unknown {
    const [start, end] = place.alias ?? rangeOf(node) ?? [place.key ?? 0, place.key ?? 0];
    const spot: Spot = { start, end };
    if (place.key !== undefined) spot.key = place.key;
    this.tree.spots.set(place.pointer, spot);
    if (this.#isTooMuch(place, start)) return null;
    if (isAlias(node)) return this.#alias(node, place, spot);
    if (isMap(node)) return this.#inside(node, () => this.#map(node, place));
    if (isSeq(node)) return this.#inside(node, () => this.#list(node, place));
    return isScalar(node) ? this.#scalar(node, place, spot) : null;
  }

  #alias(alias: Alias, place: Place, spot: Spot): unknown {
    const target = this.#anchors.get(alias);
    if (target && !this.#open.has(target)) return this.#value(target, { ...place, alias: [spot.start, spot.end], depth: place.depth + 1 });
    const name = quote(`*${alias.source}`);
    if (target) this.#find(spot.start, place, `${name} stands inside of what it names.`, 'Write the values out here.');
    else this.#find(spot.start, place, `${name} names nothing that stands before it.`, `Write &${alias.source} before the value that is meant.`);
    spot.unknown = true;
    return null;
  }

  #list(list: YAMLSeq, { pointer, depth }: Place): unknown[] {
    return list.items.map((item, index) => this.#value(item, { pointer: below(pointer, index), depth: depth + 1 }));
  }

  #map(map: YAMLMap, place: Place): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const [key, { offset, node }] of this.#pairs(map, place)) {
      const value = this.#value(node, { pointer: below(place.pointer, key), key: offset, depth: place.depth + 1 });
      // A key "__proto__" must become an ordinary one, which is then reported as unknown.
      Object.defineProperty(result, key, { value, enumerable: true, configurable: true, writable: true });
    }
    return result;
  }

  /** A map's own pairs, then those that `<<: *anchor` (or a list of such) brings and that it does not have itself. */
  #pairs(map: YAMLMap, place: Place): Pairs {
    const pairs: Pairs = new Map();
    const merges: unknown[] = [];
    for (const pair of map.items) {
      const offset = rangeOf(pair.key)?.[0] ?? rangeOf(map)?.[0] ?? 0;
      const key = keyOf(pair.key);
      const inside = { ...place, pointer: key === null || key === mergeKey ? place.pointer : below(place.pointer, key) };
      if (key === mergeKey) merges.push(pair.value);
      else if (key === null) this.#find(offset, inside, 'A key must be a plain word.');
      else if (pairs.has(key)) this.#find(offset, inside, `${quote(key)} stands twice in this map; the first is in line ${this.#line(pairs.get(key)!.offset)}.`, 'Keep one of the two.');
      else pairs.set(key, { offset, node: pair.value });
    }
    for (const merge of merges) {
      for (const [key, pair] of this.#merged(merge, map, place)) if (!pairs.has(key)) pairs.set(key, pair);
    }
    return pairs;
  }

  #merged(merge: unknown, map: YAMLMap, place: Place): Pairs {
    const offset = rangeOf(merge)?.[0] ?? rangeOf(map)?.[0] ?? 0;
    const deeper = { ...place, depth: place.depth + 1 };
    if (this.#isTooMuch(deeper, offset)) return new Map();
    const target = isAlias(merge) ? this.#anchors.get(merge) : merge;
    if (isMap(target) && !this.#open.has(target)) return this.#inside(target, () => this.#pairs(target, deeper));
    if (isSeq(target) && !isAlias(merge)) {
      const pairs: Pairs = new Map();
      // Of several maps the earlier one wins.
      for (const item of target.items) for (const [key, pair] of this.#merged(item, map, deeper)) if (!pairs.has(key)) pairs.set(key, pair);
      return pairs;
    }
    this.#find(offset, place, 'Only another map can be merged in with "<<".', 'Write <<: *name, where &name stands before a map further up.');
    return new Map();
  }

  #scalar(scalar: Scalar, place: Place, spot: Spot): unknown {
    const { value } = scalar;
    if (typeof value !== 'string') return typeof value === 'number' || typeof value === 'boolean' ? value : null;
    const result = interpolate(value, this.#environment);
    const [start, end] = rangeOf(scalar) ?? [spot.start, spot.end];
    const offset = (part: string): number => start + Math.max(this.#text.slice(start, end).indexOf(part), 0);
    for (const part of result.malformed) {
      this.#find(offset(part), place, `${quote(part)} is no variable.`, 'Write ${NAME} or ${NAME:-default}, and $${ where a plain ${ is meant.');
    }
    for (const name of result.unset) {
      const hint = `Set it in the environment or in a file .env beside this one, or write \${${name}:-default}.`;
      this.tree.findings.push({ offset: offset(`\${${name}}`), pointer: place.pointer, message: `The variable ${name} is not set.`, hint, unset: true });
    }
    if (result.used) spot.interpolated = result.text;
    if (result.unset.length > 0 || result.malformed.length > 0) spot.unknown = true;
    return result.value;
  }

  #inside<T>(node: unknown, build: () => T): T {
    this.#open.add(node);
    const result = build();
    this.#open.delete(node);
    return result;
  }

  #isTooMuch(place: Place, offset: number): boolean {
    this.#nodes++;
    if (this.#nodes === MOST_NODES) this.#find(offset, place, 'The file is too large: it has more than 20,000 values.', 'Do aliases repeat each other?');
    if (place.depth === DEEPEST) this.#find(offset, place, 'The file is nested too deeply here.');
    return this.#nodes >= MOST_NODES || place.depth >= DEEPEST;
  }

  #find(offset: number, { pointer }: Place, message: string, hint?: string): void {
    this.tree.findings.push({ offset, pointer, message, hint });
  }

  #line(offset: number): number {
    return this.#text.slice(0, offset).split('\n').length;
  }
}
