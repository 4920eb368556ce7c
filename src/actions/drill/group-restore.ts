/** Restores what was chosen of one snapshot after the other, compares it, and makes room again. */
import { performance } from 'node:perf_hooks';
import type { DrillFile, DrillList } from '../../catalog/drill-list.ts';
import { BatError, type ErrorCode } from '../../core/errors.ts';
import type { BatEvent } from '../../core/events.ts';
import type { Target } from '../../targets/target.ts';
import { restore, RestoreIncomplete, ThawPending, type RestoreSummary } from '../restore.ts';
import type { StoredSnapshot } from '../store.ts';
import { compareFile } from './compare.ts';
import type { DrillFailure, TrustingOptions } from './contract.ts';
import { removeTree } from './scratch.ts';
import { restoreAround } from './restore-around.ts';

/** What is wrong with single objects; anything else keeps the drill from being made. */
const ofObjects: ReadonlySet<ErrorCode> = new Set(['OBJECT_MISSING', 'OBJECT_DAMAGED', 'OBJECT_COLD', 'RESTORE_REFUSED', 'MANIFEST_FORGED', 'MANIFEST_ROLLED_BACK', 'MANIFEST_CUT_OFF']);

/** Files that are kept by name where the disk cannot be read. */
const mostNotCompared = 1000;

export class GroupRestore {
  readonly failures: DrillFailure[] = [];
  readonly live = { compared: 0, changed: 0, unread: 0 };
  readonly notCompared: DrillFailure[] = [];
  cameBack = 0;
  /** Bytes. */
  fetched = 0;
  /** Milliseconds. */
  duration = 0;
  readonly #options: TrustingOptions;
  readonly #target: Target;
  readonly #list: DrillList;
  readonly #scratch: string;
  readonly #before = { files: 0, bytes: 0, fetched: 0 };
  readonly #total: { files: number; bytes: number };

  constructor(options: TrustingOptions, target: Target, list: DrillList, scratch: string) {
    this.#options = options;
    this.#target = target;
    this.#list = list;
    this.#scratch = scratch;
    this.#total = list.totals('chosen');
  }

  /** Bytes a millisecond that came from the target; 0 if there were none. */
  get rate(): number {
    return this.duration > 0 ? this.fetched / this.duration : 0;
  }

  async run({ id, source }: StoredSnapshot, { snapshot, isWhole, files, bytes }: { snapshot: number; isWhole: boolean; files: number; bytes: number }): Promise<void> {
    const patterns = isWhole ? [] : Array.from(this.#list.chosenOf(snapshot), ({ path }) => `${source}/${path}`);
    const path = `${this.#scratch}/${snapshot}`;
    const messages = new Map<string, string>();
    const started = performance.now();
    const summary = await this.#restore(id, path, patterns, messages);
    this.duration += performance.now() - started;
    this.fetched += summary?.fetched ?? 0;
    this.#before.files += files;
    this.#before.bytes += bytes;
    this.#before.fetched += summary?.fetched ?? 0;
    for (const failure of summary?.failures ?? []) messages.set(failure.path, failure.message);
    for (const file of this.#list.chosenOf(snapshot)) await this.#compare(file, { id, source }, path, messages);
    await removeTree(path);
  }

  /** Null if nothing of it could be restored: why stands in `messages` under the empty path. */
  async #restore(id: string, path: string, patterns: readonly string[], messages: Map<string, string>): Promise<RestoreSummary | null> {
    const { signal } = this.#options;
    try {
      return await restore({ ...restoreAround(this.#options, this.#target), snapshot: id, patterns, destination: { kind: 'folder', path, perSource: true }, dryRun: false, emit: (event) => this.#tell(event) });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RestoreIncomplete && error.code === 'RESTORE_INCOMPLETE') return error.result;
      // The same files must be asked for once more.
      if (error instanceof ThawPending) throw new ThawPending(error.message, error.until, `Call it again then, with --seed ${this.#options.seed} for the same files.`);
      if (!(error instanceof BatError) || !ofObjects.has(error.code)) throw error;
      messages.set('', error.message);
      return null;
    }
  }

  async #compare(file: DrillFile, { id, source }: { id: string; source: string }, folder: string, messages: ReadonlyMap<string, string>): Promise<void> {
    const { plan, signal } = this.#options;
    const name = `${source}/${file.path}`;
    const outcome = await compareFile(file, `${folder}/${name}`, plan.sources.find((one) => one.id === source), signal);
    if (outcome.problem !== null) {
      this.failures.push({ snapshot: id, path: name, message: messages.get(name) ?? messages.get('') ?? outcome.problem });
      return;
    }
    const { live } = outcome;
    this.cameBack++;
    if (live === 'same') this.live.compared++;
    else if (live === 'changed') this.live.changed++;
    else if (this.live.unread++ < mostNotCompared) this.notCompared.push({ snapshot: id, path: name, message: `the file on the disk could not be read: ${live.unread}` });
  }

  /** The progress of one restore as a part of all of them. What could not be restored is said by the report. */
  #tell(event: BatEvent): void {
    const { emit } = this.#options;
    if (event.type === 'restore-progress') {
      const { files, bytes, fetched } = this.#before;
      emit({ ...event, files: files + event.files, bytes: bytes + event.bytes, fetched: fetched + event.fetched, totalFiles: this.#total.files, totalBytes: this.#total.bytes });
    } else {
      emit(event);
    }
  }
}
