/** What is known of the targets of a plan that no upload stores to: which of them copies have filled, by the catalog of this machine. */
import { Stores } from '../catalog/stores.ts';
import { copyTargets, unstoredWarning } from '../plan/copy-targets.ts';
import type { Mistake } from '../plan/mistake.ts';
import type { Plan } from '../plan/plan.ts';
import { openLocalCatalog, unlessDamaged } from './local-catalog.ts';

/** The warnings of a plan but for that no upload stores to a target which copies have filled: whoever fills it knows. */
export function warningsFor(plan: Plan, environment: NodeJS.ProcessEnv): readonly Mistake[] {
  if (plan.warnings.length === 0) return [];
  const filled = new Set(listFilled(plan, environment).map((id) => `targets.${id}`));
  return plan.warnings.filter(({ path, message }) => !(filled.has(path) && message.startsWith(unstoredWarning)));
}

/** Ids; none where there is no catalog, or it is damaged: who needs it says so. */
function listFilled(plan: Plan, environment: NodeJS.ProcessEnv): string[] {
  const unfilled = copyTargets(plan).map(({ id }) => id);
  if (unfilled.length === 0) return [];
  const catalog = unlessDamaged(() => {}, () => openLocalCatalog(plan, environment));
  if (!catalog) return [];
  try {
    const stores = new Stores(catalog);
    return unfilled.filter((id) => stores.storeOf(id) !== null);
  } finally {
    catalog.close();
  }
}
