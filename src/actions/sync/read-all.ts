/** What a sync has learned of other catalogs that write to a target: whose place this one can take, and whether it knows all that the last of them left there. */
import { hostname } from 'node:os';
import type { Catalog } from '../../catalog/catalog.ts';
import { Manifests } from '../../catalog/manifests.ts';
import { Runs } from '../../catalog/runs.ts';
import { Stores } from '../../catalog/stores.ts';
import { takePlaces } from '../../runner/succession.ts';
import { runOfObject, timeOfId } from '../../volume/names.ts';
import type { SignedList } from '../../volume/signed-list.ts';
import { unknownManifests } from './look.ts';
import type { SyncStore } from './stores.ts';

export interface ReadAll {
  catalog: Catalog;
  /** The signed lists on the target, of those who are trusted. */
  lists: readonly SignedList[];
  /** The highest serials of manifests that were read there, by signer; null if the lists were not held against the target. */
  signed: ReadonlyMap<string, number> | null;
  /** The catalog was made anew: former ones of this machine are gone. */
  rebuilt: boolean;
  retired: readonly string[];
}

/** Changes the catalog; the caller flushes. */
export function noteWhatWasRead({ target, marker, manifests }: SyncStore, { catalog, lists, signed, rebuilt, retired }: ReadAll): void {
  if (!marker) return;
  const there = new Set(manifests.map(({ manifestName }) => manifestName));
  // What they name and is not there was accepted as gone, or the target would have been passed over.
  takePlaces({ catalog, target: target.id, store: marker.store }, lists, signed && { signed, isGone: (name) => !there.has(name) });
  const known = new Set(new Manifests(catalog).on(target.id).map(({ name }) => name));
  if (unknownManifests(catalog, [...there].filter((name) => !known.has(name))).length > 0) return;
  const own = marker.writers.find(({ id }) => id === catalog.getMeta('catalog'))?.lastRun;
  // An old copy of a catalog never knows what the later one did.
  if (own !== undefined && !new Runs(catalog).isKnown(own)) return;
  const last = marker.writers.find(({ lastRun }) => lastRun === marker.lastRun);
  const isOver = (last && (retired.includes(last.host) || (rebuilt && last.host === hostname()))) || lists.some((list) => wasWrittenAfter(list, marker.lastRun));
  if (isOver) new Stores(catalog).setKnownUpTo(target.id, marker.lastRun);
}

/** A list is written when all manifests of a run are there. Before that, the run may be about to write some. */
function wasWrittenAfter({ time, manifests }: SignedList, run: string): boolean {
  const began = timeOfId(run);
  return manifests.some(({ name }) => runOfObject(name) === run) || (began !== null && Date.parse(time) >= began.getTime() + 1000);
}
