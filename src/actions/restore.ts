/**
 * Restores snapshots: reads their manifests, decides about each entry, then goes once through the volumes in their order
 * and reads of each what is wanted. What is damaged or missing on one target is taken from the next.
 */
import { RestoreList, type ListedEntry } from '../catalog/restore-list.ts';
import { Budget } from '../core/budget.ts';
import { BatError } from '../core/errors.ts';
import { inParallel } from '../core/in-parallel.ts';
import type { FolderAttributes } from '../volume/manifest.ts';
import type { RestoreOptions, RestoreSummary } from './restore/contract.ts';
import { decide } from './restore/decide.ts';
import { Files, type Surroundings } from './restore/files.ts';
import { Folders } from './restore/folders.ts';
import { findMissing, loadSnapshot, type Store } from './restore/load.ts';
import { Selection } from './restore/patterns.ts';
import { Places } from './restore/places.ts';
import { Report, Stopped } from './restore/report.ts';
import { makeFifos, makeHardLinks, makeSymlinks } from './restore/specials.ts';
import { chooseWanted, openStores, type WantedSnapshot } from './restore/stores.ts';
import { Thawing } from './restore/thawing.ts';
import { finishFolders, finishTop, makeFolders } from './restore/tree.ts';
import { countFetches, readVolumes } from './restore/volumes.ts';

export {
  RestoreIncomplete,
  ThawPending,
  type Destination,
  type Overwrite,
  type RestoreOptions,
  type RestoreSummary,
  type ThawOffer,
  type ThawPolicy,
} from './restore/contract.ts';

/** Bytes of manifests, as they are stored, that are held at a time; one that is larger goes alone. */
const mostManifests = 32 * 1024 * 1024;
/** How often volumes are read again that their target says are readable, though it would not give them. */
const mostVainly = 2;

/**
 * Whatever the manifests say, nothing outside the destination is written, and no file gets its name before it is whole and
 * was checked. Throws RestoreIncomplete (a BatError, with the summary) if anything is missing at the end; the codes of
 * store.ts if nothing could be begun; ThawPending if objects must be thawed first; the signal's reason if it was aborted.
 * Targets are connected, not closed.
 */
export async function restore(options: RestoreOptions): Promise<RestoreSummary> {
  const report = new Report(options.emit);
  const stores = await openStores(options);
  const wanted = chooseWanted(stores, options);
  const list = new RestoreList();
  try {
    const places = new Places(options.destination, wanted.map(({ source }) => source), list);
    const work = new Restore(options, { stores, wanted, list, places, report });
    return await work.run();
  } finally {
    list.close();
  }
}

interface Parts {
  stores: readonly Store[];
  wanted: readonly WantedSnapshot[];
  list: RestoreList;
  places: Places;
  report: Report;
}

class Restore {
  readonly #options: RestoreOptions;
  readonly #parts: Parts;
  readonly #around: Surroundings;
  /** Of snapshots that are restored whole: what the folders they go to should be like. */
  readonly #tops = new Map<WantedSnapshot, FolderAttributes>();
  readonly #thawing: Thawing;

  constructor(options: RestoreOptions, parts: Parts) {
    const { wanted, list, places, report } = parts;
    const { thaw, dryRun, emit, signal } = options;
    const sourceOf = (entry: ListedEntry): string => wanted[entry.snapshot]!.source;
    this.#options = options;
    this.#parts = parts;
    this.#around = { list, places, folders: new Folders(), report, sourceOf, signal };
    this.#thawing = new Thawing({ list, report, policy: thaw, dryRun, emit, signal, findMissing: (store) => this.#findMissing(store) });
  }

