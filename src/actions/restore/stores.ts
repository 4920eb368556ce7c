/** The targets of a restore: which can be reached, what they hold, and which snapshots are wanted of them. */
import { BatError } from '../../core/errors.ts';
import type { Target } from '../../targets/target.ts';
import { chooseSnapshots } from '../store/choose.ts';
import { once, openKeys } from '../store/keys.ts';
import { listSnapshots, type StoredSnapshot } from '../store/list.ts';
import type { RestoreOptions } from './contract.ts';
import type { Store } from './load.ts';
import type { Report } from './report.ts';

/**
 * All targets are asked, at the same time: the latest snapshot need not be on the first. Throws what the first one says if
 * none can be reached.
 */
export async function openStores({ targets, keys, signal }: RestoreOptions, report: Report): Promise<Store[]> {
  const passphrase = keys.passphrase && once(keys.passphrase);
  const outcomes = await Promise.allSettled(
    targets.map(async (target, number): Promise<Store> => {
      await target.connect({ create: false, signal });
      const stored = await listSnapshots(target, signal);
      return { number, target, stored, keys: once(() => openKeys(target, { ...keys, passphrase }, signal)), isGone: false };
    }),
  );
  signal.throwIfAborted();
  const stores: Store[] = [];
  const failures: unknown[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') {
      stores.push(outcome.value);
      continue;
    }
    if (!(outcome.reason instanceof BatError)) throw outcome.reason;
    failures.push(outcome.reason);
    report.targetFailed(targets[index]!.id, outcome.reason);
  }
  if (stores.length > 0) return stores;
  throw failures[0] ?? new BatError('USAGE', 'There is no target to restore from.', { hint: 'Name one that the plan has.' });
}

export interface WantedSnapshot {
  /** In the list. */
  number: number;
  id: string;
  source: string;
  holders: readonly Store[];
}

export function chooseWanted(stores: readonly Store[], { snapshot, sources, targets }: RestoreOptions): WantedSnapshot[] {
  const byId = new Map<string, StoredSnapshot>(stores.flatMap(({ stored }) => stored.map((found) => [found.id, found])));
  const all = [...byId.values()].sort((a, b) => a.time.getTime() - b.time.getTime() || (a.id < b.id ? -1 : 1));
  const chosen = orExplain(stores, targets, () => chooseSnapshots(all, { snapshot, sources }));
  return chosen.map(({ id, source }, number) => ({ number, id, source, holders: stores.filter(({ stored }) => stored.some((found) => found.id === id)) }));
}

/** What is not on the targets that answered may be on one that did not. */
function orExplain<T>(stores: readonly Store[], targets: readonly Target[], action: () => T): T {
  try {
    return action();
  } catch (error) {
    const silent = targets.filter((target) => !stores.some((store) => store.target === target)).map(({ id }) => id);
    if (!(error instanceof BatError) || silent.length === 0) throw error;
    throw new BatError(error.code, `${error.message} ${silent.join(', ')} could not be asked.`, { cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }) });
  }
}
