/** Writes a new snapshot's manifest to the targets of a lane: full, or as the difference from one that they hold already. */
import { Manifests } from '../../catalog/manifests.ts';
import { Receipts } from '../../catalog/receipts.ts';
import { Snapshots, type Snapshot } from '../../catalog/snapshots.ts';
import type { Lane, StepContext } from '../step.ts';
import { chooseBase, readableRecords } from './choose-base.ts';
import { StoredPlaces } from './manifest-lines.ts';
import { originOf } from './origin.ts';
import { sendManifest } from './send-manifest.ts';

/** Returns the ids of the targets that hold it now. Where they hold volumes as different objects, each gets a manifest of what it holds itself. */
export async function writeManifest(snapshot: Snapshot, lane: Lane, context: StepContext): Promise<string[]> {
  const { catalog } = context;
  const targets = lane.targets.map((id) => context.targets.get(id)).filter((target) => target !== undefined);
  if (targets.length === 0) return [];
  const held = new Manifests(catalog).onAll(snapshot.source, targets.map((target) => target.id));
  const base = chooseBase(catalog, snapshot, readableRecords(held, lane.recipients));
  const origin = new Snapshots(catalog).originOf(snapshot.id) ?? originOf(context.source);
  const isSplit = new Receipts(catalog).holdDifferent(lane.targets);
  const written: string[] = [];
  const lost = new Set<string>();
  for (const to of isSplit ? targets.map((target) => [target]) : [targets]) {
    const places = new StoredPlaces(catalog, lane, isSplit ? to.map(({ id }) => id) : lane.targets);
    const sent = await sendManifest({ snapshot, origin, base, shape: lane, targets: to, places }, context);
    written.push(...sent.targets);
    for (const path of sent.lost) lost.add(path);
    context.count({ objects: 1, bytes: sent.size });
  }
  for (const path of lost) {
    context.issue({ kind: 'unread', path, message: 'no target holds it any more and it could not be read again: it is not in this snapshot' });
  }
  return written;
}
