/**
 * Writes manifests again, from the catalog, where they are lost or speak of volumes that are gone and whose chunks lie elsewhere by now. No key is
 * needed: they are sealed to the recipients of the plan. What lies nowhere else is left in them as it was, for what is left of it.
 */
import { MendedPlaces } from '../catalog/mended-places.ts';
import { Manifests, type ManifestRecord } from '../catalog/manifests.ts';
import { Snapshots, type Snapshot } from '../catalog/snapshots.ts';
import { Stores } from '../catalog/stores.ts';
import { originOf } from '../steps/record/origin.ts';
import { sendManifest } from '../steps/record/send-manifest.ts';
import type { Lane } from '../steps/step.ts';
import type { Target } from '../targets/target.ts';
import type { Session } from './session.ts';

/** Manifests to be written whatever the catalog says of them: ids of snapshots, by target. */
export type LostManifests = ReadonlyMap<string, ReadonlySet<string>>;

export interface WrittenManifest {
  target: string;
  snapshot: string;
  name: string;
}

/** Oldest first. A target that fails is given up on. */
export async function* mendManifests(session: Session, lost: LostManifests = new Map()): AsyncGenerator<WrittenManifest> {
  for (const lane of session.lanes) {
    for (const id of lane.targets) {
      const target = session.targets.get(id);
      // What may only be added to keeps the manifests that it has. An old copy of a catalog must not write over what the later one knew better.
      if (target && !target.isAppendOnly && !new Stores(session.catalog).isBehind(id)) yield* mendTarget(session, lane, target, lost.get(id) ?? new Set());
    }
  }
}

async function* mendTarget(session: Session, lane: Lane, target: Target, lost: ReadonlySet<string>): AsyncGenerator<WrittenManifest> {
  const { catalog, signal } = session;
  const manifests = new Manifests(catalog);
  const records = new Map(manifests.on(target.id).map((record) => [record.snapshot, record]));
  const places = new MendedPlaces(catalog, { maker: lane.maker, targets: [target.id], isSealed: lane.recipients !== null });
  for (const snapshot of new Snapshots(catalog).list().toSorted((a, b) => a.number - b.number)) {
    const record = records.get(snapshot.id);
    const isLost = lost.has(snapshot.id) || (!record && !manifests.isHeld(snapshot.id));
    if (!isLost && !(record && isOutdated(record, places))) continue;
    signal.throwIfAborted();
    if (!session.targets.has(target.id)) return;
    const base = record?.base && records.has(record.base) ? record.base : null;
    const sent = await write(session, { lane, target, snapshot, base, places });
    if (sent) yield { target: target.id, snapshot: snapshot.id, name: sent };
  }
}

function isOutdated({ volumes }: ManifestRecord, places: MendedPlaces): boolean {
  return volumes?.some((volume) => !places.holds(volume) && places.isResent(volume)) ?? false;
}

/** The name of it, or null if the target did not take it. */
async function write(session: Session, { lane, target, snapshot, base, places }: { lane: Lane; target: Target; snapshot: Snapshot; base: string | null; places: MendedPlaces }): Promise<string | null> {
  const { catalog } = session;
  const snapshots = new Snapshots(catalog);
  const source = session.plan.sources.find(({ id }) => id === snapshot.source);
  const origin = snapshots.originOf(snapshot.id) ?? (source && originOf(source));
  if (!origin) return null;
  const setting = { ...session.setupOf('mend'), plan: session.plan.name, targets: session.targets, giveUp: session.giveUp, sent: () => {} };
  const sent = await sendManifest({ snapshot, origin, base: base === null ? null : snapshots.get(base), shape: lane, targets: [target], places }, setting);
  catalog.flush();
  return sent.targets.length > 0 ? sent.name : null;
}
