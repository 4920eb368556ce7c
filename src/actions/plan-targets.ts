/** The targets of a plan for an action beside a run: a restore, a listing, a check. */
import { BatError } from '../core/errors.ts';
import type { Emit } from '../core/events.ts';
import type { RetryPolicy } from '../core/retry.ts';
import { planEnvironment } from '../plan/environment.ts';
import type { Environment } from '../plan/interpolate.ts';
import { checkPlan, type Plan, type TargetSpec } from '../plan/plan.ts';
import { PlanError } from '../plan/plan-error.ts';
import { registries } from '../plan/registries.ts';
import { resolveSecrets } from '../plan/secrets.ts';
import { nearest } from '../plan/words.ts';
import { makeTarget } from '../runner/make-target.ts';
import type { Target } from '../targets/target.ts';

export interface TargetsOptions {
  plan: Plan;
  /** The id of the only one that is wanted; all of them if it is undefined. */
  only?: string | undefined;
  environment: Environment;
  emit: Emit;
  /** What a call is tried for at the most, whatever the plan allows. */
  patience?: Partial<RetryPolicy>;
}

/** Milliseconds. Somebody waits, and another target may have what is wanted: one that does not answer is soon passed over. */
const connectWithin = 60_000;

/**
 * The targets, in the order of the plan, not connected yet. Only what they need of the plan must be there: on a bare
 * machine the variables and secrets of its steps are not. Throws USAGE, PlanError, SECRET_UNAVAILABLE.
 */
export async function createTargets({ plan, only, environment, emit, patience }: TargetsOptions): Promise<Target[]> {
  const specs = chooseTargets(plan, only === undefined ? [] : [only]);
  await checkVariables(plan, specs, environment);
  const context = { folder: plan.folder, environment: await planEnvironment(plan.folder, environment) };
  const targets: Target[] = [];
  for (const spec of specs) {
    const options = await resolveSecrets(spec.options, spec.type.schema, { ...context, owner: `the target ${spec.id}`, where: () => plan.file });
    targets.push(makeTarget(plan, { ...spec, options }, { emit, keepsHours: false, connectWithin, ...(patience ? { patience } : {}) }));
  }
  return targets;
}

/** Lets go of all of them, also if one of them cannot. */
export async function closeTargets(targets: readonly Target[]): Promise<void> {
  await Promise.allSettled(targets.map((target) => target.close()));
}

/** Those of these ids, in the order of the plan; all if there are none. Throws USAGE for one that the plan does not have. */
export function chooseTargets(plan: Plan, only: readonly string[]): readonly TargetSpec[] {
  if (only.length === 0) return plan.targets;
  const ids = plan.targets.map((target) => target.id);
  for (const id of only) {
    if (ids.includes(id)) continue;
    const meant = nearest(id, ids);
    throw new BatError('USAGE', `The plan ${plan.name} has no target "${id}".`, { hint: `${meant ? `Did you mean "${meant}"? ` : ''}It has: ${ids.join(', ')}.` });
  }
  return plan.targets.filter(({ id }) => only.includes(id));
}

/** The plan was only looked at, so that a variable that is not set was no mistake. For these targets it is one. Throws PlanError. */
export async function checkVariables(plan: Plan, specs: readonly TargetSpec[], environment: Environment): Promise<void> {
  if (plan.warnings.length === 0) return;
  const { mistakes } = await checkPlan(plan.file, { registries, environment, strict: true });
  const concerned = mistakes.filter((mistake) => specs.some(({ id }) => mistake.path === `targets.${id}` || mistake.path.startsWith(`targets.${id}.`)));
  if (concerned.length > 0) throw new PlanError(plan.file, concerned);
}
