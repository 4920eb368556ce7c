/** Opens the targets of a run: is each there, is it the one it was, and does it hold what restores without bat need. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { BatError } from '../core/errors.ts';
import { readAgain } from '../core/read-again.ts';
import { batVersion } from '../core/version.ts';
import { Keys } from '../catalog/keys.ts';
import { Spooled } from '../catalog/spooled.ts';
import { Stores } from '../catalog/stores.ts';
import { Objects } from '../catalog/objects.ts';
import { suffixOf, type Lane } from '../steps/step.ts';
import type { Target } from '../targets/target.ts';
import { keyName, markerName, readmeName, restoreScriptName } from '../volume/names.ts';
import { restoreScript, storeReadme } from '../volume/store-readme.ts';
import { decodeMarker, encodeMarker, markerVersion, type Marker } from '../volume/marker.ts';
import { makeTarget } from './make-target.ts';
import type { Session } from './session.ts';

/** Opens every target of the lanes at once. One that fails is given up on and said. */
export async function openTargets(session: Session): Promise<void> {
  const pairs = session.lanes.flatMap((lane) => lane.targets.map((id) => ({ lane, spec: session.plan.targets.find((target) => target.id === id)! })));
  await Promise.all(
    pairs.map(async ({ lane, spec }) => {
      try {
        const target = makeTarget(session.plan, spec, { emit: session.emit, writer: catalogId(session), keepsHours: true });
        session.planned.set(spec.id, target);
        await target.connect({ create: true, signal: session.signal });
        const { isShared } = await settleMarker(session, target);
        await target.sweep({ keep: new Spooled(session.catalog).uploadsTo(spec.id), isShared, signal: session.signal });
        await putHelp(session, target, lane);
        session.targets.set(spec.id, target);
      } catch (error) {
        session.signal.throwIfAborted();
        session.giveUp(spec.id, error);
      }
    }),
  );
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

/** `isShared`: other catalogs have written there. */
async function settleMarker(session: Session, target: Target): Promise<{ isShared: boolean }> {
  const stores = new Stores(session.catalog);
  const found = await readMarker(target, session.signal);
  const expected = stores.storeOf(target.id);
  if (session.newTargets.includes(target.id) && found?.store !== expected) new Objects(session.catalog).forgetTarget(target.id);
  else checkMarker(target, found, expected);
  if (found && stores.lastRunsOn(target.id).includes(found.lastRun)) session.wroteLast.add(target.id);
  const writer = { id: catalogId(session), host: hostname(), since: session.startedAt.toISOString() };
  const others = (found?.writers ?? []).filter((known) => known.id !== writer.id);
  const mine = found?.writers.find((known) => known.id === writer.id) ?? writer;
  const marker: Marker = {
    format: markerVersion,
    plan: session.plan.name,
    store: found?.store ?? randomUUID(),
    version: batVersion,
    lastRun: session.run,
    writers: [...others, mine],
  };
  if (stores.isUnsettled(target.id)) session.unsettled.add(target.id);
  stores.beginRun(target.id, session.run);
  await target.put(markerName, encodeMarker(marker), { temperature: 'hot', signal: session.signal });
  // An old copy of this catalog does not know what was written since. A listing would tell; without one, it is never sure again.
  const knowsAll = target.capabilities.listing === 'cheap' || !found || (stores.isSoleWriter(target.id) && session.wroteLast.has(target.id));
  stores.note(target.id, marker.store, others.length === 0 && knowsAll);
  session.catalog.flush();
  return { isShared: others.length > 0 };
}

function catalogId(session: Session): string {
  const known = session.catalog.getMeta('catalog');
  if (known !== null) return known;
  const id = randomUUID();
  session.catalog.setMeta('catalog', id);
  session.catalog.flush();
  return id;
}

/** The README, the script and the wrapped keys: written where they are not there as they should be. */
async function putHelp(session: Session, target: Target, lane: Lane): Promise<void> {
  const keys = lane.recipients ? new Keys(session.catalog).list() : [];
  const readme = storeReadme({
    plan: session.plan.name,
    host: hostname(),
    suffix: suffixOf(lane),
    sealed: lane.recipients !== null,
    passphrase: keys.some((key) => lane.recipients?.includes(key.recipient)),
    singleFiles: lane.maker === 'files',
  });
  const files: [string, Uint8Array][] = [
    [readmeName, Buffer.from(readme)],
    [restoreScriptName, await restoreScript()],
    ...keys.map((key): [string, Uint8Array] => [keyName(key.id), key.wrapped]),
  ];
  for (const [name, bytes] of files) {
    const stat = await target.stat(name, session.signal);
    if (stat?.size === bytes.length && Buffer.from(bytes).equals(await target.read(name, 0, stat.size, session.signal))) continue;
    await target.put(name, bytes, { temperature: 'hot', signal: session.signal });
  }
}
