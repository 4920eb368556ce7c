/**
 * Reads files from their beginning to their end, as a stream wants them. What one target does not give is taken from the
 * next, chunk by chunk; only then is the next one's manifest asked for its places.
 */
import type { OrderedChunk, RestoreList } from '../../catalog/restore-list.ts';
import { BatError } from '../../core/errors.ts';
import { objectCodes, tellBlame } from './blame.ts';
import { eachChunk, type Store } from './load.ts';
import type { Report } from './report.ts';
import { RunsAhead, type TakenChunk } from './runs-ahead.ts';
import type { WantedSnapshot } from './stores.ts';

export interface OrderedReaderOptions {
  list: RestoreList;
  stores: readonly Store[];
  /** All that was set apart in the list is of this one. */
  snapshot: WantedSnapshot;
  report: Report;
  /** Has what is wanted of a store thawed; see SnapshotReader. */
  thaw(this: void, store: Store): Promise<{ waited: boolean }>;
  signal: AbortSignal;
}

export interface OrderedPiece {
  /** Of the file. */
  entry: number;
  position: number;
  length: number;
  /** Checked, and there until the next piece is asked for; null if no target gives them. */
  bytes: Uint8Array | null;
  /** Why there are none. */
  problem: BatError | null;
}

/** How often an object is read again that its target says is readable, though it would not give it. */
const mostVainly = 2;

export class OrderedReader {
  readonly #options: OrderedReaderOptions;
  readonly #asked = new Set<Store>();
  /** Volumes that turned out to be cold. */
  readonly #cold = new Map<number, Store>();
  #vainly = 0;

  constructor(options: OrderedReaderOptions) {
    this.#options = options;
  }

  /** All that was set apart, file by file. Throws ThawPending, the signal's reason, and bugs. */
  async *read(): AsyncGenerator<OrderedPiece> {
    const { list, report, signal } = this.#options;
    let turn = 0;
    let position = 0;
    let problem: BatError | null = null;
    for (;;) {
      let failed: OrderedChunk | null = null;
      const ahead = new RunsAhead({ list, storeOf: (target) => this.#storeOf(target), report, signal });
      const { found, nowhere } = untilNowhere(list.ordered.from(turn, position));
      for await (const taken of ahead.take(found)) {
        const { chunk, bytes } = taken;
        if (bytes === null) {
          failed = chunk;
          problem = this.#note(taken);
          break;
        }
        [turn, position] = [chunk.turn, chunk.position + chunk.length];
        yield { entry: chunk.entry, position: chunk.position, length: chunk.length, bytes, problem: null };
      }
      failed ??= nowhere();
      if (!failed) return;
      if (await this.#findElsewhere(failed)) continue;
      const { entry, length } = failed;
      [turn, position] = [failed.turn, failed.position + length];
      yield { entry, position: failed.position, length, bytes: null, problem: problem ?? new BatError('OBJECT_DAMAGED', failed.problem ?? 'nothing gives it') };
    }
  }

  /** That a place gives nothing. */
  #note({ chunk, failure }: TakenChunk): BatError {
    const { list, report } = this.#options;
    const { error, isWhole } = failure!;
    const { target, name } = list.volumes.get(chunk.volume);
    const store = this.#storeOf(target);
    if (error.code === 'OBJECT_COLD') {
      list.volumes.suspectCold(chunk.volume);
      this.#cold.set(chunk.volume, store);
    } else {
      tellBlame(error, { store, name, report });
    }
    if (!objectCodes.has(error.code)) list.ordered.missTarget(target, error.message);
    else if (isWhole) list.ordered.missVolume(chunk.volume, error.message);
    else list.ordered.missChunk(chunk, error.message);
    return error;
  }

  /** Whether there is another place to try. */
  async #findElsewhere(chunk: OrderedChunk): Promise<boolean> {
    const { list, stores } = this.#options;
    if (list.ordered.places(chunk).isLeft) return true;
    for (const store of stores) {
      if (this.#asked.has(store)) continue;
      this.#asked.add(store);
      await this.#ask(store);
      if (list.ordered.places(chunk).isLeft) return true;
    }
    return this.#thaw(chunk);
  }

  async #ask(store: Store): Promise<void> {
    const { list, snapshot, report, signal } = this.#options;
    if (store.isGone || !snapshot.holders.includes(store)) return;
    try {
      await eachChunk(list, store, snapshot.id, signal, (chunk) => list.ordered.offer(chunk, store.number + 1));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof BatError) || error.code === 'STATE_FAILED') throw error;
      report.trouble(store.target.id, error.subject ?? snapshot.id, error);
    }
  }

  /** What is cold wherever it lies is thawed, or the target asked when it will be. */
  async #thaw(chunk: OrderedChunk): Promise<boolean> {
    const { list, thaw } = this.#options;
    const volume = list.ordered.places(chunk).volumes.find((id) => this.#cold.has(id));
    if (volume === undefined || this.#vainly === mostVainly) return false;
    const store = this.#cold.get(volume)!;
    const volumes = [...this.#cold].flatMap(([id, holder]) => (holder === store ? [id] : []));
    for (const id of volumes) list.ordered.putBack(id);
    const { waited } = await thaw(store);
    list.chunks.forget();
    for (const id of volumes) {
      list.ordered.giveBack(id);
      this.#cold.delete(id);
    }
    this.#vainly = waited ? 0 : this.#vainly + 1;
    return true;
  }

  #storeOf(target: number): Store {
    return this.#options.stores.find(({ number }) => number === target)!;
  }
}

/** The chunks up to the first that is to be had nowhere, and which that was. */
function untilNowhere(chunks: Iterable<OrderedChunk>): { found: Iterable<OrderedChunk>; nowhere: () => OrderedChunk | null } {
  let end: OrderedChunk | null = null;
  const found = (function* () {
    for (const chunk of chunks) {
      if (chunk.problem !== null) {
        end = chunk;
        return;
      }
      yield chunk;
    }
  })();
  return { found, nowhere: () => end };
}
