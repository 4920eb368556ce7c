/** The steps of a plan: their options, and what each step itself has to say about them. */
import { BatError } from '../core/errors.ts';
import { redact } from '../core/secrets.ts';
import type { HookType, StepType } from '../steps/step.ts';
import { checkCommand } from './check-command.ts';
import type { PartChecker } from './check-part.ts';
import { checkSecrets } from './check-secrets.ts';
import type { Registries } from './kinds.ts';
import type { Loaded } from './load.ts';
import { below } from './mistake.ts';
import type { Finding } from './mistake.ts';
import { hookSchema, stepSchema } from './part-schemas.ts';
import { readSteps } from './step-list.ts';
import type { FromId, HookUse, StepUse, WrittenStep } from './step-list.ts';
import { isMap } from './words.ts';

export interface CheckedSteps {
  uses: (StepUse | HookUse)[];
  /** The kind, id and input of every step are known, so that the graph can be judged. */
  clear: boolean;
}

export async function checkSteps(steps: readonly unknown[], registries: Registries, loaded: Loaded, check: PartChecker): Promise<CheckedSteps> {
  const written = readSteps(steps, registries, check);
  const uses: (StepUse | HookUse)[] = [];
  let clear = written.length === steps.length;
  for (const step of written) {
    const type = registries.steps.find((candidate) => candidate.kind === step.kind);
    const hook = registries.hooks.find((candidate) => candidate.kind === step.kind);
    const schema = type ? stepSchema(type) : hookSchema(hook!);
    const findings = step.hollow ? [] : await check.part({ pointer: step.pointer, name: `the step ${step.kind}` }, schema, step.options);
    checkSecrets(schema, step.options, step.pointer, loaded, check);
    clear &&= !findings.some((finding) => isAboutLinks(finding, step.pointer)) && !['id', 'from'].some((key) => hasUnknown(loaded, below(step.pointer, key)));
    const use = readUse(step, type, hook, loaded);
    uses.push(use);
    if (hook) checkCommand(step.options, step.pointer, check.report);
    if ('type' in use && findings.length === 0 && !hasUnknown(loaded, step.pointer)) checkByStep(use, loaded, check);
  }
  return { uses, clear };
}

function readUse(step: WrittenStep, type: StepType | undefined, hook: HookType | undefined, loaded: Loaded): StepUse | HookUse {
  const { id, from, ...options } = step.options;
  const position = positionOf(loaded, step.pointer);
  const common = { options, id: typeof id === 'string' ? id : null, pointer: step.pointer, position };
  return type ? { type, from: readFrom(from, below(step.pointer, 'from')), ...common } : { hook: hook!, ...common };
}

function readFrom(from: unknown, pointer: string): FromId[] | null {
  if (typeof from === 'string') return [{ id: from, pointer }];
  return Array.isArray(from) ? from.map((id, index) => ({ id: String(id), pointer: below(pointer, index) })) : null;
}

/** What the schema cannot say. The subject of the step's error is the option or the value; with one option there is no doubt. */
function checkByStep(use: StepUse, loaded: Loaded, check: PartChecker): void {
  try {
    use.type.check?.(use.options);
  } catch (error) {
    if (!(error instanceof BatError)) throw error;
    const [only, ...others] = Object.keys(use.options);
    const pointer = subjectPointer(use.options, use.pointer, error.subject) ?? below(use.pointer, ...(only !== undefined && others.length === 0 ? [only] : []));
    const said = (sentence: string): string => redact(loaded.conceal(use.pointer, sentence));
    check.report({ pointer, message: said(error.message), hint: error.hint === undefined ? undefined : said(error.hint) });
  }
}

function subjectPointer(value: unknown, pointer: string, subject: string | undefined): string | null {
  if (subject === undefined) return null;
  if (value === subject) return pointer;
  if (isMap(value) && Object.hasOwn(value, subject)) return below(pointer, subject);
  const parts = isMap(value) || Array.isArray(value) ? Object.entries(value) : [];
  return parts.map(([key, part]) => subjectPointer(part, below(pointer, key), subject)).find((found) => found !== null) ?? null;
}

function isAboutLinks(finding: Finding, pointer: string): boolean {
  const places = ['id', 'from'].map((key) => below(pointer, key));
  return places.some((place) => finding.pointer === place || finding.pointer.startsWith(`${place}/`)) || finding.suggestion === 'id' || finding.suggestion === 'from';
}

function hasUnknown(loaded: Loaded, pointer: string): boolean {
  return [...loaded.spots].some(([place, spot]) => spot.unknown === true && (place === pointer || place.startsWith(`${pointer}/`)));
}

function positionOf(loaded: Loaded, pointer: string): { line: number; column: number } {
  const { line, column } = loaded.locate({ pointer, at: 'key', message: '' });
  return { line, column };
}
