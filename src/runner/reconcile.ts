/**
 * Holds what a target lists against what the catalog believes, before anything is sent: objects that are gone are
 * noticed now and stored again, and what killed runs left behind is removed.
 */
import type { Catalog } from '../catalog/catalog.ts';
import { Forgetting } from '../catalog/forgetting.ts';
import { Listing } from '../catalog/listing.ts';
import { Runs } from '../catalog/runs.ts';
import { Manifests } from '../catalog/manifests.ts';
import { Snapshots } from '../catalog/snapshots.ts';
import { ObjectNames } from '../catalog/object-names.ts';
import { Receipts } from '../catalog/receipts.ts';
import { Stores } from '../catalog/stores.ts';
import { formatCount } from '../core/units.ts';
import { suffixOf } from '../steps/step.ts';
import type { ObjectStat, Target } from '../targets/target.ts';
import { manifestName, markerName, parseManifestName, readmeName, restoreScriptName, runOfObject, sourceOfSnapshot, volumeNamePattern } from '../volume/names.ts';
import type { Session } from './session.ts';

const helpNames = [markerName, readmeName, restoreScriptName];

export interface Findings {
  /** Objects with a receipt that are not there any more. */
  lost: { id: number; name: string }[];
  lostManifests: { snapshot: string; name: string }[];
  /** What killed runs left and nothing will ever need. */
  orphans: string[];
  /** Names that this catalog knows nothing of; they are left alone. */
  foreign: string[];
  /** All that is there, until the next target is listed. */
  listing: Listing;
}

/** Reads the listing; changes nothing. */
export async function findDifferences({ catalog, signal, wroteLast }: Pick<Session, 'catalog' | 'signal' | 'wroteLast'>, target: Target): Promise<Findings> {
  const listing = new Listing(catalog, target.id);
  for await (const { name, size } of target.list('', signal)) listing.add(name, size);
  const runs = new Runs(catalog);
  const snapshots = new Snapshots(catalog);
  const forgetting = new Forgetting(catalog);
  // One of a snapshot of ours is there in another size than it was: damaged, and reported once as lost.
  const isOurs = (id: string): boolean => snapshots.wasUndone(id) || forgetting.isForgotten(id) || snapshots.get(id) !== null;
  const foreignManifests = listing.unknownManifests().filter((name) => !isOurs(parseManifestName(name)?.snapshot ?? ''));
  // With a manifest there that this catalog never wrote, it may be an old copy of itself: then nothing is an orphan.
  // So it is where another has written since: a run of that one may be going on.
  const isSure = foreignManifests.length === 0 && wroteLast.has(target.id);
  const names = new ObjectNames(catalog);
  const unknown = listing.unknownObjects(helpNames);
  // Only what a run of this catalog is known to have sent: a name alone proves nothing.
  const isOrphan = (name: string): boolean => {
    if (!isSure) return false;
    const run = runOfObject(name);
    return run === null ? names.isLeftover(name) : volumeNamePattern.test(name) && runs.isKnown(run);
  };
  return {
    lost: listing.missingObjects(),
    lostManifests: listing.missingManifests(),
    orphans: unknown.filter(isOrphan),
    foreign: [...foreignManifests, ...unknown.filter((name) => !isOrphan(name))],
    listing,
  };
}

/** What a target does not hold any more is not counted on: what is needed of it is stored again. */
export function forgetLost(catalog: Catalog, target: string, { lost, lostManifests }: Pick<Findings, 'lost' | 'lostManifests'>): void {
  for (const object of lost) new Receipts(catalog).remove(object.id, target);
  for (const manifest of lostManifests) new Manifests(catalog).remove(manifest.snapshot, target);
  if (lost.length + lostManifests.length > 0) new Stores(catalog).setMendDue(true);
}

