/** Which snapshot a manifest is laid over, so that a snapshot in which little changed has a small one. */
import type { Catalog } from '../../catalog/catalog.ts';
import type { ManifestRecord } from '../../catalog/manifests.ts';
import { SnapshotEntries } from '../../catalog/snapshot-entries.ts';
import { Snapshots, type Snapshot } from '../../catalog/snapshots.ts';

/** A difference larger than this, or than a quarter of the snapshot, is written as a full manifest. */
const smallDifference = 1000;

/**
 * The snapshot to lay a new one over, or null. If nothing changed since the one before, that one (or the one it is itself
 * laid over, if it too changed nothing); else the last full one, while the difference from it stays small. So a chain is
 * never longer than three. `records`: the manifests that may serve, newest first.
 */
export function chooseBase(catalog: Catalog, snapshot: Snapshot, records: readonly ManifestRecord[]): Snapshot | null {
  const last = records[0];
  if (!last) return null;
  const snapshots = new Snapshots(catalog);
  if (new SnapshotEntries(catalog).countSince(snapshot, snapshots.get(last.snapshot)!) === 0) return snapshots.get(last.entries === 0 && last.base !== null ? last.base : last.snapshot);
  return lastFull(catalog, snapshot, records);
}

/** The newest snapshot with a full manifest, or null if the difference from it is large. */
export function lastFull(catalog: Catalog, snapshot: Snapshot, records: readonly ManifestRecord[]): Snapshot | null {
  const full = records.find((record) => record.base === null);
  if (!full) return null;
  const base = new Snapshots(catalog).get(full.snapshot)!;
  return new SnapshotEntries(catalog).countSince(snapshot, base) <= Math.max(smallDifference, full.entries / 4) ? base : null;
}

/** Of manifests, newest first: those that all of these recipients can read, together with all that they are laid over. */
export function readableRecords(records: readonly ManifestRecord[], recipients: readonly string[] | null): ManifestRecord[] {
  const usable = new Set<string>();
  for (const record of records.toReversed()) {
    const isReadable = record.recipients === null || recipients?.every((recipient) => record.recipients!.includes(recipient));
    if (isReadable && (record.base === null || usable.has(record.base))) usable.add(record.snapshot);
  }
  return records.filter((record) => usable.has(record.snapshot));
}
