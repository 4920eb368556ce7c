/** The signed list on a target: there, by this catalog's key, and the last one that was written. */
import { dirname } from 'node:path';
import type { Catalog } from '../../catalog/catalog.ts';
import { Manifests } from '../../catalog/manifests.ts';
import { Stores } from '../../catalog/stores.ts';
import { BatError } from '../../core/errors.ts';
import { Pins, seenOf } from '../../runner/pins.ts';
import { readSignedList } from '../../runner/read-signed-lists.ts';
import type { Target } from '../../targets/target.ts';
import { signedListName } from '../../volume/signed-list.ts';
import type { Finding } from './contract.ts';

/** `signer`: the public key of this catalog. Null if nothing is wrong, or none was ever written there. */
export async function wrongWithList(catalog: Catalog, target: Target, signer: string, signal: AbortSignal): Promise<Pick<Finding, 'kind' | 'name' | 'problem' | 'message'> | null> {
  const found = (problem: Finding['problem'], message: string): ReturnType<typeof wrongWithList> => Promise.resolve({ kind: 'list', name: signedListName(signer), problem, message });
  const store = new Stores(catalog).storeOf(target.id);
  const seen = store === null ? undefined : seenOf(new Pins(dirname(catalog.file)).state, target.id, store)[signer];
  try {
    const list = await readSignedList(target, signer, signal);
    if (list === null) return seen && new Manifests(catalog).on(target.id).some(({ serial }) => serial !== null) ? await found('missing', 'is not there') : null;
    return seen && list.serial < seen.list ? await found('rolled-back', 'was rolled back: an older one was put there') : null;
  } catch (error) {
    if (error instanceof BatError && error.code === 'MANIFEST_FORGED') return found('forged', 'is forged or damaged: it does not bear the signature of this machine');
    throw error;
  }
}
