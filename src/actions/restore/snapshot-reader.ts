/** Reads snapshots: their manifests into the list, and then the bytes of all that is wanted of them, from whichever target gives them. */
import type { ListedUse, RestoreList } from '../../catalog/restore-list.ts';
import { Budget } from '../../core/budget.ts';
import { BatError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import { inParallel } from '../../core/in-parallel.ts';
import type { FolderAttributes } from '../../volume/manifest.ts';
import type { ThawPolicy } from './contract.ts';
import { findMissing, loadSnapshot, type Store } from './load.ts';
import { Selection } from './patterns.ts';
import type { Report } from './report.ts';
import type { WantedSnapshot } from './stores.ts';
import { Thawing } from './thawing.ts';
import { readVolumes } from './volumes.ts';

export interface SnapshotReaderOptions {
  stores: readonly Store[];
  wanted: readonly WantedSnapshot[];
  /** What is wanted of them; everything if there is none. */
  patterns: readonly string[];
  /** The patterns are `<source>/<path>` as they stand, and no globs. */
  isLiteral?: boolean;
  /** Files that are not wanted must be in the list, too. */
  isWhole?: boolean;
  list: RestoreList;
  report: Report;
  thaw: ThawPolicy;
  dryRun: boolean;
  emit: Emit;
  signal: AbortSignal;
}

/** Bytes of manifests, as they are stored, that are held at a time; one that is larger goes alone. */
const mostManifests = 32 * 1024 * 1024;
/** How often volumes are read again that their target says are readable, though it would not give them. */
const mostVainly = 2;

export class SnapshotReader {
  /** Of snapshots that are wanted whole: what the folders that their sources were should be like. */
  readonly tops = new Map<WantedSnapshot, FolderAttributes>();
  readonly #options: SnapshotReaderOptions;
  readonly #thawing: Thawing;

  constructor(options: SnapshotReaderOptions) {
    const { list, report, thaw, dryRun, emit, signal } = options;
    this.#options = options;
    this.#thawing = new Thawing({ list, report, policy: thaw, dryRun, emit, signal, findMissing: (store) => this.#findMissing(store) });
  }

  /** Each snapshot from the first target that can give its manifests. Throws if not one snapshot can be read, and NOT_FOUND if nothing in them is wanted. */
  async load(): Promise<void> {
    const { stores, wanted, report, patterns, isLiteral } = this.#options;
    const used = new Set<string>();
    const outcomes = new Map<WantedSnapshot, Store | BatError>();
    const memory = new Budget(mostManifests);
    await inParallel(wanted, Math.max(...stores.map(({ target }) => target.capabilities.parallel)), async (snapshot) => {
      const size = largestManifest(snapshot);
      await memory.take(size);
      try {
        outcomes.set(snapshot, await this.#loadFromAny(snapshot, new Selection(snapshot.source, patterns, used, isLiteral)));
      } finally {
        memory.give(size);
      }
    });
    const failures: { snapshot: WantedSnapshot; error: BatError }[] = [];
    for (const snapshot of wanted) {
      const outcome = outcomes.get(snapshot)!;
      if (outcome instanceof BatError) failures.push({ snapshot, error: outcome });
      else report.summary.snapshots.push({ id: snapshot.id, source: snapshot.source, target: outcome.target.id });
    }
    if (failures.length === wanted.length) throw failures[0]!.error;
    for (const { snapshot, error } of failures) report.fail(snapshot.source, '', error);
    this.#options.list.entries.settle();
    const unused = patterns.filter((pattern) => !used.has(pattern));
    if (patterns.length > 0 && unused.length === patterns.length) {
      throw new BatError('NOT_FOUND', `Nothing in ${wanted.map(({ id }) => id).join(', ')} matches ${patterns.join(', ')}.`, { hint: 'See what is there with `bat ls`.' });
    }
    report.summary.unmatched.push(...unused);
  }

  /** From which target, or why none could give it. */
  async #loadFromAny(snapshot: WantedSnapshot, selection: Selection): Promise<Store | BatError> {
    const { list, report, patterns, isWhole = false, signal } = this.#options;
    let first: BatError | null = null;
    for (const store of snapshot.holders) {
      try {
        const top = await loadSnapshot(list, store, { id: snapshot.id, number: snapshot.number, selection, isWhole, signal });
        if (top && patterns.length === 0) this.tops.set(snapshot, top);
        return store;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof BatError) || error.code === 'STATE_FAILED') throw error;
        report.trouble(store.target.id, error.subject ?? snapshot.id, error);
        first ??= error;
      }
    }
    return first!;
  }

  /** Has what is wanted thawed where it is cold; the stores in the order to read them in. Throws ThawPending. */
  async settle(): Promise<readonly Store[]> {
    return (await this.#thawing.settle(this.#options.stores)).order;
  }

  /** The same for what is wanted of one store; whether that took a thaw. */
  thaw(store: Store): Promise<{ waited: boolean }> {
    return this.#thawing.settle([store]);
  }

  /** Reads all that is wanted, from the first of the stores that gives it; what none gives is in the list's `missingFiles` afterwards. */
  async readAll(order: readonly Store[], write: (use: ListedUse, bytes: Uint8Array) => Promise<void> | void): Promise<void> {
    const { list, report, signal } = this.#options;
    let vainly = 0;
    for (let stores = order; ; ) {
      const cold = new Set<Store>();
      for (const store of stores) {
        await this.#findMissing(store);
        await readVolumes({ list, store, report, signal, write, onCold: () => void cold.add(store) });
      }
      // A target that says of an object that it is readable, and does not let it be read, is not believed for ever.
      if (cold.size === 0 || vainly === mostVainly) return;
      list.chunks.forget();
      const settled = await this.#thawing.settle([...cold]);
      vainly = settled.waited ? 0 : vainly + 1;
      stores = settled.order;
    }
  }

  /** What the targets before this one could not give. */
  async #findMissing(store: Store): Promise<void> {
    const { wanted, list, report, signal } = this.#options;
    for (const { id, number } of wanted) {
      if (list.chunks.missingCount(number) === 0 || store.isGone || !store.stored.some((stored) => stored.id === id)) continue;
      try {
        await findMissing(list, store, id, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof BatError) || error.code === 'STATE_FAILED') throw error;
        report.trouble(store.target.id, error.subject ?? id, error);
      }
    }
  }
}

/** A snapshot may be laid over any earlier one of its source. */
function largestManifest({ source, holders }: WantedSnapshot): number {
  return Math.max(0, ...holders.flatMap(({ stored }) => stored.flatMap((snapshot) => (snapshot.source === source ? [snapshot.size] : []))));
}
