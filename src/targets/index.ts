/** Every kind of target that a plan may name. A new kind is added here and nowhere else. */
import { fileTarget } from './file.ts';
import type { TargetType } from './target.ts';

/** Each with options of its own: hand `create` those that its schema has passed. */
export const targetTypes: readonly TargetType<never>[] = [fileTarget] satisfies readonly TargetType<never>[];
