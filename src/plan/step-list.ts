/** The steps as a plan writes them, bare words and one-key maps alike, brought to one form. */
import type { HookType, StepType } from '../steps/step.ts';
import { writableSteps } from './kinds.ts';
import type { Registries } from './kinds.ts';
import type { PartChecker } from './check-part.ts';
import { below } from './mistake.ts';
import type { Position, Report } from './mistake.ts';
import { either, isMap, nearest, quote, valueWords } from './words.ts';

/** One use of a step in a plan. */
export interface StepUse {
  type: StepType;
  /** Without `id` and `from`. */
  options: Record<string, unknown>;
  /** As the plan gives it. */
  id: string | null;
  from: readonly FromId[] | null;
  /** Of the step's options. */
  pointer: string;
  position: Position;
}

/** An id in `from`, and where it stands. */
export interface FromId {
  id: string;
  pointer: string;
}

/** One use of a hook, at its place among the steps. */
export interface HookUse {
  hook: HookType;
  options: Record<string, unknown>;
  id: string | null;
  pointer: string;
  position: Position;
}

/** A step whose kind is known and whose options are not checked yet. */
export interface WrittenStep {
  kind: string;
  pointer: string;
  options: Record<string, unknown>;
  /** The options are no map, which is reported; there is nothing more to say about them. */
  hollow?: true;
}

/** Leaves out what is no step at all, and reports it. A kind that is misspelt is taken as the one that was meant, so that the rest can be checked. */
export function readSteps(steps: readonly unknown[], registries: Registries, { report, isUnknown }: PartChecker): WrittenStep[] {
  const kinds = [...writableSteps(registries), ...registries.hooks].map((type) => type.kind);
  return steps.flatMap((step, index) => {
    const written = isUnknown(below('/steps', index)) ? null : readStep(step, below('/steps', index), kinds, report);
    if (!written) return [];
    if (kinds.includes(written.kind)) return written;
    const suggestion = nearest(written.kind, kinds);
    report({ pointer: written.pointer, at: 'key', message: `There is no step ${quote(written.kind)}.`, expected: either(kinds), suggestion });
    return suggestion === undefined ? [] : { ...written, kind: suggestion };
  });
}

function readStep(step: unknown, pointer: string, kinds: readonly string[], report: Report): WrittenStep | null {
  if (typeof step === 'string') return { kind: step, pointer, options: {} };
  if (!isMap(step)) {
    report({ pointer, message: `Step ${Number(pointer.slice('/steps/'.length)) + 1} is ${valueWords(step)}.`, expected: 'a word such as tar, or one with its options such as tar: { volume: 128MiB }' });
    return null;
  }
  const [kind, ...others] = Object.keys(step);
  if (kind === undefined || others.length > 0) {
    const known = others.filter((other) => kinds.includes(other));
    const hint = known.length > 0 ? 'Start each step with a "-" of its own.' : `Indent the options of a step further than its name${kind === undefined ? '' : `: ${quote(others[0]!)} stands beside ${quote(kind)}`}.`;
    report({ pointer, message: kind === undefined ? 'This step is empty.' : `A step has one name, and this one has ${either([kind, ...others].map(quote), 'and')}.`, hint });
    return null;
  }
  const options = step[kind] ?? {};
  if (isMap(options)) return { kind, pointer: below(pointer, kind), options };
  report({ pointer: below(pointer, kind), message: `The step ${kind} has ${valueWords(options)} for options.`, expected: 'a map of options, or nothing' });
  return { kind, pointer: below(pointer, kind), options: {}, hollow: true };
}
