/** Reads a snapshot from a target: its manifest, laid over the manifests that it refers to. */
import type { Target } from '../../targets/target.ts';
import type { KeyRing } from '../../volume/age.ts';
import { readStoredSnapshot, type SnapshotLine } from '../../volume/snapshot-reading.ts';
import { listSnapshots, type StoredSnapshot } from './list.ts';

/**
 * As `readStoredSnapshot`, and throws what that throws. `stored`: what the target holds, if that is known.
 */
export async function* readSnapshot(
  target: Target,
  id: string,
  keys: KeyRing | (() => Promise<KeyRing>),
  options: { stored?: readonly StoredSnapshot[]; passOver?: ((path: string) => boolean) | undefined; signal?: AbortSignal | undefined } = {},
): AsyncGenerator<SnapshotLine> {
  const stored = options.stored ?? (await listSnapshots(target, options.signal));
  yield* readStoredSnapshot(target, id, new Map(stored.map((snapshot) => [snapshot.id, snapshot])), keys, options);
}
