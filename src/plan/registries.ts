/** What a plan may name, for real: every kind of step and target that bat has. */
import { hookTypes, stepTypes } from '../steps/index.ts';
import { targetTypes } from '../targets/index.ts';
import type { Registries } from './kinds.ts';

// The options of a step or target have passed its own schema before they reach it; that is what makes this cast true.
export const registries = { steps: stepTypes, hooks: hookTypes, targets: targetTypes } as unknown as Registries;
