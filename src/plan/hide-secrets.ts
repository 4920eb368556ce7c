/**
 * Keeps a secret that stands in the plan itself out of the lines that mistakes show. It goes by the names of the
 * options, and by names that sound like secrets, so that a misspelt key hides its value as well.
 */
import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Document, Node, Pair } from 'yaml';
import { pointerParts } from './mistake.ts';
import { nearest } from './words.ts';
import { anchorsOf, keyOf, rangeOf } from './yaml-nodes.ts';

/** Offsets into the text, the end not included. */
export type Range = readonly [start: number, end: number];

const soundsSecret = /secret|password|passphrase|passwd|token|credential|private|api-?key|access-?key/i;
/** The ways to name where a secret lies: they are none themselves. */
const references = new Set(['file', 'command', 'systemd-credential', 'recipients-file', 'public-key']);

function isSecretName(key: string, secretNames: ReadonlySet<string>): boolean {
  return !references.has(key) && (soundsSecret.test(key) || nearest(key, secretNames) !== undefined);
}

/** Where secrets stand in the text, in no order. Where YAML could not be read to its end, lines are taken as they look. */
export function hiddenRanges(text: string, document: Document, secretNames: ReadonlySet<string>, readable: boolean): Range[] {
  const ranges: Range[] = readable ? [] : rangesByLine(text, secretNames);
  const anchors = anchorsOf(document);
  const walked = { plain: new Set<unknown>(), secret: new Set<unknown>() };
  const pending: { node: unknown; secret: boolean }[] = [{ node: document.contents, secret: false }];
  for (let item = pending.pop(); item; item = pending.pop()) {
    const { secret } = item;
    const node: unknown = isAlias(item.node) ? anchors.get(item.node) : item.node;
    const before = secret ? walked.secret : walked.plain;
    if (before.has(node)) continue;
    before.add(node);
    if (secret && isScalar(node)) ranges.push(...scalarRange(node, text));
    if (isSeq(node)) pending.push(...node.items.map((part) => ({ node: part, secret })));
    if (isMap(node)) pending.push(...node.items.map((pair) => ({ node: pair.value, secret: isSecretValue(pair, secret, secretNames) })));
  }
  return ranges;
}

/** Whether what a pointer names is a secret by its option's name, or lies inside of one. */
export function isSecretPointer(pointer: string, secretNames: ReadonlySet<string>): boolean {
  const keys = pointerParts(pointer).filter((part) => !/^\d+$/.test(part));
  if (references.has(keys.at(-1) ?? '')) return false;
  return keys.some((key, index) => (index === keys.length - 1 ? isSecretName(key, secretNames) : nearest(key, secretNames) !== undefined));
}

/** The line that starts at `start`, what is hidden replaced by as many `*`, so that columns stay right. */
export function hideRanges(text: string, start: number, hidden: readonly Range[]): string {
  const newline = text.indexOf('\n', start);
  const end = newline === -1 ? text.length : newline;
  const units = text.slice(start, end).split('');
  for (const [from, to] of hidden) {
    if (from < end && to > start) units.fill('*', Math.max(from - start, 0), Math.min(to, end) - start);
  }
  return units.join('').trimEnd();
}

/** A map below a key that only sounds secret is a source or target of that name, and shown. */
function isSecretValue({ key, value }: Pair, secret: boolean, secretNames: ReadonlySet<string>): boolean {
  const name = keyOf(key);
  if (typeof name !== 'string' || references.has(name)) return false;
  return secret || (isMap(value) ? nearest(name, secretNames) !== undefined : isSecretName(name, secretNames));
}

/** A value that is one variable says only where the secret is. */
function scalarRange(node: Node, text: string): Range[] {
  const range = rangeOf(node);
  return range && !/^["']?\$\{\w+\}["']?$/.test(text.slice(...range)) ? [range] : [];
}

/** All of a line after a key that names a secret. */
function rangesByLine(text: string, secretNames: ReadonlySet<string>): Range[] {
  return [...text.matchAll(/([\w-]+)["']?[ \t]*:[ \t]*(\S.*)$/gm)].flatMap((match) => {
    const words = [...match[0].matchAll(/([\w-]+)["']?[ \t]*:/g)];
    const first = words.find((word) => isSecretName(word[1]!, secretNames));
    return first ? [[match.index + first.index + first[0].length, match.index + match[0].length] as const] : [];
  });
}
