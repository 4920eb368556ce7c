/** The snapshots on a target: there is one for each manifest, and its name says all that a listing needs. */
import type { ObjectStat, Target } from '../../targets/target.ts';
import type { Codec } from '../../volume/frames.ts';
import { parseManifestName, runOfSnapshot, sourceOfSnapshot, timeOfId } from '../../volume/names.ts';
import type { StoreTrust } from './store-trust.ts';

export interface StoredSnapshot {
  id: string;
  source: string;
  run: string;
  time: Date;
  manifestName: string;
  /** Bytes of the manifest as it is stored. */
  size: number;
  codec: Codec;
  sealed: boolean;
  /** What is known of the store, where that is asked: who may have written it, and how far it had come. */
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
export function toStored({ name, size }: ObjectStat): StoredSnapshot | null {
  const parsed = parseManifestName(name);
  const time = parsed && timeOfId(parsed.snapshot);
  if (!parsed || !time || Number.isNaN(time.getTime())) return null;
  const { snapshot: id, codec, sealed } = parsed;
  return { id, source: sourceOfSnapshot(id), run: runOfSnapshot(id), time, manifestName: name, size, codec, sealed };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
