/**
 * Signed lists of other catalogs that name manifests which this one removes. A catalog that was lost never writes its list again: left as it is, that would
 * say for ever that something is missing.
 */
import { dirname } from 'node:path';
import { Manifests } from '../../catalog/manifests.ts';
import { Stores } from '../../catalog/stores.ts';
import { BatError } from '../../core/errors.ts';
import { signerOf } from '../../steps/shared/signing-key.ts';
import type { Target } from '../../targets/target.ts';
import { signedListName } from '../../volume/signed-list.ts';
import { pinnedOn, Pins } from '../pins.ts';
import { readSignedLists } from '../read-signed-lists.ts';
import type { Session } from '../session.ts';

/**
 * Called once this catalog's own list is written, and before the manifests in `without` go. Removes only lists of which all else is in that of this
 * catalog: one that names anything that nobody knows of goes on saying so. A catalog that is alive writes its own anew.
 */
export async function removeOutlivedLists({ catalog, signal }: Pick<Session, 'catalog' | 'signal'>, target: Target, without: ReadonlySet<string>): Promise<void> {
  const store = new Stores(catalog).storeOf(target.id);
  if (store === null) return;
  const own = signerOf(catalog).publicKey;
  const kept = new Set(new Manifests(catalog).on(target.id).map(({ name }) => name));
  for (const list of await genuineLists(target, signal)) {
    const names = list.manifests.map(({ name }) => name);
    if (list.signer === own || list.store !== store || !names.some((name) => without.has(name))) continue;
    if (!names.every((name) => without.has(name) || kept.has(name))) continue;
    await target.remove(signedListName(list.signer), signal);
    new Pins(dirname(catalog.file)).update((state) => void delete pinnedOn(state, target.id, store)[list.signer]);
  }
}

/** None where one is not by who should have written it: that is for readers to name. */
async function genuineLists(target: Target, signal: AbortSignal): ReturnType<typeof readSignedLists> {
  try {
    return await readSignedLists(target, signal);
  } catch (error) {
    if (error instanceof BatError && error.code === 'MANIFEST_FORGED') return [];
    throw error;
  }
}
