/** The sources of a plan that a command is about. */
import { BatError } from '../core/errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { Source } from '../steps/source.ts';

/** `ids` empty: all of them. Throws USAGE for one that the plan does not have. */
export function chooseSources(plan: Plan, ids: readonly string[]): readonly Source[] {
  for (const id of ids) {
    if (plan.sources.some((source) => source.id === id)) continue;
    throw new BatError('USAGE', `The plan ${plan.name} has no source "${id}".`, { hint: `It has: ${plan.sources.map((source) => source.id).join(', ')}.` });
  }
  return ids.length === 0 ? plan.sources : plan.sources.filter((source) => ids.includes(source.id));
}
