/** What each target holds by storage class, and what that costs where its prices are known. */
import { holdingsByClass, manifestHoldings, type ClassHolding } from '../../catalog/growth.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { BatError } from '../../core/errors.ts';
import type { Plan } from '../../plan/plan.ts';
import { costOfStorage, type Prices } from '../../targets/prices.ts';
import { targetAsPlanned } from '../targets.ts';

export interface StoredOnTarget extends ClassHolding {
  /** Volumes and files, or the manifests, which are never cold. */
  kind: 'volumes' | 'manifests';
  /** Money for a month; null where the prices do not say. */
  monthly: number | null;
  prices: { currency: string; asOf: string; region: string; source: string } | null;
}

/** In the order of the plan; then the targets that it has no more. */
export async function storedOnTargets(catalog: Catalog, plan: Plan, sources: readonly string[], environment: NodeJS.ProcessEnv): Promise<StoredOnTarget[]> {
  const volumes = holdingsByClass(catalog, sources).map((holding) => Object.assign(holding, { kind: 'volumes' as const }));
  const manifests = manifestHoldings(catalog, sources).map((holding) => Object.assign(holding, { kind: 'manifests' as const, storageClass: null }));
  const planned = plan.targets.map(({ id }) => id);
  const others = [...volumes, ...manifests].map(({ target }) => target).filter((target) => !planned.includes(target));
  const shown: StoredOnTarget[] = [];
  for (const target of new Set([...planned, ...others])) {
    const prices = await pricesOf(plan, target, environment);
    for (const holding of [...volumes, ...manifests].filter((one) => one.target === target)) shown.push({ ...holding, ...priced(prices, holding) });
  }
  return shown;
}

function priced(prices: Prices | null, { storageClass, objects, bytes }: ClassHolding): Pick<StoredOnTarget, 'monthly' | 'prices'> {
  if (!prices) return { monthly: null, prices: null };
  const { currency, 'as-of': asOf, region, source } = prices.list;
  return { monthly: costOfStorage(prices, { storageClass: storageClass ?? prices.standardClass, objects, bytes }), prices: { currency, asOf, region, source } };
}

/** Null also where the plan lacks something that the target needs: what it holds is known all the same. */
async function pricesOf(plan: Plan, id: string, environment: NodeJS.ProcessEnv): Promise<Prices | null> {
  const spec = plan.targets.find((target) => target.id === id);
  if (!spec) return null;
  try {
    return (await targetAsPlanned(plan, spec, environment)).prices ?? null;
  } catch (error) {
    if (error instanceof BatError) return null;
    throw error;
  }
}
