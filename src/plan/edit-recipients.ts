/** Changes the recipients of a step in the text of a plan. Everything else stays as it is, to the byte. */
import { isMap, isScalar, isSeq, parseDocument, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import { BatError } from '../core/errors.ts';
import { keyOf, rangeOf } from './yaml-nodes.ts';

export interface RecipientChange {
  /** The id of the step. */
  step: string;
  add: readonly string[];
  remove: readonly string[];
}

/** The new text. Throws USAGE where the plan is written in a way that only a person can change. */
export function editRecipients(text: string, { step, add, remove }: RecipientChange): string {
  let changed = text;
  // What comes first keeps the list from being empty for a moment.
  for (const recipient of add) changed = addOne(changed, step, recipient);
  for (const recipient of remove) changed = removeOne(changed, step, recipient);
  if (parseDocument(changed).errors.length > 0) throw byHand(step, 'it is written in an unusual way');
  return changed;
}

function addOne(text: string, step: string, recipient: string): string {
  const to = findTo(text, step);
  if (isScalar(to)) {
    const [start, end] = rangeOf(to)!;
    return splice(text, start, end, `[${text.slice(start, end)}, ${recipient}]`);
  }
  const last = rangeOf(to.items.at(-1))!;
  if (to.flow) return splice(text, last[1], last[1], `, ${recipient}`);
  const dash = text.lastIndexOf('-', last[0]);
  const indent = text.slice(text.lastIndexOf('\n', dash) + 1, dash);
  const end = lineEnd(text, last[1]);
  // The list may begin in the line of a dash above it.
  const lineBreak = text.includes('\r\n') ? '\r\n' : '\n';
  return splice(text, end, end, `${lineBreak}${indent.replace(/[^ ]/g, ' ')}- ${recipient}`);
}

function removeOne(text: string, step: string, recipient: string): string {
  const to = findTo(text, step);
  if (!isSeq(to)) throw byHand(step, `${recipient} is the only one in its \`to\``);
  const items = to.items as Scalar[];
  const index = items.findIndex((item) => item.value === recipient);
  if (index === -1) throw byHand(step, `${recipient} is not written in its \`to\` as such`);
  if (items.length === 1) throw byHand(step, `${recipient} is the only one in its \`to\``);
  const [start, end] = rangeOf(items[index])!;
  if (to.flow) {
    const next = items[index + 1];
    return next ? splice(text, start, rangeOf(next)![0], '') : splice(text, rangeOf(items[index - 1])![1], end, '');
  }
  const dash = text.lastIndexOf('-', start);
  const first = text.lastIndexOf('\n', dash) + 1;
  // The first line of the list may hold more than this item.
  if (/\S/.test(text.slice(first, dash))) return splice(text, dash, text.lastIndexOf('-', rangeOf(items[index + 1])![0]), '');
  const next = text.indexOf('\n', end);
  return splice(text, first, next === -1 ? text.length : next + 1, '');
}

/** The value of `to` of a step, one recipient or a list of them. */
function findTo(text: string, step: string): Scalar | YAMLSeq {
  const steps = parseDocument(text).get('steps');
  for (const item of isSeq(steps) ? steps.items : []) {
    const pair = isMap(item) ? item.items.find(({ key }) => keyOf(key) === 'encrypt') : undefined;
    if (!pair || !isMap(pair.value)) continue;
    const options = pair.value as YAMLMap;
    if ((options.get('id') ?? 'encrypt') !== step) continue;
    const to: unknown = options.get('to', true);
    if (isScalar(to)) return to;
    if (isSeq(to) && to.items.length > 0 && to.items.every((one) => isScalar(one))) return to;
  }
  throw byHand(step, 'its recipients are not written at the step itself');
}

function byHand(step: string, why: string): BatError {
  return new BatError('USAGE', `The recipients of the step "${step}" cannot be changed in the plan: ${why}.`, { hint: 'Change the plan by hand, then look at what is stored with `bat rekey`.' });
}

function splice(text: string, start: number, end: number, piece: string): string {
  return text.slice(0, start) + piece + text.slice(end);
}

/** Before the line break, and before the one of Windows. */
function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  if (end === -1) return text.length;
  return text[end - 1] === '\r' ? end - 1 : end;
}
