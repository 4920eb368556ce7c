/** Every kind of step that a plan may name. A new kind is added here and nowhere else. */
import { compressStep } from './compress.ts';
import { encryptStep } from './encrypt.ts';
import { filesStep } from './files.ts';
import { recordStep } from './record.ts';
import { runHook } from './run.ts';
import { selectStep } from './select.ts';
import type { HookType, StepType } from './step.ts';
import { tarStep } from './tar.ts';
import { uploadStep } from './upload.ts';

export const stepTypes: readonly StepType<never>[] = [selectStep, tarStep, filesStep, compressStep, encryptStep, uploadStep, recordStep];

export const hookTypes: readonly HookType<never>[] = [runHook];
