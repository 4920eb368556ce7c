/** Reads the manifests of snapshots for the files that a drill may choose from. */
import type { DrillList } from '../../catalog/drill-list.ts';
import { BatError } from '../../core/errors.ts';
import { inParallel } from '../../core/in-parallel.ts';
import type { Target } from '../../targets/target.ts';
import type { ManifestVolume } from '../../volume/manifest.ts';
import { runOfObject } from '../../volume/names.ts';
import { readSnapshot, type StoredSnapshot } from '../store.ts';
import type { openKeys } from '../store.ts';

type KeyRing = Awaited<ReturnType<typeof openKeys>>;

export interface Looking {
  target: Target;
  stored: readonly StoredSnapshot[];
  list: DrillList;
  keys: () => Promise<KeyRing>;
  chance: () => number;
  signal: AbortSignal;
}

/** Snapshots beside the last of each source that a sample is taken from: each costs reading its manifest. */
const mostOthers = 12;
const betweenPauses = 1000;

/** The last one of each source, and of the others so many that are spread by chance; all of them for a whole drill. Newest first. */
export function chooseToLook(stored: readonly StoredSnapshot[], isWhole: boolean, chance: () => number): StoredSnapshot[] {
  const newestFirst = stored.toReversed();
  if (isWhole) return newestFirst;
  const last = new Set(new Map(stored.map((snapshot) => [snapshot.source, snapshot])).values());
  const others = stored.filter((snapshot) => !last.has(snapshot)).map((snapshot) => ({ snapshot, lot: chance() }));
  const drawn = new Set(others.sort((a, b) => a.lot - b.lot).slice(0, mostOthers).map(({ snapshot }) => snapshot));
  return newestFirst.filter((snapshot) => last.has(snapshot) || drawn.has(snapshot));
}

/** Puts the files of a snapshot into the list; null, or why it cannot be read, and then nothing of it is there. */
export async function lookAtSnapshot({ target, stored, list, keys, chance, signal }: Looking, id: string, number: number): Promise<BatError | null> {
  let volumes = new Map<number, { id: number; age: string; isCold: boolean }>();
  let count = 0;
  try {
    for await (const { line } of readSnapshot(target, id, keys, { stored, signal })) {
      if (++count % betweenPauses === 0) {
        signal.throwIfAborted();
        await new Promise(setImmediate);
      }
      if (line.kind === 'header') volumes = new Map();
      else if (line.kind === 'volume') volumes.set(line.volume.number, noteVolume(list, target, line.volume));
      else if (line.kind === 'removed') list.remove(number, line.path);
      else if (line.kind === 'entry') {
        const { path, type, sha256, chunks = [], size, mtime } = line.entry;
        if (type !== 'file' || sha256 === undefined) {
          list.remove(number, path);
          continue;
        }
        const used = [...new Set(chunks.map((chunk) => chunk.volume))].map((volume) => volumes.get(volume)!).filter((volume) => volume !== undefined);
        list.put({
          snapshot: number, path, sha256: Buffer.from(sha256, 'hex'), size, mtime, objects: used.map((volume) => volume.id),
          age: used[0]?.age ?? '', isCold: used.some((volume) => volume.isCold), lot: chance(),
        });
      }
    }
    return null;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof BatError) || error.code === 'STATE_FAILED' || error.code === 'KEY_MISSING' || error.code === 'KEY_WRONG') throw error;
    list.clear(number);
    return error;
  }
}

/** Cold as the manifest's receipt has it. There is none where the object came to this target later, or the target had another name. */
function noteVolume(list: DrillList, target: Target, { name, targets }: ManifestVolume): { id: number; age: string; isCold: boolean } {
  const receipt = (targets as Record<string, { storageClass?: unknown } | null> | null)?.[target.id];
  const isCold = typeof receipt?.storageClass === 'string' && (target.coldStorage?.isCold(receipt.storageClass) ?? false);
  return { id: list.addObject(name, !receipt && target.coldStorage !== undefined), age: runOfObject(name) ?? '', isCold };
}

/** Asks the target about what was chosen and may be cold. What cannot be asked about is tried: then it is told why. */
export async function leaveOutCold({ target, list, signal }: Looking): Promise<void> {
  const cold: number[] = [];
  await inParallel(list.unsureObjects(), target.capabilities.parallel, async ({ id, name }) => {
    try {
      if ((await target.coldStorage!.state(name, signal)).is !== 'readable') cold.push(id);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof BatError) || (error.code !== 'OBJECT_MISSING' && error.code !== 'OBJECT_DAMAGED')) throw error;
    }
  });
  list.leaveOut(cold);
}