/** Brings the catalog and the target in line. */
export async function reconcile(session: Session, target: Target): Promise<void> {
  const isDear = target.capabilities.listing === 'dear';
  if (isDear && !session.unsettled.has(target.id)) return;
  const found = await findDifferences(session, target);
  // A dear listing also shows late what was stored: it tells what an earlier run left, and never that something is gone.
  const { lost, lostManifests, orphans, foreign } = isDear ? { ...found, lost: [], lostManifests: [] } : found;
  const names = new ObjectNames(session.catalog);
  forgetLost(session.catalog, target.id, { lost, lostManifests });
  session.catalog.flush();
  // What cannot be removed keeps its name.
  const leftBehind = target.isAppendOnly ? orphans.length : 0;
  if (target.isAppendOnly) foreign.push(...orphans.splice(0));
  for (const name of orphans) await target.remove(name, session.signal);
  const note = (kind: 'note' | 'lost', message: string): void => session.emit({ type: 'issue', target: target.id, issue: { kind, message } });
  if (lost.length + lostManifests.length > 0) {
    note('lost', `gone, or of another size: ${formatCount(lost.length + lostManifests.length, 'object')} that bat stored here; what is needed of them is stored again`);
  }
  if (orphans.length > 0) note('note', `removed ${formatCount(orphans.length, 'object')} that an interrupted run left behind`);
  for (const name of foreign) names.avoidName(name);
  if (leftBehind > 0) note('note', `its token may only add: ${formatCount(leftBehind, 'object')} that interrupted runs left behind ${leftBehind === 1 ? 'stays' : 'stay'} there`);
  if (foreign.length > leftBehind) note('note', `holds ${formatCount(foreign.length - leftBehind, 'object')} that this machine's catalog does not know; they stay as they are`);
}

/** Once every target of the plan was there and has been cleaned, names that killed runs took are free again. */
export function forgetLeftovers(session: Session): void {
  if (session.lanes.every((lane) => lane.targets.every((id) => session.targets.has(id)))) new ObjectNames(session.catalog).forgetLeftovers(session.run);
}

/**
 * Snapshots that a killed run was writing the manifests of: they exist if some target holds one, and then every target that
 * does must be known; else they never came to be. Done once all targets have been opened.
 */
export async function settlePending(session: Session): Promise<void> {
  const snapshots = new Snapshots(session.catalog);
  const manifests = new Manifests(session.catalog);
  for (const snapshot of snapshots.pending()) {
    for (const target of session.targets.values()) {
      try {
        await findManifest(session, snapshot.id, target);
      } catch (error) {
        session.signal.throwIfAborted();
        session.giveUp(target.id, error);
      }
    }
    if (manifests.isHeld(snapshot.id)) snapshots.finish(snapshot.id);
    else snapshots.undo(snapshot);
    session.catalog.flush();
  }
}

async function findManifest(session: Session, snapshot: string, target: Target): Promise<void> {
  for await (const { name, size } of manifestsOf(session, snapshot, target)) {
    if (parseManifestName(name)?.snapshot !== snapshot) continue;
    // What it is laid over is not known any more: an empty base keeps it from being taken for a full one.
    new Manifests(session.catalog).add({ snapshot, target: target.id, name, size, sha256: null, base: '', entries: -1, recipients: null, volumes: null, serial: null });
  }
}

/** A dear listing shows late what was stored: there it is asked for by the names that the plan gives it. */
async function* manifestsOf(session: Session, snapshot: string, target: Target): AsyncGenerator<ObjectStat> {
  if (target.capabilities.listing === 'cheap') {
    yield* target.list(`manifests/${snapshot}.jsonl`, session.signal);
    return;
  }
  for (const lane of session.lanes.filter(({ targets }) => targets.includes(target.id))) {
    const stat = await target.stat(manifestName(snapshot, suffixOf(lane)), session.signal);
    if (stat) yield stat;
  }
}

/** Removes manifests of snapshots that were taken back, once their source has a newer one on the target. */
export async function removeUndone(session: Session, target: Target): Promise<void> {
  if (target.capabilities.listing !== 'cheap' || target.isAppendOnly) return;
  const snapshots = new Snapshots(session.catalog);
  for await (const { name } of target.list('manifests/', session.signal)) {
    const id = parseManifestName(name)?.snapshot;
    if (id === undefined || !snapshots.wasUndone(id)) continue;
    const newer = snapshots.latestOn(sourceOfSnapshot(id), target.id);
    if (newer && newer.id > id) await target.remove(name, session.signal);
  }
}
