/** What a plan may name: every step, hook and target that bat has. */
import { hookTypes, stepTypes } from '../steps/index.ts';
import { targetTypes } from '../targets/index.ts';
import type { Registries } from './kinds.ts';

export const registries: Registries = { steps: stepTypes, hooks: hookTypes, targets: targetTypes };
