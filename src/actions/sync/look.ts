/** Holds one target against the catalog: what is gone, what is there and unknown; brings the two in line as far as that was asked for. */
import { hostname } from 'node:os';
import type { Catalog } from '../../catalog/catalog.ts';
import { Forgetting } from '../../catalog/forgetting.ts';
import { holdingOn } from '../../catalog/holdings.ts';
import { Manifests } from '../../catalog/manifests.ts';
import { Objects } from '../../catalog/objects.ts';
import { Receipts } from '../../catalog/receipts.ts';
import { Snapshots } from '../../catalog/snapshots.ts';
import { Stores } from '../../catalog/stores.ts';
import { inParallel } from '../../core/in-parallel.ts';
import { checkMarker } from '../../runner/mark-targets.ts';
import { findDifferences, forgetLost, type Findings } from '../../runner/reconcile.ts';
import type { Target } from '../../targets/target.ts';
import { parseManifestName } from '../../volume/names.ts';
import type { SyncObject, SyncOptions, SyncTarget } from './contract.ts';
import type { SyncStore } from './stores.ts';
import { judgeOf } from './unknown.ts';

export interface LookOptions extends Pick<SyncOptions, 'plan' | 'retired' | 'signal'> {
  catalog: Catalog;
  /** The catalog was made of manifests: what is listed is there, whether or not they knew. Only objects with a higher id; null for none. */
  takeAbove: number | null;
}

/** Reads the whole listing, also where that is dear. Changes the catalog, and nothing on the target. Throws TARGET_CHANGED. */
export async function lookAt(store: SyncStore, options: LookOptions): Promise<{ shown: SyncTarget; orphans: SyncObject[] }> {
  const { catalog, plan, signal } = options;
  const { target, marker } = store;
  const stores = new Stores(catalog);
  checkMarker(target, marker, stores.storeOf(target.id));
  const wroteLast = marker !== null && stores.lastRunsOn(target.id).includes(marker.lastRun);
  const found = await findDifferences({ catalog, signal, wroteLast: new Set(wroteLast ? [target.id] : []) }, target);
  const gone = await confirmLost(catalog, target, { ...found, lost: dropHearsay(catalog, target.id, found.lost, options.takeAbove) }, signal);
  forgetLost(catalog, target.id, gone);
  if (options.takeAbove !== null) found.listing.takeHeld(options.takeAbove);
  const manifests = new Set(unknownManifests(catalog, found.listing.unknownManifests()));
  const unknown = [...found.orphans, ...found.foreign.filter((name) => !manifests.has(name)), ...manifests].sort();
  const judge = judgeOf({ plan, catalog, wroteLast, hasUnknownManifests: manifests.size > 0, otherHosts: otherHosts(store, options, wroteLast) });
  const objects: SyncObject[] = [];
  const orphans: SyncObject[] = [];
  for (const name of unknown) {
    const { size } = found.listing.find(name)!;
    if (manifests.has(name)) {
      objects.push({ name, size, kind: 'manifest', state: 'unknown', why: 'the catalog has not read it: another machine wrote it, or a later state of this catalog' });
      continue;
    }
    const { canGo, ...verdict } = judge(name);
    const object: SyncObject = { name, size, ...verdict, state: 'unknown' };
    objects.push(object);
    if (canGo) orphans.push(object);
  }
  const records = new Manifests(catalog);
  const deleted = records.forgottenOn(target.id).length;
  const shown: SyncTarget = {
    target: target.id, location: target.location, ...holdingOn(catalog, target.id), snapshots: records.on(target.id).length - deleted, deleted, found: [...gone.shown, ...objects],
  };
  return { shown, orphans };
}

/**
 * Of names below `manifests/` that the catalog does not have of a target, those that may speak of something: also of snapshots that it
 * knows from elsewhere, for what this target's manifest speaks of are this target's objects.
 */
export function unknownManifests(catalog: Catalog, names: readonly string[]): string[] {
  const snapshots = new Snapshots(catalog);
  const forgetting = new Forgetting(catalog);
  return names.filter((name) => {
    const id = parseManifestName(name)?.snapshot;
    return id !== undefined && !snapshots.wasUndone(id) && !forgetting.isForgotten(id) && snapshots.get(id)?.state !== 'pending';
  });
}

/**
 * A manifest that was copied says of other targets what was true when it was written. What a target has let go of since, and none of its own manifests speaks of, is
 * not lost there. Returns what is.
 */
function dropHearsay(catalog: Catalog, target: string, lost: Findings['lost'], takeAbove: number | null): Findings['lost'] {
  if (takeAbove === null || lost.length === 0) return lost;
  const objects = new Objects(catalog);
  const receipts = new Receipts(catalog);
  const needed = new Manifests(catalog).volumesOn(target);
  return lost.filter(({ id, name }) => {
    if (id <= takeAbove || needed.has(objects.named(name)!.volume)) return true;
    receipts.remove(id, target);
    return false;
  });
}

/** A listing may show late what was stored: there each object is asked for before it is given up. */
async function confirmLost(catalog: Catalog, target: Target, { lost, lostManifests, listing }: Findings, signal: AbortSignal): Promise<Pick<Findings, 'lost' | 'lostManifests'> & { shown: SyncObject[] }> {
  const objects = new Objects(catalog);
  const known = new Map(new Manifests(catalog).on(target.id).map((manifest) => [manifest.name, manifest.size]));
  const suspects = [
    ...lost.map((object) => ({ name: object.name, size: objects.sizeOf(object.id), kind: 'object' as const })),
    ...lostManifests.map(({ name }) => ({ name, size: known.get(name)!, kind: 'manifest' as const })),
  ];
  const found = new Set<string>();
  if (target.capabilities.listsLate) {
    await inParallel(suspects, target.capabilities.parallel, async ({ name, size }) => {
      if ((await target.stat(name, signal))?.size === size) found.add(name);
    });
  }
  const isGone = ({ name }: { name: string }): boolean => !found.has(name);
  return {
    lost: lost.filter(isGone),
    lostManifests: lostManifests.filter(isGone),
    shown: suspects.filter(isGone).map(({ name, size, kind }): SyncObject => {
      const there = listing.find(name)?.size ?? null;
      const why = there === null ? 'it is not there any more' : `it has ${there} bytes there, and had ${size}`;
      return { name, size, kind, state: 'gone', why };
    }),
  };
}

/** A former catalog of this machine is not another one, unless it has written since this one did. */
function otherHosts({ marker }: SyncStore, { catalog, retired }: LookOptions, wroteLast: boolean): string[] {
  if (!marker) return ['whoever wrote the store, whose bat.json is missing,'];
  const hasRun = catalog.getMeta('catalog') !== null;
  const here = hostname();
  const others = marker.writers.filter(({ id, host }) => id !== catalog.getMeta('catalog') && !retired.includes(host) && (host !== here || (hasRun && !wroteLast)));
  return [...new Set(others.map(({ host }) => host))];
}
