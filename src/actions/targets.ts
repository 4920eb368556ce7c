/** The targets of a plan, as the plan has them: nothing is asked of them, and no secret is fetched. */
import { Checks, type LastVerify } from '../catalog/checks.ts';
import type { Emit } from '../core/events.ts';
import type { Plan, TargetSpec } from '../plan/plan.ts';
import { secretPaths } from '../plan/secret-schema.ts';
import { isMap } from '../plan/words.ts';
import { makeTarget } from '../runner/make-target.ts';
import type { Target } from '../targets/target.ts';
import type { Environment } from '../plan/interpolate.ts';
import { openLocalCatalog, unlessDamaged } from './local-catalog.ts';
import { checkVariables } from './plan-targets.ts';

export interface TargetRow {
  id: string;
  type: string;
  location: string;
  /** Ids of the upload steps that store there: none, if the plan does not use it. */
  uploads: string[];
  /** What the last verify of it came to; null if there was none, or this machine has no catalog. */
  verified: LastVerify | null;
}

/** In the order of the plan. Throws PlanError if a variable that a target needs is not set. */
export async function listTargets(plan: Plan, environment: NodeJS.ProcessEnv, emit: Emit): Promise<TargetRow[]> {
  await checkVariables(plan, plan.targets, environment);
  const verified = unlessDamaged(emit, () => lastVerified(plan, environment)) ?? new Map<string, LastVerify | null>();
  return plan.targets.map((spec) => {
    const uploads = plan.graph.nodes.filter(({ type, options }) => type.gives === 'receipts' && [options['to']].flat().includes(spec.id)).map(({ id }) => id);
    const { location } = makeTarget(plan, { ...spec, options: withoutSecrets(spec) }, { emit: () => {}, keepsHours: false });
    return { id: spec.id, type: spec.type.type, location, uploads, verified: verified.get(spec.id) ?? null };
  });
}

/** As the plan has it, for what can be told without asking it: no secret is fetched. Throws PlanError if a variable that it needs is not set. */
export async function targetAsPlanned(plan: Plan, spec: TargetSpec, environment: Environment): Promise<Target> {
  await checkVariables(plan, [spec], environment);
  return makeTarget(plan, { ...spec, options: withoutSecrets(spec) }, { emit: () => {}, keepsHours: false });
}

function lastVerified(plan: Plan, environment: NodeJS.ProcessEnv): Map<string, LastVerify | null> {
  const catalog = openLocalCatalog(plan, environment);
  if (!catalog) return new Map();
  try {
    const checks = new Checks(catalog);
    return new Map(plan.targets.map(({ id }) => [id, checks.last(id)]));
  } finally {
    catalog.close();
  }
}

/** No place depends on a secret; a word stands in for each. */
function withoutSecrets({ options, type }: TargetSpec): Record<string, unknown> {
  const copy = structuredClone(options);
  for (const path of secretPaths(type.schema)) {
    const holder = path.slice(0, -1).reduce<unknown>((value, key) => (isMap(value) ? value[key] : undefined), copy);
    if (isMap(holder) && isMap(holder[path.at(-1)!])) holder[path.at(-1)!] = 'not fetched';
  }
  return copy;
}
