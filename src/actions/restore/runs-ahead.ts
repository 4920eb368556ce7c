/**
 * Reads chunks in an order that somebody wants them in. What lies side by side in a volume is a run, and read in one go; the
 * runs are opened, and fetched, some of them before it is their turn.
 */
import { hash } from 'node:crypto';
import type { OrderedChunk, RestoreList } from '../../catalog/restore-list.ts';
import { BatError } from '../../core/errors.ts';
import type { ObjectReader } from '../../volume/object-reader.ts';
import { readRight } from './blame.ts';
import { ExtentReader } from './extent-reader.ts';
import { FrameTable } from './extents.ts';
import type { FetchAhead, ObjectFetches } from './fetch-ahead.ts';
import { parseLayout, type Store } from './load.ts';
import { fetchAheadOf, openReader, rangesOf } from './open-object.ts';
import type { Report } from './report.ts';

export interface RunsAheadOptions {
  list: RestoreList;
  /** By the number of its target in the list. */
  storeOf(this: void, target: number): Store;
  report: Report;
  signal: AbortSignal;
}

export interface TakenChunk {
  chunk: OrderedChunk;
  /** Checked, and there until the next chunk is asked for; null if this place does not give them. */
  bytes: Uint8Array | null;
  /** Why there are none. `isWhole`: nothing at all can be had of the volume, or of its target. */
  failure: { error: BatError; isWhole: boolean } | null;
}

/** A run is held as a list; so long a one is hundreds of megabytes. */
const mostInRun = 1024;
const mostOpen = 32;

interface Volume {
  id: number;
  name: string;
  frames: FrameTable;
  reader: Promise<ObjectReader>;
  /** Of the run that reads it now: those that come later fetch ahead for themselves. */
  fetches: ObjectFetches;
}

interface Run {
  chunks: readonly [OrderedChunk, ...OrderedChunk[]];
  volume: Volume;
  fetches: ObjectFetches;
}

export class RunsAhead {
  readonly #options: RunsAheadOptions;
  readonly #ahead = new Map<Store, FetchAhead>();
  /** In the order of their opening. */
  readonly #volumes = new Map<number, Volume>();
  readonly #frames = new Map<number, FrameTable>();

  constructor(options: RunsAheadOptions) {
    this.#options = options;
  }

