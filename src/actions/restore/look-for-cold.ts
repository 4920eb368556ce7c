/** Asks a target which of the wanted volumes can be read now. */
import type { RestoreList } from '../../catalog/restore-list.ts';
import { BatError } from '../../core/errors.ts';
import { inParallel } from '../../core/in-parallel.ts';
import type { Store } from './load.ts';
import type { Report } from './report.ts';
import { objectCodes } from './blame.ts';

/**
 * Notes in the list what each wanted volume of the store is that was not asked about yet. Only volumes are asked about whose
 * receipts name a cold class or are missing, so that a restore of what is hot is not delayed. True if something cannot be read.
 */
export async function lookForCold(list: RestoreList, store: Store, report: Report, signal: AbortSignal): Promise<boolean> {
  const { coldStorage, capabilities } = store.target;
  if (!coldStorage) return false;
  await inParallel(list.volumes.inState(store.number, null), capabilities.parallel, async ({ id, name, storageClass }) => {
    if (store.isGone) return;
    if (storageClass !== null && !coldStorage.isCold(storageClass)) return list.volumes.setThaw(id, 'readable');
    try {
      const state = await coldStorage.state(name, signal);
      list.volumes.setThaw(id, state.is, state.is === 'readable' ? undefined : state.storageClass);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof BatError)) throw error;
      // What is wrong with it is told when it is read.
      if (objectCodes.has(error.code)) return list.volumes.setThaw(id, 'readable');
      if (!store.isGone) report.targetFailed(store.target.id, error);
      store.isGone = true;
    }
  });
  return !store.isGone && list.volumes.unreadable(store.number).length > 0;
}
