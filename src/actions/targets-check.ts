/** Puts the contract of a target to a user's own targets, in a place beside the plan's: `bat targets check`. */
import { Stores } from '../catalog/stores.ts';
import { planEnvironment } from '../plan/environment.ts';
import type { Environment } from '../plan/interpolate.ts';
import type { Plan } from '../plan/plan.ts';
import { openLocalCatalog, unlessDamaged } from './local-catalog.ts';
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
  const known = knownStores(plan, environment);
  const summaries: CheckSummary[] = [];
  for (const spec of specs) {
    signal.throwIfAborted();
    summaries.push(await new TargetCheck(spec, { plan, full, store: known(spec.id), environment: complete, signal, tell }).run());
  }
  return summaries;
}

/** By id: the store that the catalog of this machine knows a target as; null where there is none. */
export function knownStores(plan: Plan, environment: Environment): (target: string) => string | null {
  const catalog = unlessDamaged(() => {}, () => openLocalCatalog(plan, environment));
  if (!catalog) return () => null;
  try {
    const stores = new Stores(catalog);
    const known = new Map(plan.targets.map(({ id }) => [id, stores.storeOf(id)]));
    return (id) => known.get(id) ?? null;
  } finally {
    catalog.close();
  }
}
