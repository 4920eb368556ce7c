/** What a run would cost on a target, and what it would cost to restore everything from there afterwards. */
import { thawTiers, usualThawDays, type ThawTier } from '../../targets/cold-storage.ts';
import { costOfReading, costOfStorage, costOfUploads, type Holding } from '../../targets/prices.ts';
import type { Target } from '../../targets/target.ts';

/** Money in `currency`; null where the prices do not say. */
export interface TargetCosts {
  currency: string;
  asOf: string;
  region: string;
  source: string;
  /** A month, for what is there now. */
  storedMonthly: number | null;
  /** A month, for what the run would add, at most: as if nothing could be compressed. */
  addedMonthly: number | null;
  /** Once, for the requests of the run, at most. */
  uploads: number | null;
  /** What the run stores is paid for so long, whenever it is removed. */
  minimumDays: number;
  /** Everything that would be there then; the cheapest way first. */
  restores: RestoreCost[];
}

export interface RestoreCost {
  /** Null if all of it is read at once. */
  tier: ThawTier | null;
  /** Milliseconds until the first byte can be read. */
  least: number;
  most: number;
  cost: number | null;
}

/** Null for a target that knows no prices. `held`: what it has, by class; null for the one that it stores by default. */
export function costsOf(target: Target, held: readonly (Omit<Holding, 'storageClass'> & { storageClass: string | null })[], added: { objects: number; bytes: number }): TargetCosts | null {
  const { prices, capabilities } = target;
  if (!prices) return null;
  const { list, standardClass, volumeClass } = prices;
  const stored = held.map((holding): Holding => ({ ...holding, storageClass: holding.storageClass ?? standardClass }));
  const fresh: Holding = { storageClass: volumeClass, ...added };
  // The beginning of each upload is a request, too, and its last part may be a short one.
  const parts = Math.ceil(added.bytes / capabilities.partSize) + 2 * added.objects;
  return {
    currency: list.currency,
    asOf: list['as-of'],
    region: list.region,
    source: list.source,
    storedMonthly: sum(stored.map((holding) => costOfStorage(prices, holding))),
    addedMonthly: costOfStorage(prices, fresh),
    uploads: costOfUploads(prices, { objects: added.objects, parts }),
    minimumDays: list.classes[volumeClass]?.['minimum-days'] ?? 0,
    restores: restoreCosts(target, [...stored, ...(added.objects > 0 ? [fresh] : [])]),
  };
}

function restoreCosts({ prices, coldStorage }: Target, holdings: readonly Holding[]): RestoreCost[] {
  const isCold = (storageClass: string): boolean => coldStorage?.isCold(storageClass) ?? false;
  const download = holdings.reduce((total, { bytes }) => total + bytes, 0);
  const cost = (tier: ThawTier | null): number | null => costOfReading(prices!, { holdings, download, tier, days: usualThawDays, isCold });
  const times = [...new Set(holdings.map(({ storageClass }) => storageClass))].filter(isCold).map((storageClass) => coldStorage!.tiers(storageClass));
  if (times.length === 0) return [{ tier: null, least: 0, most: 0, cost: cost(null) }];
  return thawTiers.flatMap((tier) => {
    const each = times.flatMap((offered) => offered.filter((time) => time.tier === tier));
    if (each.length < times.length) return [];
    return [{ tier, least: Math.max(...each.map(({ least }) => least)), most: Math.max(...each.map(({ most }) => most)), cost: cost(tier) }];
  });
}

function sum(costs: readonly (number | null)[]): number | null {
  return costs.reduce((total, cost) => (total === null || cost === null ? null : total + cost), 0);
}
