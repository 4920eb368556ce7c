/**
 * Who takes the place of whom: a catalog that knows all that another signer keeps on a target says so in its own signed list, and readers hold the
 * target against that one instead. Else the list of a machine that is gone would name for ever what its successor has removed.
 */
import type { Catalog } from '../catalog/catalog.ts';
import { Forgetting } from '../catalog/forgetting.ts';
import { Manifests } from '../catalog/manifests.ts';
import { Snapshots } from '../catalog/snapshots.ts';
import { Stores } from '../catalog/stores.ts';
import { publicKeyOf, raiseSerial } from '../steps/shared/signing-key.ts';
import { parseManifestName } from '../volume/names.ts';
import type { SignedList } from '../volume/signed-list.ts';

export interface Place {
  catalog: Catalog;
  /** The id of the target. */
  target: string;
  /** The id of the store. */
  store: string;
}

/** Of a target that was held against the lists, whose signers are trusted: then it is believed, too, whom they succeed themselves. */
export interface Judged {
  /** Names that are not there, which is no cause for doubt. */
  isGone: (name: string) => boolean;
  /** The highest serials of manifests that were read there, by signer: a run that was killed wrote no list. */
  signed: ReadonlyMap<string, number>;
}

/**
 * Notes of which signers the catalog knows all that they keep on a target. Returns the lists of those of which it did before, and does not any
 * more: they have written there since. The caller flushes.
 */
export function takePlaces({ catalog, target, store }: Place, lists: readonly SignedList[], judged: Judged | null): SignedList[] {
  const stores = new Stores(catalog);
  const own = publicKeyOf(catalog);
  const read = stores.readSigners(target, store);
  const take = (signer: string, serial: number): void => {
    // Its own may be unknown, too, to a catalog that was made anew.
    raiseSerial(catalog, serial);
    if (signer !== own) read.set(signer, Math.max(read.get(signer) ?? 0, serial));
  };
  const isKnown = knownNames(catalog, target);
  const comeTo = new Map(lists.filter((list) => list.store === store).map(({ signer, serial }) => [signer, Math.max(serial, judged?.signed.get(signer) ?? 0)]));
  const unknown = new Set<string>();
  const ahead: SignedList[] = [];
  for (const list of lists) {
    if (list.store !== store || (list.signer !== own && list.serial <= (read.get(list.signer) ?? -1))) continue;
    if (list.manifests.every(({ name }) => isKnown(name) || judged?.isGone(name))) {
      take(list.signer, list.serial);
      // No further than they have come: what one signs later is a matter of its own.
      for (const { signer, serial } of judged ? list.succeeds : []) take(signer, Math.min(serial, comeTo.get(signer) ?? serial));
    } else {
      unknown.add(list.signer);
      if (read.has(list.signer)) ahead.push(list);
    }
  }
  for (const [signer, serial] of judged?.signed ?? []) if (!unknown.has(signer)) take(signer, serial);
  stores.noteReadSigners(target, store, read);
  return ahead;
}

/** Names of manifests that the catalog has of the target, or that it took away itself. */
function knownNames(catalog: Catalog, target: string): (name: string) => boolean {
  const names = new Set(new Manifests(catalog).on(target).map(({ name }) => name));
  const forgetting = new Forgetting(catalog);
  const snapshots = new Snapshots(catalog);
  return (name) => {
    const snapshot = parseManifestName(name)?.snapshot;
    return names.has(name) || (snapshot !== undefined && (forgetting.isForgotten(snapshot) || snapshots.wasUndone(snapshot)));
  };
}
