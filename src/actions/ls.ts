/** The entries of snapshots: `bat ls`. From the catalog, without a key; what it does not have is read from a target. */
import { RestoreList } from '../catalog/restore-list.ts';
import { SnapshotEntries } from '../catalog/snapshot-entries.ts';
import { Snapshots, type Snapshot } from '../catalog/snapshots.ts';
import type { Entry, EntryType } from '../core/entry.ts';
import { BatError } from '../core/errors.ts';
import type { Emit } from '../core/events.ts';
import type { Plan } from '../plan/plan.ts';
import { openLocalCatalog, unlessDamaged } from './local-catalog.ts';
import { chooseKnown } from './known-snapshots.ts';
import { placesIn } from './ls/place.ts';
import { closeTargets, createTargets } from './plan-targets.ts';
import { chooseSnapshots, openKeys, readSnapshot, type KeyInputs } from './store.ts';
import { Trust } from './store/trust.ts';
import { askTargets, mergeSnapshots, type Holder } from './stored.ts';

export interface LsOptions {
  plan: Plan;
  /** As in store/choose.ts. */
  snapshot: string;
  /** Only these sources; all if it is empty. */
  sources: readonly string[];
  /** `<path>` or `<source>/<path>`: a file, or a folder whose content is meant; or a glob. Empty for the top. */
  path: string;
  /** Everything below the folder, not just what is right in it. */
  recursive: boolean;
  /** Called once at the most, and only if the catalog does not have the snapshot. */
  keys: () => Promise<KeyInputs>;
  /** What is doubtful on a target is taken all the same. */
  accept?: boolean;
  environment: NodeJS.ProcessEnv;
  emit: Emit;
  signal: AbortSignal;
}

export interface LsEntry {
  snapshot: string;
  source: string;
  entry: Entry;
}

const everyType: readonly EntryType[] = ['file', 'directory', 'symlink', 'hardlink', 'fifo'];
/** Entries between two looks at the signal. */
const betweenTurns = 1000;

/** In the order of the sources and their folders. Throws NOT_FOUND if there is nothing of that path, NOTHING_STORED, SNAPSHOT_NOT_FOUND, and the codes of readSnapshot. */
export async function* listEntries(options: LsOptions): AsyncGenerator<LsEntry> {
  let found = false;
  let count = 0;
  let source: string | null = null;
  let placeOf = placesIn('', options);
  for await (const listed of fromAnywhere(options)) {
    if (++count % betweenTurns === 0) {
      await new Promise(setImmediate);
      options.signal.throwIfAborted();
    }
    if (listed.source !== source) {
      source = listed.source;
      placeOf = placesIn(source, options);
    }
    const place = placeOf(listed.entry.path, listed.entry.type === 'directory');
    found ||= place !== 'elsewhere';
    if (place === 'listed') yield listed;
  }
  if (found || (options.path === '' && count === 0)) return;
  throw new BatError('NOT_FOUND', `There is no "${options.path}" in what was chosen.`, { hint: 'Look at what there is with `bat ls -R`, or choose another one with --snapshot.', subject: options.path });
}

async function* fromAnywhere(options: LsOptions): AsyncGenerator<LsEntry> {
  const catalog = unlessDamaged(options.emit, () => openLocalCatalog(options.plan, options.environment));
  try {
    const chosen = catalog && unlessDamaged(options.emit, () => choose(new Snapshots(catalog), options));
    if (catalog && chosen) {
      const entries = new SnapshotEntries(catalog);
      for (const snapshot of chosen) {
        for (const { entry } of entries.inOrder(snapshot)) yield { snapshot: snapshot.id, source: snapshot.source, entry };
      }
      return;
    }
  } finally {
    catalog?.close();
  }
  yield* fromTargets(options);
}

/** Null if the catalog does not have what is wanted: a target may. */
function choose(snapshots: Snapshots, { snapshot, sources }: LsOptions): Snapshot[] | null {
  try {
    return chooseKnown(snapshots.list(), { snapshot, sources });
  } catch (error) {
    if (error instanceof BatError && (error.code === 'NOTHING_STORED' || error.code === 'SNAPSHOT_NOT_FOUND')) return null;
    throw error;
  }
}

async function* fromTargets(options: LsOptions): AsyncGenerator<LsEntry> {
  const { plan, environment, emit, signal, snapshot, sources } = options;
  const targets = await createTargets({ plan, environment, emit });
  try {
    const trust = new Trust({ plan, environment, accept: options.accept ?? false, emit });
    const holders = await askTargets(targets, emit, signal, trust);
    const inputs = await options.keys();
    for (const { id, source } of chooseSnapshots(mergeSnapshots(holders), { snapshot, sources })) {
      const list = new RestoreList();
      try {
        await readFromAny(list, id, holders, inputs, signal);
        for (const entry of list.entries.inOrder(everyType, ['wanted'])) yield { snapshot: id, source, entry };
      } finally {
        list.close();
      }
    }
  } finally {
    await closeTargets(targets);
  }
}

/** From the first target that can give its manifests; throws what the first one said if none can. */
async function readFromAny(list: RestoreList, id: string, holders: readonly Holder[], inputs: KeyInputs, signal: AbortSignal): Promise<void> {
  let failure: BatError | null = null;
  for (const { target, stored } of holders.filter((holder) => holder.stored.some((snapshot) => snapshot.id === id))) {
    try {
      let layer = -1;
      for await (const { line } of readSnapshot(target, id, () => openKeys(target, inputs, signal), { stored, signal })) {
        if (line.kind === 'header') layer++;
        else if (line.kind === 'removed') list.entries.remove(0, line.path);
        else if (line.kind === 'entry') list.entries.put(0, layer, line.entry, null, 'wanted');
      }
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof BatError)) throw error;
      failure ??= error;
      list.entries.clear(0);
    }
  }
  if (failure) throw failure;
}
