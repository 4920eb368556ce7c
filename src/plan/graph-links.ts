/** Gives each step its id, and finds the steps that it takes from. */
import { below } from './mistake.ts';
import type { Report } from './mistake.ts';
import type { FromId, HookUse, StepUse } from './step-list.ts';
import { either, nearest, quote } from './words.ts';

export interface LinkedStep {
  id: string;
  use: StepUse;
  links: Link[];
  /** A step that it names is not there, so that nothing can be said of what it takes. */
  broken: boolean;
}

export interface Link {
  step: LinkedStep;
  /** Where the plan names it, or null where it is the step before. */
  pointer: string | null;
}

/** In the order of the plan. Reports ids that are used twice and ids that are not there. */
export function linkSteps(uses: readonly (StepUse | HookUse)[], report: Report): LinkedStep[] {
  const hooks = hookIds(uses, report);
  const ids: Ids = { steps: new Map(), taken: new Set(hooks.keys()), hooks };
  const steps = uses.filter((use) => 'type' in use).map((use) => named(use, ids, report));
  for (const [index, step] of steps.entries()) {
    if (step.use.from) linkWritten(step, step.use.from, ids, report);
    else if (step.use.type.takes.length > 0) step.links.push(...defaultSteps(step, steps.slice(0, index)).map((other) => ({ step: other, pointer: null })));
  }
  return steps;
}

/** `files`, or `files-2` and so on where that is taken already. */
export function freshId(wanted: string, taken: Set<string>): string {
  let id = wanted;
  for (let number = 2; taken.has(id); number++) id = `${wanted}-${number}`;
  taken.add(id);
  return id;
}

interface Ids {
  steps: Map<string, LinkedStep>;
  taken: Set<string>;
  hooks: Map<string, HookUse>;
}

function hookIds(uses: readonly (StepUse | HookUse)[], report: Report): Map<string, HookUse> {
  const ids = new Map<string, HookUse>();
  for (const use of uses) {
    if (!('hook' in use) || use.id === null) continue;
    if (ids.has(use.id)) reportTwice(use, use.id, ids.get(use.id)!.position.line, report);
    else ids.set(use.id, use);
  }
  return ids;
}

function named(use: StepUse, ids: Ids, report: Report): LinkedStep {
  const wanted = use.id ?? use.type.kind;
  const line = (ids.steps.get(wanted)?.use ?? ids.hooks.get(wanted))?.position.line;
  const id = freshId(wanted, ids.taken);
  if (line !== undefined && use.id !== null) reportTwice(use, wanted, line, report);
  else if (line !== undefined) {
    const message = `There is a step ${quote(wanted)} already, in line ${line}, and this one has no id.`;
    report({ pointer: use.pointer, at: 'key', message, expected: 'an id of its own', suggestion: `id: ${id}` });
  }
  const step: LinkedStep = { id, use, links: [], broken: false };
  ids.steps.set(id, step);
  return step;
}

/** Everything stored so far for a step that takes receipts; for any other the step just before it. */
function defaultSteps(step: LinkedStep, before: readonly LinkedStep[]): readonly LinkedStep[] {
  return step.use.type.takes.includes('receipts') ? before.filter((other) => other.use.type.gives === 'receipts') : before.slice(-1);
}

/** An id that is misspelt is taken as the one that was meant, so that the rest can be checked. */
function linkWritten(step: LinkedStep, from: readonly FromId[], ids: Ids, report: Report): void {
  const others = [...ids.steps.keys()].filter((id) => id !== step.id);
  for (const { id, pointer } of from) {
    const suggestion = ids.steps.has(id) ? id : nearest(id, others);
    if (suggestion !== id) {
      const message = ids.hooks.has(id) ? `${quote(id)} runs a program and gives no data.` : `There is no step with the id ${quote(id)}.`;
      report({ pointer, message, expected: either(others.map(quote)), suggestion });
    }
    const other = suggestion === undefined ? undefined : ids.steps.get(suggestion);
    if (other) step.links.push({ step: other, pointer });
    else step.broken = true;
  }
}

function reportTwice(use: StepUse | HookUse, id: string, line: number, report: Report): void {
  report({ pointer: below(use.pointer, 'id'), message: `The id ${quote(id)} is used twice; the first is in line ${line}.`, expected: 'an id of its own' });
}
