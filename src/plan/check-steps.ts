/** The steps of a plan: their options, and what each step itself has to say about them. */
import type { HookType, StepType } from '../steps/step.ts';
import { checkByPart, hasUnknown } from './check-by-part.ts';
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
    const findings = step.hollow ? [] : check.part({ pointer: step.pointer, name: `the step ${step.kind}` }, schema, step.options);
    checkSecrets(schema, step.options, step.pointer, loaded, check);
    clear &&= !findings.some((finding) => isAboutLinks(finding, step.pointer)) && !['id', 'from'].some((key) => hasUnknown(loaded, below(step.pointer, key)));
    const use = readUse(step, type, hook, loaded);
    uses.push(use);
    if (hook) checkCommand(step.options, step.pointer, check.report);
    if ('type' in use && findings.length === 0) await checkByPart(() => use.type.check?.(use.options), use.options, use.pointer, loaded, check);
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

function isAboutLinks(finding: Finding, pointer: string): boolean {
  const places = ['id', 'from'].map((key) => below(pointer, key));
  return places.some((place) => finding.pointer === place || finding.pointer.startsWith(`${place}/`)) || finding.suggestion === 'id' || finding.suggestion === 'from';
}

function positionOf(loaded: Loaded, pointer: string): { line: number; column: number } {
  const { line, column } = loaded.locate({ pointer, at: 'key', message: '' });
  return { line, column };
}
