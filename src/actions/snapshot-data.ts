/** What is stored of one source, or of a path in it, for those who want the bytes and no files: `cat` and `dump`. */
import { RestoreList } from '../catalog/restore-list.ts';
import { BatError } from '../core/errors.ts';
import type { Emit } from '../core/events.ts';
import type { FolderAttributes } from '../volume/manifest.ts';
import type { Target } from '../targets/target.ts';
import type { ThawPolicy } from './restore/contract.ts';
import type { Store } from './restore/load.ts';
import { OrderedReader } from './restore/ordered-reader.ts';
import { Report } from './restore/report.ts';
import { SnapshotReader } from './restore/snapshot-reader.ts';
import { chooseWanted, openStores, type WantedSnapshot } from './restore/stores.ts';
import type { KeyInputs } from './store/keys.ts';
import type { Trust } from './store/trust.ts';

export interface SnapshotDataOptions {
  /** In the order of preference: what one cannot give is taken from the next that has the same snapshot. */
  targets: readonly Target[];
  /** Ids of targets that the plan has, too, and that are not to be asked. */
  passedBy?: readonly string[];
  /** As in store/choose.ts. */
  snapshot: string;
  /** `<source>/<path>`, or `<path>` where there is only one source. */
  path: string;
  keys: KeyInputs;
  thaw: ThawPolicy;
  /** Who may have written it; without it only signatures are checked, by whomever they are. */
  trust?: Trust;
  emit: Emit;
  signal: AbortSignal;
}

/** Takes bytes; is done with them when it resolves. */
export type Write = (bytes: Uint8Array) => Promise<void>;

export class SnapshotData {
  readonly list = new RestoreList();
  readonly report: Report;
  readonly snapshot: WantedSnapshot;
  /** Within the source; empty for all of it. */
  readonly path: string;
  readonly reader: SnapshotReader;
  readonly #stores: readonly Store[];
  readonly #signal: AbortSignal;

  private constructor(options: SnapshotDataOptions, stores: readonly Store[], snapshot: WantedSnapshot, path: string) {
    const { thaw, emit, signal } = options;
    this.report = new Report(emit, options.passedBy);
    this.snapshot = snapshot;
    this.path = path;
    this.#stores = stores;
    this.#signal = signal;
    const patterns = path === '' ? [] : [this.fullPath];
    this.reader = new SnapshotReader({ stores, wanted: [snapshot], patterns, isLiteral: true, list: this.list, report: this.report, thaw, dryRun: false, emit, signal });
  }

  /**
   * Its entries are in the list then, those of the path as wanted. Targets are connected, not closed. Throws NOT_FOUND if
   * there is nothing of that path, and what openStores and chooseWanted throw.
   */
  static async open(options: SnapshotDataOptions): Promise<SnapshotData> {
    const stores = await openStores(options);
    const path = options.path.replace(/^(\.?\/)+/, '').replace(/\/+$/, '');
    const [first = ''] = path.split('/', 1);
    const sources = new Set(stores.flatMap(({ stored }) => stored.map(({ source }) => source)));
    const isNamed = sources.has(first);
    const [snapshot, ...others] = chooseWanted(stores, { ...options, sources: isNamed ? [first] : [] });
    if (!snapshot || others.length > 0) {
      throw new BatError('NOT_FOUND', `"${options.path}" does not begin with a source that is stored.`, { hint: `Write it as SOURCE/PATH. The sources are: ${[...sources].sort().join(', ')}.` });
    }
    const data = new SnapshotData(options, stores, snapshot, isNamed ? path.slice(first.length + 1) : path);
    try {
      await data.reader.load();
      return data;
    } catch (error) {
      data.close();
      throw error;
    }
  }

  /** For a person. */
  get fullPath(): string {
    return this.path === '' ? this.snapshot.source : `${this.snapshot.source}/${this.path}`;
  }

  /** What the folder that the source was should be like, where all of it is wanted. */
  get top(): FolderAttributes | undefined {
    return this.reader.tops.get(this.snapshot);
  }

  /** Of what was set apart in the list. */
  inOrder(): OrderedReader {
    const { list, report, snapshot, reader } = this;
    return new OrderedReader({ list, stores: this.#stores, snapshot, report, thaw: (store) => reader.thaw(store), signal: this.#signal });
  }

  close(): void {
    this.list.close();
  }
}
