/** The snapshots on a target: there is one for each manifest, and its name says all that a listing needs. */
import type { Target } from '../../targets/target.ts';
import type { Codec } from '../../volume/frames.ts';
import { parseManifestName, runOfSnapshot, sourceOfSnapshot, timeOfId } from '../../volume/names.ts';

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
}

/**
 * Every snapshot on the target, oldest first; what is no manifest is passed over. Where a snapshot has two manifests,
 * a plain and a sealed one, it is listed once, with the plain one: it can be read in any case.
 */
export async function listSnapshots(target: Target, signal?: AbortSignal): Promise<StoredSnapshot[]> {
  const byId = new Map<string, StoredSnapshot>();
  for await (const { name, size } of target.list('manifests/', signal)) {
    const parsed = parseManifestName(name);
    const time = parsed && timeOfId(parsed.snapshot);
    if (!parsed || !time || Number.isNaN(time.getTime())) continue;
    const { snapshot: id, codec, sealed } = parsed;
    const other = byId.get(id);
    if (other && (!other.sealed || sealed)) continue;
    byId.set(id, { id, source: sourceOfSnapshot(id), run: runOfSnapshot(id), time, manifestName: name, size, codec, sealed });
  }
  return [...byId.values()].sort((a, b) => a.time.getTime() - b.time.getTime() || compare(a.id, b.id));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
