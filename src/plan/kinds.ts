/** What a plan may name. Everything in this folder gets it as a parameter; registries.ts holds the real one. */
import type { HookType, StepType } from '../steps/step.ts';
import type { TargetType } from '../targets/target.ts';

export interface Registries {
  steps: readonly StepType[];
  hooks: readonly HookType[];
  targets: readonly TargetType<unknown>[];
}

/** The step that makes an object of each file where a plan has no tar. The graph puts it in; no plan writes it. */
export const implicitKind = 'files';

/** The steps a plan may write. */
export function writableSteps(registries: Registries): StepType[] {
  return registries.steps.filter((step) => step.kind !== implicitKind);
}
