/** `bat.json` on each target of a run: is it the store that it was, who else writes there, and is it a place of its own. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { BatError } from '../core/errors.ts';
import { readAgain } from '../core/read-again.ts';
import { batVersion } from '../core/version.ts';
import { Receipts } from '../catalog/receipts.ts';
import { Runs } from '../catalog/runs.ts';
import { Stores } from '../catalog/stores.ts';
import type { Target } from '../targets/target.ts';
import { decodeMarker, encodeMarker, markerVersion, type Marker } from '../volume/marker.ts';
import { markerName } from '../volume/names.ts';
import type { Session } from './session.ts';

/** What was written into the marker of a target, and over what. */
export interface Marking {
  found: Marker | null;
  written: Marker;
}

export async function readMarker(target: Target, signal: AbortSignal): Promise<Marker | null> {
  return readAgain(async () => {
    const stat = await target.stat(markerName, signal);
    return stat && decodeMarker(await target.read(markerName, 0, stat.size, signal), `${target.location}/${markerName}`);
  });
}

/**
 * Throws TARGET_CHANGED if the target is not the one that the catalog knows under this id: most likely a disk that is not
 * mounted, and a backup of everything must not go to the empty folder in its place.
 */
export function checkMarker(target: Target, marker: Marker | null, expected: string | null): void {
  if (expected === null || marker?.store === expected) return;
  const found = marker ? 'holds the backups of another catalog' : 'is empty, though backups were stored there';
  throw new BatError('TARGET_CHANGED', `The target "${target.id}" ${found} (${target.location}).`, {
    hint: `Is the disk mounted, and the right one? If it is meant to be a new one, run once with --new-target ${target.id}.`,
    subject: target.id,
  });
}

/**
 * Connects a target and reads its marker; nothing is made there. Throws NOTHING_STORED where nothing was stored yet, TARGET_CHANGED as `checkMarker` does, also
 * where the place itself is gone: it must not be made again, for it would hide what lies on a disk that is mounted there later.
 */
export async function findStore(target: Target, expected: string | null, signal: AbortSignal): Promise<Marker | null> {
  try {
    await target.connect({ create: false, signal });
  } catch (error) {
    if (error instanceof BatError && error.code === 'NOTHING_STORED') checkMarker(target, null, expected);
    throw error;
  }
  const marker = await readMarker(target, signal);
  checkMarker(target, marker, expected);
  return marker;
}

/** The same; `isThere` is false where nothing was stored yet. */
export async function findStoreIfAny(target: Target, expected: string | null, signal: AbortSignal): Promise<{ isThere: boolean; marker: Marker | null }> {
  try {
    return { isThere: true, marker: await findStore(target, expected, signal) };
  } catch (error) {
    if (!(error instanceof BatError) || error.code !== 'NOTHING_STORED') throw error;
    return { isThere: false, marker: null };
  }
}

/** Opens a target to store there. Only a place that the catalog knows nothing of is made where it is missing. Throws TARGET_CHANGED. */
export async function openStore(session: Session, target: Target): Promise<Marker | null> {
  const expected = new Stores(session.catalog).storeOf(target.id);
  if (expected !== null && !session.newTargets.includes(target.id)) return findStore(target, expected, session.signal);
  await target.connect({ create: true, signal: session.signal });
  return readMarker(target, session.signal);
}

/** Writes the marker of this run, which tells other catalogs, and other targets of this plan, that it was here. `found`: the one that is there. */
export async function mark(session: Session, target: Target, found: Marker | null): Promise<Marking> {
  const stores = new Stores(session.catalog);
  if (session.newTargets.includes(target.id) && found?.store !== stores.storeOf(target.id)) {
    new Receipts(session.catalog).forgetTarget(target.id);
    stores.setBehind(target.id, false);
  }
  if (!found) session.unmarked.add(target.id);
  noteLastWriter(session, target.id, found);
  const writer: Marker['writers'][number] = { id: catalogId(session), host: hostname(), since: session.startedAt.toISOString() };
  const others = (found?.writers ?? []).filter((known) => known.id !== writer.id);
  const mine = found?.writers.find((known) => known.id === writer.id) ?? writer;
  if (mine.lastRun !== undefined && !new Runs(session.catalog).isKnown(mine.lastRun)) stores.setBehind(target.id, true);
  const written: Marker = {
    format: markerVersion,
    plan: session.plan.name,
    store: found?.store ?? randomUUID(),
    version: batVersion,
    lastRun: session.run,
    target: target.id,
    writers: [...others, { ...mine, lastRun: session.run }],
  };
  if (stores.isUnsettled(target.id)) session.unsettled.add(target.id);
  stores.beginRun(target.id, session.run);
  await target.put(markerName, encodeMarker(written), { temperature: 'hot', signal: session.signal });
  return { found, written };
}

