/** The rules that the links between steps must keep. Each rule reports what breaks it, and where. */
import type { Flow } from '../steps/flow.ts';
import { findCycle } from './graph-cycle.ts';
import type { Link, LinkedStep } from './graph-links.ts';
import type { Report } from './mistake.ts';
import { either, quote } from './words.ts';

/** On each way to an upload at most one of these. */
const onceOnEachWay = new Set(['tar', 'compress', 'encrypt']);

export function checkGraph(steps: readonly LinkedStep[], report: Report): void {
  checkCounts(steps, report);
  const cycle = findCycle(steps);
  if (cycle) {
    const [first] = cycle;
    report({
      pointer: first!.pointer,
      message: `These steps wait for each other: ${[...cycle, first!].map((link) => quote(link.step.id)).join(' → ')}.`,
      hint: 'Let one of them take its data from a step outside of this circle.',
    });
    return;
  }
  for (const [index, step] of steps.entries()) checkInputs(step, steps.slice(0, index), steps, report);
  checkOutputs(steps, report);
  const isReadOnce = checkReaders(steps, report);
  checkWays(steps, report);
  if (isReadOnce) checkNames(steps, report);
}

function checkCounts(steps: readonly LinkedStep[], report: Report): void {
  const heads = steps.filter(isHead);
  const uploads = steps.filter(isUpload);
  const records = steps.filter((step) => step.use.type.gives === null);
  const missing = (message: string, hint: string): void => report({ pointer: '/steps', at: 'key', message, hint });
  if (heads.length === 0) missing('No step reads the sources.', 'Begin the steps with "- select".');
  if (uploads.length === 0) missing('No step stores anything.', 'Add "- upload: { to: … }" with the name of a target.');
  if (records.length === 0) missing('No step records what was stored, so nothing could be restored.', 'End the steps with "- record".');
  for (const step of heads.slice(1)) report({ pointer: step.use.pointer, at: 'key', message: `One ${step.use.type.kind} step reads all sources, and there is one already in line ${heads[0]!.use.position.line}.`, hint: 'Remove this one.' });
  for (const step of records.slice(1)) report({ pointer: step.use.pointer, at: 'key', message: `One ${step.use.type.kind} step records all uploads, and there is one already in line ${records[0]!.use.position.line}.`, hint: 'Name all uploads in the "from" of one.' });
}

function checkInputs(step: LinkedStep, before: readonly LinkedStep[], all: readonly LinkedStep[], report: Report): void {
  const { type, pointer } = step.use;
  const many = type.takes.includes('receipts');
  if (type.takes.length === 0 || step.broken) return;
  // Where the whole plan has no upload, or no select, that is the mistake.
  if (step.links.length === 0 && many && all.some(isUpload)) {
    report({ pointer, at: 'key', message: `${quote(step.id)} stands before every upload, so it has nothing to record.`, hint: 'Move it to the end, or name the uploads in its "from".' });
  } else if (step.links.length === 0 && !many && all.some(isHead)) {
    report({ pointer, at: 'key', message: `${quote(step.id)} has no step before it to take data from.`, hint: 'Begin the steps with "- select".' });
  }
  if (step.links.length > 1 && !many) {
    report({ pointer: step.links[1]!.pointer ?? pointer, message: `${quote(step.id)} can take data from one step only.`, hint: `Write a ${type.kind} step for each of them.` });
  }
  for (const link of step.links) checkFit(step, link, before, report);
}

function checkFit(step: LinkedStep, { step: other, pointer }: Link, before: readonly LinkedStep[], report: Report): void {
  const { gives } = other.use.type;
  const takes = acceptedBy(step);
  if (gives !== null && takes.includes(gives)) return;
  const fitting = before.findLast((candidate) => candidate.use.type.gives !== null && takes.includes(candidate.use.type.gives));
  const suggestion = fitting && (pointer === null ? `from: ${quote(fitting.id)}` : fitting.id);
  const wrong = gives === null ? `${quote(other.id)} gives nothing` : `${quote(other.id)} gives ${gives}`;
  report({ pointer: pointer ?? step.use.pointer, at: pointer === null ? 'key' : undefined, message: `${quote(step.id)} takes ${either(takes)}, but ${wrong}.`, suggestion });
}

function isHead(step: LinkedStep): boolean {
  return step.use.type.takes.length === 0;
}

function isUpload(step: LinkedStep): boolean {
  return step.use.type.gives === 'receipts';
}

/** What takes objects also takes entries: a step is put in between that makes an object of each file. */
function acceptedBy(step: LinkedStep): readonly Flow[] {
  const { takes } = step.use.type;
  return takes.includes('objects') && !takes.includes('entries') ? ['entries', ...takes] : takes;
}

