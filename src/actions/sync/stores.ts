/** The targets that a sync looks at: those that answer, with what each says of itself. */
import { BatError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import { findStore } from '../../runner/mark-targets.ts';
import type { Target } from '../../targets/target.ts';
import type { Marker } from '../../volume/marker.ts';
import { once, openKeys, type KeyInputs } from '../store/keys.ts';
import { toStored, type StoredSnapshot } from '../store/list.ts';
import type { Trust } from '../store/trust.ts';
import type { ManifestStore } from './documents.ts';

export interface SyncStore extends ManifestStore {
  marker: Marker | null;
}

export interface OpenedStores {
  stores: SyncStore[];
  failures: Map<string, BatError>;
}

export interface OpenStoresOptions {
  keys: () => Promise<KeyInputs>;
  /** The store that a target is by the catalog; null where it knows of none. */
  storeOf: (target: string) => string | null;
  emit: Emit;
  signal: AbortSignal;
}

/** All at once. Those that fail are told; throws what the first one said if none answers. */
export async function openSyncStores(targets: readonly Target[], { keys, storeOf, emit, signal }: OpenStoresOptions): Promise<OpenedStores> {
  const inputs = once(keys);
  const failures = new Map<string, BatError>();
  const opened = await Promise.all(
    targets.map(async (target): Promise<SyncStore | null> => {
      try {
        const marker = await findStore(target, storeOf(target.id), signal);
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
  for (const [target, error] of failures) tell(target, error, emit);
  return { stores, failures };
}

/** Before manifests are read: those that cannot be trusted are no part of what is read, and told; throws what is wrong with the first if none is left. */
export async function trustStores({ stores, failures }: OpenedStores, trust: Trust, emit: Emit, signal: AbortSignal): Promise<OpenedStores> {
  const trusted: SyncStore[] = [];
  const all = new Map(failures);
  for (const store of stores) {
    try {
      trusted.push({ ...store, manifests: await trust.look(store.target, store.manifests, signal) });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof BatError)) throw error;
      all.set(store.target.id, error);
      if (trusted.length === 0 && store === stores.at(-1)) throw error;
      tell(store.target.id, error, emit);
    }
  }
  return { stores: trusted, failures: all };
}

function tell(target: string, { code, message, hint }: BatError, emit: Emit): void {
  emit({ type: 'target-failed', target, code, message, ...(hint === undefined ? {} : { hint }) });
}

async function listManifests(target: Target, signal: AbortSignal): Promise<StoredSnapshot[]> {
  const manifests: StoredSnapshot[] = [];
  for await (const stat of target.list('manifests/', signal)) {
    const stored = toStored(stat);
    if (stored) manifests.push(stored);
  }
  return manifests;
}