/** Whether nobody else has written since this catalog did, or since it took in what lay there. `marker`: as it was before this run. */
export function noteLastWriter(session: Session, target: string, marker: Marker | null): void {
  if (marker === null) return;
  const stores = new Stores(session.catalog);
  if (stores.lastRunsOn(target).includes(marker.lastRun)) session.wroteLast.add(target);
  if (stores.knownUpTo(target) === marker.lastRun) session.upToDate.add(target);
}

/**
 * Throws PLAN_INVALID if two targets are the same place, whatever the plan calls it: each would take what the other one stores
 * for its own. Both have written their markers by now, and one of the two has written over the other. One of which it cannot be
 * told is given up on.
 */
export async function checkPlaces(session: Session, marked: readonly { target: Target; marking: Marking }[]): Promise<void> {
  const isDoubtful = ({ found, written }: Marking): boolean => found === null || marked.filter(({ marking }) => marking.written.store === written.store).length > 1;
  for (const { target } of marked.length > 1 ? marked.filter((one) => isDoubtful(one.marking)) : []) {
    const there = await readMarker(target, session.signal).catch((error: unknown) => {
      session.signal.throwIfAborted();
      // Whether it is a place of its own cannot be told.
      session.giveUp(target.id, error);
      return null;
    });
    const other = marked.find((one) => one.target.id === there?.target);
    if (there?.lastRun !== session.run || !other || other.target.id === target.id) continue;
    throw new BatError('PLAN_INVALID', `The targets "${target.id}" and "${other.target.id}" are the same place: ${target.location}.`, {
      hint: 'Give each of them a path, a prefix or a folder of its own, or remove one from the plan.',
      subject: session.plan.file,
    });
  }
}

/**
 * Says that this catalog is an old copy of itself. Throws TARGET_CHANGED where listing is dear: what it believes to be stored there may be gone, and
 * nothing would tell.
 */
export function tellBehind(session: Session, target: Target): void {
  if (!new Stores(session.catalog).isBehind(target.id)) return;
  const message = `A later state of this catalog has written to target "${target.id}"`;
  if (target.capabilities.listing === 'dear') throw new BatError('TARGET_CHANGED', `${message}: this one does not know what is there.`, { hint: behindHint(session), subject: target.id });
  session.emit({ type: 'issue', target: target.id, issue: { kind: 'lost', message: `a later state of this catalog has written here: new snapshots are stored, but nothing is removed or written again. ${behindHint(session)}` } });
}

export function behindHint({ catalog }: Pick<Session, 'catalog'>): string {
  return `Move ${catalog.file} away and make it anew with \`bat sync\`.`;
}

/** Once it is sure that no other target is the same place. `isShared`: other catalogs have written there. */
export function keepMarking(session: Session, target: Target, { found, written }: Marking): { isShared: boolean } {
  const stores = new Stores(session.catalog);
  const others = written.writers.filter(({ id }) => id !== catalogId(session));
  // An old copy of this catalog does not know what was written since. A listing would tell; without one, it is never sure again.
  const knowsAll = target.capabilities.listing === 'cheap' || !found || (stores.isSoleWriter(target.id) && session.wroteLast.has(target.id));
  stores.note(target.id, written.store, others.length === 0 && knowsAll);
  session.catalog.flush();
  return { isShared: others.length > 0 };
}

export function catalogId(session: Session): string {
  const known = session.catalog.getMeta('catalog');
  if (known !== null) return known;
  const id = randomUUID();
  session.catalog.setMeta('catalog', id);
  session.catalog.flush();
  return id;
}