/** Every file is read once: one step packs them all, or each is an object of its own, but not both. */
function checkReaders(steps: readonly LinkedStep[], report: Report): boolean {
  const readers = steps.filter((step) => step.links.some((link) => link.step.use.type.gives === 'entries'));
  const packers = readers.filter((step) => step.use.type.takes.includes('entries'));
  const [first] = readers;
  // Steps that take single files share the one step that reads them.
  const second = readers.find((step) => step !== first && packers.length > 0);
  if (!first || !second) return true;
  report({
    pointer: second.use.pointer,
    at: 'key',
    message: `${quote(first.id)} and ${quote(second.id)} would both read every file.`,
    hint: `Let ${quote(second.id)} take "from" ${quote(first.id)}, or from a step after it.`,
  });
  return false;
}

/** Work that leads nowhere is a mistake: most likely a step is missing, or a `from` names the wrong one. */
function checkOutputs(steps: readonly LinkedStep[], report: Report): void {
  if (steps.some((step) => step.broken)) return;
  const taken = new Set(steps.flatMap((step) => step.links.map((link) => link.step)));
  const record = steps.find((step) => step.use.type.gives === null);
  for (const step of steps) {
    const { gives } = step.use.type;
    if (gives === null || taken.has(step) || (isHead(step) && steps.filter(isHead).length > 1)) continue;
    if (gives !== 'receipts') report({ pointer: step.use.pointer, at: 'key', message: `No step takes what ${quote(step.id)} gives.`, hint: `Remove it, or add a step that takes ${gives} from it.` });
    else if (record) report({ pointer: step.use.pointer, at: 'key', message: `What ${quote(step.id)} stores is not recorded, so it could not be restored.`, hint: `Add ${quote(step.id)} to the "from" of ${quote(record.id)}, and let that stand after it.` });
  }
}

/** The way of each upload from the head down. A step that several share is reported for each, and shown once. */
function checkWays(steps: readonly LinkedStep[], report: Report): void {
  for (const upload of steps.filter(isUpload)) {
    const way: LinkedStep[] = [];
    for (let step: LinkedStep | undefined = upload; step; step = step.links[0]?.step) way.unshift(step);
    for (const [index, step] of way.entries()) {
      const { kind } = step.use.type;
      const earlier = way.slice(0, index);
      const wrong = onceOnEachWay.has(kind) ? wrongOrder(step, earlier) : null;
      if (wrong) report({ pointer: step.use.pointer, at: 'key', ...wrong });
    }
  }
}

/** An object's name says by its endings what was done to it: two uploads of different objects must differ in them. */
function checkNames(steps: readonly LinkedStep[], report: Report): void {
  const seen = new Map<string, LinkedStep>();
  for (const upload of steps.filter((step) => step.use.type.gives === 'receipts')) {
    const from = upload.links[0]?.step;
    const endings = from && endingsOf(from);
    if (endings === undefined || endings === null) continue;
    const other = seen.get(endings);
    seen.set(endings, other ?? upload);
    if (!other || other.links[0]!.step === from) continue;
    report({
      pointer: upload.use.pointer,
      at: 'key',
      message: `${quote(other.id)} and ${quote(upload.id)} would store different objects under the same names.`,
      hint: `Let both take "from" ${quote(other.links[0]!.step.id)}, or compress with different codecs.`,
    });
  }
}

/** Null for a way that does not fit anyhow. */
function endingsOf(last: LinkedStep): string | null {
  const endings: string[] = [];
  for (let step: LinkedStep | undefined = last; step; step = step.links[0]?.step) {
    const { kind, gives } = step.use.type;
    if (gives === 'receipts') return null;
    if (kind === 'encrypt') endings.push(kind);
    if (kind === 'compress' && step.use.options['codec'] !== 'none') endings.push(String(step.use.options['codec'] ?? 'zstd'));
  }
  return endings.join(' ');
}

function wrongOrder(step: LinkedStep, earlier: readonly LinkedStep[]): { message: string; hint: string } | null {
  const { kind } = step.use.type;
  const same = earlier.find((other) => other.use.type.kind === kind);
  if (same) return { message: `The data passes two ${kind} steps: ${quote(same.id)} and ${quote(step.id)}.`, hint: `Remove one, or let ${quote(step.id)} take "from" a step before ${quote(same.id)}.` };
  const sealed = kind === 'compress' ? earlier.find((other) => other.use.type.kind === 'encrypt') : undefined;
  return sealed ? { message: `${quote(step.id)} comes after ${quote(sealed.id)}, and encrypted bytes cannot be compressed.`, hint: 'Compress first, then encrypt.' } : null;
}
