/** Writes a new snapshot's manifest to the targets of a lane: full, or as the difference from one that they hold already. */
import { Manifests } from '../../catalog/manifests.ts';
import { Snapshots, type Snapshot } from '../../catalog/snapshots.ts';
import type { Lane, StepContext } from '../step.ts';
import { chooseBase, readableRecords } from './choose-base.ts';
import { StoredPlaces } from './manifest-lines.ts';
import { originOf } from './origin.ts';
import { sendManifest } from './send-manifest.ts';

/** Returns the ids of the targets that hold it now. */
export async function writeManifest(snapshot: Snapshot, lane: Lane, context: StepContext): Promise<string[]> {
  const { catalog } = context;
  const targets = lane.targets.map((id) => context.targets.get(id)).filter((target) => target !== undefined);
  if (targets.length === 0) return [];
  const snapshots = new Snapshots(catalog);
  const held = new Manifests(catalog).onAll(snapshot.source, targets.map((target) => target.id));
  const base = chooseBase(snapshot, snapshots, readableRecords(held, lane.recipients));
  const origin = snapshots.originOf(snapshot.id) ?? originOf(context.source);
  const sent = await sendManifest({ snapshot, origin, base, shape: lane, targets, places: new StoredPlaces(catalog, lane) }, context);
  for (const path of sent.lost) {
    context.issue({ kind: 'unread', path, message: 'no target holds it any more and it could not be read again: it is not in this snapshot' });
  }
  context.count({ objects: 1, bytes: sent.size });
  return sent.targets;
}
