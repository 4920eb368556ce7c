/** The targets that a sync looks at: those that answer, with what each says of itself. */
import { BatError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import { readMarker } from '../../runner/mark-targets.ts';
import type { ObjectStat, Target } from '../../targets/target.ts';
import type { Marker } from '../../volume/marker.ts';
import { once, openKeys, type KeyInputs } from '../store/keys.ts';
import type { ManifestStore } from './documents.ts';

export interface SyncStore extends ManifestStore {
  marker: Marker | null;
}

export interface OpenedStores {
  stores: SyncStore[];
  failures: Map<string, BatError>;
}

/** All at once. Those that fail are told; throws what the first one said if none answers. */
export async function openSyncStores(targets: readonly Target[], { keys, emit, signal }: { keys: () => Promise<KeyInputs>; emit: Emit; signal: AbortSignal }): Promise<OpenedStores> {
  const inputs = once(keys);
  const failures = new Map<string, BatError>();
  const opened = await Promise.all(
    targets.map(async (target): Promise<SyncStore | null> => {
      try {
        await target.connect({ create: false, signal });
        const marker = await readMarker(target, signal);
        const manifests = await listManifests(target, signal);
        return { target, marker, manifests, keys: once(async () => openKeys(target, await inputs(), signal)) };
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof BatError)) throw error;
        failures.set(target.id, error);
        return null;
      }
    }),
  );
  const stores = opened.filter((store) => store !== null);
  const [first] = failures.values();
  if (stores.length === 0 && first) throw first;
  for (const [target, { code, message, hint }] of failures) emit({ type: 'target-failed', target, code, message, ...(hint === undefined ? {} : { hint }) });
  return { stores, failures };
}

async function listManifests(target: Target, signal: AbortSignal): Promise<ObjectStat[]> {
  const manifests: ObjectStat[] = [];
  for await (const stat of target.list('manifests/', signal)) manifests.push(stat);
  return manifests;
}
