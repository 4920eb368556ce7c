/** What bringing everything back would take, by a restore that only counts. */
import { BatError } from '../../core/errors.ts';
import { costOfReading } from '../../targets/prices.ts';
import type { Target } from '../../targets/target.ts';
import { restore, RestoreIncomplete, type RestoreSummary } from '../restore.ts';
import type { TrustingOptions, FullRestore } from './contract.ts';
import { restoreAround } from './restore-around.ts';

/** `rate`: bytes a millisecond. Null if not even that can be found out. */
export async function estimateFull(options: TrustingOptions, target: Target, rate: number): Promise<FullRestore | null> {
  const summary = await count(options, target);
  if (!summary) return null;
  const { files, bytes, fetched, objects, cold } = summary;
  const { prices } = target;
  const isCold = (storageClass: string): boolean => target.coldStorage?.isCold(storageClass) ?? false;
  const [offer] = cold;
  // What is read at once; the offer counts the rest with its download.
  const warm = Math.max(0, fetched - (offer?.bytes ?? 0));
  const holdings = prices ? [{ storageClass: prices.standardClass, objects: Math.max(0, objects - (offer?.objects ?? 0)), bytes: warm }] : [];
  const atOnce = prices ? costOfReading(prices, { holdings, download: warm, tier: null, days: 0, isCold }) : null;
  const tiers = offer?.tiers.map(({ tier, most, cost }) => ({ tier, ready: most, cost: cost === null || atOnce === null ? null : cost + atOnce }));
  return {
    files,
    bytes,
    fetched,
    duration: rate > 0 ? fetched / rate : null,
    prices: prices || offer ? (tiers ?? [{ tier: null, ready: 0, cost: atOnce }]) : [],
    currency: prices?.list.currency ?? null,
    asOf: prices?.list['as-of'] ?? null,
  };
}

async function count(options: TrustingOptions, target: Target): Promise<RestoreSummary | null> {
  const destination = { kind: 'folder', path: options.scratch, perSource: true } as const;
  try {
    return await restore({ ...restoreAround(options, target), snapshot: 'latest', patterns: [], destination, dryRun: true, emit: () => {} });
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof RestoreIncomplete) return error.result;
    // What is wrong has been told where it was tried.
    if (error instanceof BatError) return null;
    throw error;
  }
}