  async run(): Promise<RestoreSummary> {
    const { list, places, report, stores } = this.#parts;
    await this.#load();
    await decide({ ...this.#around, overwrite: this.#options.overwrite });
    report.expect(list.totals());
    list.wantChunks();
    const { order } = await this.#thawing.settle(stores);
    let stopped: Stopped | null = null;
    if (this.#options.dryRun) {
      Object.assign(report.summary, list.totals());
      for (const store of stores) countFetches(list, store, report);
    } else {
      places.prepare();
      stopped = await this.#write(order);
      report.progress(true);
    }
    return report.end(places.describe(), stopped);
  }

  /** Each snapshot from the first target that can give its manifests. Throws if not one snapshot can be read. */
  async #load(): Promise<void> {
    const { stores, wanted, report } = this.#parts;
    const patterns = this.#options.patterns ?? [];
    const used = new Set<string>();
    const outcomes = new Map<WantedSnapshot, Store | BatError>();
    const memory = new Budget(mostManifests);
    await inParallel(wanted, Math.max(...stores.map(({ target }) => target.capabilities.parallel)), async (snapshot) => {
      const size = largestManifest(snapshot);
      await memory.take(size);
      try {
        outcomes.set(snapshot, await this.#loadFromAny(snapshot, new Selection(snapshot.source, patterns, used)));
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
    this.#parts.list.settle();
    const unused = patterns.filter((pattern) => !used.has(pattern));
    if (patterns.length > 0 && unused.length === patterns.length) {
      throw new BatError('USAGE', `Nothing in ${wanted.map(({ id }) => id).join(', ')} matches ${patterns.join(', ')}.`, { hint: 'See what is there with `bat ls`.' });
    }
    for (const pattern of unused) report.note(`Nothing matches ${pattern}.`);
  }

  /** From which target, or why none could give it. */
  async #loadFromAny(snapshot: WantedSnapshot, selection: Selection): Promise<Store | BatError> {
    const { list, report } = this.#parts;
    const { signal } = this.#options;
    let first: BatError | null = null;
    for (const store of snapshot.holders) {
      try {
        const top = await loadSnapshot(list, store, snapshot.id, snapshot.number, selection, signal);
        if (top && (this.#options.patterns ?? []).length === 0) this.#tops.set(snapshot, top);
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

  /** Returns why it ended before its end. */
  async #write(order: readonly Store[]): Promise<Stopped | null> {
    const files = new Files(this.#around);
    this.#around.folders.forget();
    try {
      await makeFolders(this.#around);
      await this.#writeEmpty(files);
      await this.#readAll(files, order);
      await makeFifos(this.#around);
      await makeHardLinks(this.#around);
      await makeSymlinks(this.#around);
      await finishFolders(this.#around);
      for (const [{ number, source }, top] of this.#tops) finishTop(this.#around, number, source, top);
      return null;
    } catch (error) {
      if (error instanceof Stopped) return error;
      throw error;
    } finally {
      await files.abort();
    }
  }

  async #writeEmpty(files: Files): Promise<void> {
    let count = 0;
    for (const entry of this.#parts.list.emptyFiles()) {
      if (++count % 200 === 0) await new Promise(setImmediate);
      this.#options.signal.throwIfAborted();
      files.writeWhole(entry, new Uint8Array(0));
    }
  }

  async #readAll(files: Files, stores: readonly Store[]): Promise<void> {
    const { list, report } = this.#parts;
    const { signal } = this.#options;
    let vainly = 0;
    for (let order = stores; ; ) {
      const cold = new Set<Store>();
      for (const store of order) {
        await this.#findMissing(store);
        await readVolumes({ list, store, report, signal, write: (use, bytes) => files.write(use, bytes), onCold: () => void cold.add(store) });
      }
      // A target that says of an object that it is readable, and does not let it be read, is not believed for ever.
      if (cold.size === 0 || vainly === mostVainly) break;
      list.forgetUses();
      const settled = await this.#thawing.settle([...cold]);
      vainly = settled.waited ? 0 : vainly + 1;
      order = settled.order;
    }
    for (const { entry, reason } of list.missingFiles()) await files.giveUp(entry, reason);
  }

  /** What the targets before this one could not give. */
  async #findMissing(store: Store): Promise<void> {
    const { wanted, list, report } = this.#parts;
    for (const { id, number } of wanted) {
      if (list.missingCount(number) === 0 || store.isGone || !store.stored.some((stored) => stored.id === id)) continue;
      try {
        await findMissing(list, store, id, this.#options.signal);
      } catch (error) {
        this.#options.signal.throwIfAborted();
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