  /** Each of the chunks in turn. Throws only the signal's reason, and bugs. */
  async *take(chunks: Iterable<OrderedChunk>): AsyncGenerator<TakenChunk> {
    const opened: Run[] = [];
    const runs = this.#runsOf(chunks);
    try {
      for (;;) {
        while (opened.length <= this.#atOnce) {
          const next = runs.next();
          if (next.done) break;
          opened.push(this.#open(next.value));
        }
        const first = opened.shift();
        if (!first) return;
        yield* this.#takeRun(first);
        first.fetches.end();
      }
    } finally {
      runs.return(undefined);
      await Promise.all([...this.#ahead.values()].map((ahead) => ahead.close()));
    }
  }

  get #atOnce(): number {
    return Math.max(1, ...[...this.#ahead.keys()].map(({ target }) => target.capabilities.parallel));
  }

  async *#takeRun({ chunks, volume, fetches }: Run): AsyncGenerator<TakenChunk> {
    const { signal } = this.#options;
    volume.fetches = fetches;
    let reader: ObjectReader;
    try {
      reader = await volume.reader;
    } catch (error) {
      yield* chunks.map((chunk) => ({ chunk, bytes: null, failure: { error: known(error, signal), isWhole: true } }));
      return;
    }
    const source = new ExtentReader(reader, volume.frames, extentOf(chunks));
    let last: TakenChunk | null = null as TakenChunk | null;
    try {
      for (const chunk of chunks) {
        signal.throwIfAborted();
        last = last && isSameRange(last, chunk) ? { ...last, chunk } : await this.#takeChunk(chunk, volume.name, reader, source);
        yield last;
      }
    } finally {
      await source.end();
    }
  }

  async #takeChunk(chunk: OrderedChunk, name: string, reader: ObjectReader, source: ExtentReader): Promise<TakenChunk> {
    try {
      const bytes = await source.take(chunk.offset, chunk.length);
      const right = hash('sha256', bytes, 'buffer').equals(chunk.sha256) ? bytes : await readRight(reader, name, chunk);
      if (right) return { chunk, bytes: right, failure: null };
      throw new BatError('OBJECT_DAMAGED', `${name} is damaged: it holds other bytes than it should at ${chunk.offset}`);
    } catch (thrown) {
      const error = known(thrown, this.#options.signal);
      return { chunk, bytes: null, failure: { error, isWhole: error.code !== 'OBJECT_DAMAGED' } };
    }
  }

  *#runsOf(chunks: Iterable<OrderedChunk>): Generator<[OrderedChunk, ...OrderedChunk[]]> {
    let run: [OrderedChunk, ...OrderedChunk[]] | null = null;
    for (const chunk of chunks) {
      if (run && this.#joins(run.at(-1)!, chunk) && run.length < mostInRun) {
        run.push(chunk);
        continue;
      }
      if (run) yield run;
      run = [chunk];
    }
    if (run) yield run;
  }

  /** In the same frame, or in frames side by side; or the very same bytes again, as in long rows of zeros. */
  #joins(last: OrderedChunk, next: OrderedChunk): boolean {
    if (last.volume !== next.volume) return false;
    if (last.offset === next.offset && last.length === next.length && last.sha256.equals(next.sha256)) return true;
    const end = last.offset + last.length;
    if (next.offset < end) return false;
    const frames = this.#framesOf(next.volume);
    return frames.at(next.offset) <= frames.at(end - 1) + 1;
  }

  #framesOf(volume: number): FrameTable {
    let frames = this.#frames.get(volume);
    if (!frames) {
      frames = new FrameTable(parseLayout(this.#options.list.volumes.get(volume).layout));
      remember(this.#frames, volume, frames);
    }
    return frames;
  }

  #open(chunks: [OrderedChunk, ...OrderedChunk[]]): Run {
    const { id, name, layout: text, target } = this.#options.list.volumes.get(chunks[0].volume);
    const store = this.#options.storeOf(target);
    const fetches = this.#aheadOf(store).object(name);
    let volume = this.#volumes.get(id);
    if (!volume) {
      const layout = parseLayout(text);
      const opening = { id, name, frames: this.#framesOf(id), fetches };
      const reader = openReader(store, layout, (offset, length, again) => opening.fetches.fetch(offset, length, again));
      volume = Object.assign(opening, { reader });
      remember(this.#volumes, id, volume);
    }
    volume.reader.then(
      (reader) => fetches.plan(rangesOf(reader, [extentOf(chunks)])),
      () => fetches.end(),
    );
    return { chunks, volume, fetches };
  }

  #aheadOf(store: Store): FetchAhead {
    const { report, signal } = this.#options;
    let ahead = this.#ahead.get(store);
    if (!ahead) this.#ahead.set(store, (ahead = fetchAheadOf(store, report, signal)));
    return ahead;
  }
}

function extentOf(chunks: readonly [OrderedChunk, ...OrderedChunk[]]): { start: number; end: number } {
  const last = chunks.at(-1)!;
  return { start: chunks[0].offset, end: last.offset + last.length };
}

/** What is there for one is there for the other. */
function isSameRange({ bytes, chunk: { offset, length } }: TakenChunk, next: OrderedChunk): boolean {
  return bytes !== null && offset === next.offset && length === next.length;
}

/** What neither an object nor its target is to blame for is thrown. */
function known(error: unknown, signal: AbortSignal): BatError {
  signal.throwIfAborted();
  if (!(error instanceof BatError)) throw error;
  return error;
}

function remember<T>(map: Map<number, T>, key: number, value: T): void {
  map.set(key, value);
  if (map.size > mostOpen) map.delete(map.keys().next().value!);
}
