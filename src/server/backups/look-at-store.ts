/** What can be told of a store without a key: its marker, the names of its manifests, its signed lists, sizes. */
import { BatError } from '../../core/errors.ts';
import { fileTarget } from '../../targets/file.ts';
import type { Target } from '../../targets/target.ts';
import { decodeMarker, type Marker } from '../../volume/marker.ts';
import { markerName, timeOfId } from '../../volume/names.ts';
import { signerId } from '../../volume/signature.ts';
import { decodeSignedList, signedFolder } from '../../volume/signed-list.ts';
import { toStoredManifest } from '../../volume/snapshot-reading.ts';
import { snapshotCalendar } from './calendar.ts';
import type { ListFacts, Overview, SnapshotFacts } from './overview.ts';

/** Larger ones are not read only to be counted. */
const largestDocument = 16 * 1024 * 1024;

/** The store of a plan as the target that it is: one of the type `file`. */
export function storeTarget(path: string, plan: string): Target {
  return fileTarget.create(plan, { path }, { folder: path, plan });
}

/** The plans that have something stored there; none where there is nothing at all. */
export async function plansIn(path: string, signal: AbortSignal): Promise<string[]> {
  try {
    return (await storeTarget(path, 'any').plans!(signal)).sort();
  } catch (error) {
    if (error instanceof BatError && (error.code === 'TARGET_UNREACHABLE' || error.code === 'NOTHING_STORED')) return [];
    throw error;
  }
}

/** Throws what the folder does. */
export async function lookAtStore(path: string, name: string, now: Date, signal: AbortSignal): Promise<Overview> {
  const target = storeTarget(path, name);
  await target.connect({ create: false, signal });
  const marker = await markerOf(target, signal);
  const times: Date[] = [];
  const lists: ListFacts[] = [];
  let objects = 0;
  let bytes = 0;
  for await (const object of target.list('', signal)) {
    objects++;
    bytes += object.size;
    const manifest = toStoredManifest(object);
    if (manifest) times.push(manifest.time);
    if (object.name.startsWith(signedFolder) && object.size <= largestDocument) lists.push(...(await listFacts(target, object.name, object.size, signal)));
  }
  const lastRun = marker?.lastRun ?? null;
  const started = lastRun === null ? null : timeOfId(lastRun);
  return {
    kind: 'store',
    name,
    problem: marker ? null : { message: `${markerName} is damaged: who writes here is not known.` },
    lastRun: lastRun === null || started === null ? null : { id: lastRun, started: started.toISOString(), ended: null, outcome: 'known' },
    snapshots: times.length,
    newest: times.length === 0 ? null : new Date(times.reduce((newest, time) => Math.max(newest, time.getTime()), 0)).toISOString(),
    targets: [{ id: name, type: 'store', location: '', objects, bytes, verify: null, drill: null }],
    calendar: snapshotCalendar(times, now),
    writers: (marker?.writers ?? []).map(({ host, since, lastRun = null }) => ({ host, since, lastRun })),
    lists,
  };
}

/** Oldest first. */
export async function snapshotsInStore(path: string, name: string, signal: AbortSignal): Promise<SnapshotFacts[]> {
  const target = storeTarget(path, name);
  await target.connect({ create: false, signal });
  const byId = new Map<string, SnapshotFacts>();
  for await (const object of target.list('manifests/', signal)) {
    const manifest = toStoredManifest(object);
    if (manifest) byId.set(manifest.id, { id: manifest.id, source: manifest.source, time: manifest.time.toISOString(), files: null, bytes: null, targets: null, tags: null, protected: null });
  }
  return [...byId.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
}

/** Null if it is damaged or not there. */
async function markerOf(target: Target, signal: AbortSignal): Promise<Marker | null> {
  try {
    const { size = 0 } = (await target.stat(markerName, signal)) ?? {};
    return size > largestDocument ? null : decodeMarker(await target.read(markerName, 0, size, signal), markerName);
  } catch (error) {
    if (error instanceof BatError && ['OBJECT_DAMAGED', 'OBJECT_MISSING', 'FORMAT_UNSUPPORTED'].includes(error.code)) return null;
    throw error;
  }
}

async function listFacts(target: Target, name: string, size: number, signal: AbortSignal): Promise<ListFacts[]> {
  try {
    const decoded = decodeSignedList(await target.read(name, 0, size, signal), name);
    if (!decoded) return [];
    const { signer, time, serial, manifests } = decoded.list;
    return [{ signer: signerId(signer), time, serial, manifests: manifests.length, isGenuine: decoded.isGenuine }];
  } catch (error) {
    // A run may just have replaced it.
    if (error instanceof BatError && ['OBJECT_DAMAGED', 'OBJECT_MISSING', 'FORMAT_UNSUPPORTED'].includes(error.code)) return [];
    throw error;
  }
}
