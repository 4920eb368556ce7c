/**
 * Restores snapshots: reads their manifests, decides about each entry, then goes once through the volumes in their order
 * and reads of each what is wanted. What is damaged or missing on one target is taken from the next.
 */
import { RestoreList, type ListedEntry } from '../catalog/restore-list.ts';
import type { RestoreOptions, RestoreSummary } from './restore/contract.ts';
import { decide } from './restore/decide.ts';
import { Files, type Surroundings } from './restore/files.ts';
import { Folders } from './restore/folders.ts';
import type { Store } from './restore/load.ts';
import { Places } from './restore/places.ts';
import { Report, Stopped } from './restore/report.ts';
import { SnapshotReader } from './restore/snapshot-reader.ts';
import { makeFifos, makeHardLinks, makeSymlinks } from './restore/specials.ts';
import { chooseWanted, openStores, type WantedSnapshot } from './restore/stores.ts';
import { finishFolders, finishTop, makeFolders } from './restore/tree.ts';
import { countFetches } from './restore/volumes.ts';

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

/**
 * Whatever the manifests say, nothing outside the destination is written, and no file gets its name before it is whole and
 * was checked. Throws RestoreIncomplete (with the summary as its result) if anything is missing at the end; the codes of
 * store.ts if nothing could be begun; ThawPending if objects must be thawed first; the signal's reason if it was aborted.
 * Targets are connected, not closed.
 */
export async function restore(options: RestoreOptions): Promise<RestoreSummary> {
  const report = new Report(options.emit, options.passedBy);
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
  readonly #reader: SnapshotReader;

  constructor(options: RestoreOptions, parts: Parts) {
    const { stores, wanted, list, places, report } = parts;
    const { patterns = [], thaw, dryRun, emit, signal } = options;
    const sourceOf = (entry: ListedEntry): string => wanted[entry.snapshot]!.source;
    this.#options = options;
    this.#parts = parts;
    this.#around = { list, places, folders: new Folders(), report, sourceOf, signal };
    // Only by all that a source holds can it be told whether it is a single file, which goes back to its own place.
    const isWhole = options.destination.kind === 'in-place';
    this.#reader = new SnapshotReader({ stores, wanted, patterns, isWhole, list, report, thaw, dryRun, emit, signal });
  }

  async run(): Promise<RestoreSummary> {
    const { list, places, report, stores } = this.#parts;
    await this.#reader.load();
    await decide({ ...this.#around, overwrite: this.#options.overwrite });
    report.expect(list.entries.totals());
    list.chunks.want();
    const order = await this.#reader.settle();
    let stopped: Stopped | null = null;
    if (this.#options.dryRun) {
      Object.assign(report.summary, list.entries.totals());
      for (const store of stores) countFetches(list, store, report);
    } else {
      places.prepare();
      stopped = await this.#write(order);
      report.progress(true);
    }
    return report.end(places.describe(), stopped);
  }

  /** Returns why it ended before its end. */
  async #write(order: readonly Store[]): Promise<Stopped | null> {
    const files = new Files(this.#around);
    this.#around.folders.forget();
    try {
      await makeFolders(this.#around);
      await this.#writeEmpty(files);
      await this.#reader.readAll(order, (use, bytes) => files.write(use, bytes));
      for (const { entry, reason } of this.#parts.list.chunks.missingFiles()) await files.giveUp(entry, reason);
      await files.settle();
      await makeFifos(this.#around);
      await makeHardLinks(this.#around);
      await makeSymlinks(this.#around);
      await finishFolders(this.#around);
      for (const [{ number, source }, top] of this.#reader.tops) finishTop(this.#around, number, source, top);
      return null;
    } catch (error) {
      if (error instanceof Stopped) return error;
      throw error;
    } finally {
      await files.end();
    }
  }

  async #writeEmpty(files: Files): Promise<void> {
    let count = 0;
    for (const entry of this.#parts.list.entries.emptyFiles()) {
      if (++count % 200 === 0) await new Promise(setImmediate);
      this.#options.signal.throwIfAborted();
      await files.writeEmpty(entry);
    }
  }
}
