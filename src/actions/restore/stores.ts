/** The targets of a restore: which can be reached, what they hold, and which snapshots are wanted of them. */
import { BatError } from '../../core/errors.ts';
import type { Target } from '../../targets/target.ts';
import { chooseSnapshots } from '../store/choose.ts';
import { once, openKeys } from '../store/keys.ts';
import { askTargets, mergeSnapshots } from '../stored.ts';
import type { RestoreOptions } from './contract.ts';
import type { Store } from './load.ts';

/** All targets are asked: the latest snapshot need not be on the first. Throws what the first one says if none can be reached. */
export async function openStores({ targets, keys, trust, emit, signal }: Pick<RestoreOptions, 'targets' | 'keys' | 'trust' | 'emit' | 'signal'>): Promise<Store[]> {
  if (targets.length === 0) throw new BatError('USAGE', 'There is no target to restore from.', { hint: 'Name one that the plan has.' });
  const passphrase = keys.passphrase && once(keys.passphrase);
  const holders = await askTargets(targets, emit, signal, trust);
  return holders.map(({ target, stored }) => {
    const openRing = once(() => openKeys(target, { identities: keys.identities, passphrase }, signal));
    return { number: targets.indexOf(target), target, stored, keys: openRing, isGone: false };
  });
}

export interface WantedSnapshot {
  /** In the list. */
  number: number;
  id: string;
  source: string;
  holders: readonly Store[];
}

export function chooseWanted(stores: readonly Store[], { snapshot, sources, targets }: Pick<RestoreOptions, 'snapshot' | 'sources' | 'targets'>): WantedSnapshot[] {
  const chosen = orExplain(stores, targets, () => chooseSnapshots(mergeSnapshots(stores), { snapshot, sources }));
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
