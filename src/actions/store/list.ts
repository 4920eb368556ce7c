/** The snapshots on a target: there is one for each manifest, and its name says all that a listing needs. */
import type { ObjectStat, Target } from '../../targets/target.ts';
import { toStoredManifest, type StoredManifest } from '../../volume/snapshot-reading.ts';
import type { StoreTrust } from './store-trust.ts';

export interface StoredSnapshot extends StoredManifest {
  trust?: StoreTrust;
}

/**
 * Every snapshot on the target, oldest first; what is no manifest is passed over. Where a snapshot has two manifests,
 * a plain and a sealed one, it is listed once, with the plain one: it can be read in any case.
 */
export async function listSnapshots(target: Target, signal?: AbortSignal): Promise<StoredSnapshot[]> {
  const byId = new Map<string, StoredSnapshot>();
  for await (const { name, size } of target.list('manifests/', signal)) {
    const stored = toStored({ name, size });
    const other = stored && byId.get(stored.id);
    if (stored && (!other || (other.sealed && !stored.sealed))) byId.set(stored.id, stored);
  }
  return [...byId.values()].sort((a, b) => a.time.getTime() - b.time.getTime() || compare(a.id, b.id));
}

/** Null for what is no manifest. */
export function toStored(object: ObjectStat): StoredSnapshot | null {
  return toStoredManifest(object) as StoredSnapshot | null;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
