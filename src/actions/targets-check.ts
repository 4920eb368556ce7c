/** Puts the contract of a target to a user's own targets, in a place beside the plan's: `bat targets check`. */
import { planEnvironment } from '../plan/environment.ts';
import type { Environment } from '../plan/interpolate.ts';
import type { Plan } from '../plan/plan.ts';
import { checkVariables, chooseTargets } from './plan-targets.ts';
import type { CheckSummary, TellCheck } from './targets-check/report.ts';
import { TargetCheck } from './targets-check/target-check.ts';

export type { CheckEvent, CheckOutlook, CheckResult, CheckSummary, TellCheck } from './targets-check/report.ts';

export interface TargetsCheckOptions {
  plan: Plan;
  /** Ids of the targets; empty for all. */
  only: readonly string[];
  /** The cases that send much, too. */
  full: boolean;
  environment: Environment;
  signal: AbortSignal;
  tell: TellCheck;
}

/**
 * One target after the other. Returns their summaries: what fails is told and not thrown. Throws USAGE and PlanError, and INTERRUPTED
 * once what was stored until then is removed.
 */
export async function checkTargets({ plan, only, full, environment, signal, tell }: TargetsCheckOptions): Promise<CheckSummary[]> {
  const specs = chooseTargets(plan, only);
  await checkVariables(plan, specs, environment);
  const complete = await planEnvironment(plan.folder, environment);
  const summaries: CheckSummary[] = [];
  for (const spec of specs) {
    signal.throwIfAborted();
    summaries.push(await new TargetCheck(spec, { plan, full, environment: complete, signal, tell }).run());
  }
  return summaries;
}
