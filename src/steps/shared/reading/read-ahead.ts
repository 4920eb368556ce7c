/**
 * Reads files ahead of the step that packs them, on a thread of its own: while the disk is waited for, and files are
 * hashed, the main thread packs, seals and keeps the books. A few files are not worth a thread; they are read on the spot.
 */
import { Worker } from 'node:worker_threads';
import { Channel } from '../../../core/channel.ts';
import type { SelectedEntry } from '../../flow.ts';
import { ChunkReader, ReadBuffers, type ChunkSource } from './chunk-reader.ts';
import { LargeAhead } from './large-ahead.ts';
import { packFiles, problemOf, readingOf, type FilesRead, type FromThread, type ToThread } from './messages.ts';
import { ReadProblem, smallFile } from './reading.ts';
import { bytesPerBatch, filesPerBatch, Slot, slotCount } from './slots.ts';
import { readSmallFile, type SmallReading } from './small-file.ts';

/** Entries between the one that is worked on and the last one that was asked for. */
export const entriesAhead = 512;
/** From here on a thread pays for its start. */
const worthThread = { files: 256, bytes: 16 * 1024 * 1024 };

interface Batch {
  job: number;
  files: SelectedEntry[];
  /** What the files come to, as they were selected. */
  bytes: number;
  /** Where the next one begins, of those that are taken in order. */
  offset: number;
  result: Promise<FilesRead>;
  settle: (result: FilesRead) => void;
  fail: (error: unknown) => void;
}

interface Ahead {
  selected: SelectedEntry;
  /** Where it is read ahead: as one of a batch of small files, or as a large one. */
  small?: { batch: Batch; index: number };
  large?: LargeAhead;
}

export class ReadAhead {
  readonly #buffers = new ReadBuffers();
  readonly #slots: Slot[] = [];
  readonly #batches = new Map<number, Batch>();
  readonly #larges = new Map<number, LargeAhead>();
  #worker: Worker | null = null;
  #failure: { error: unknown } | null = null;
  #isOver = false;
  #nextJob = 0;
  #seen = { files: 0, bytes: 0 };
  /** Not handed over yet. */
  #batch: Batch | null = null;
  #current: { selected: SelectedEntry; small?: SmallReading | ReadProblem; large?: LargeAhead } | null = null;

  /**
   * The entries in their order. `receive` says, once for each, what is to be done for it: an entry, often the same, or
   * null for nothing. What it says of a hard link may hang on how the files before it were read; of a file it may not.
   */
  async *entries(input: AsyncIterable<SelectedEntry>, receive: (selected: SelectedEntry) => SelectedEntry | null): AsyncGenerator<SelectedEntry> {
    const ahead = new Channel<Ahead>(entriesAhead);
    this.#feed(input, receive, ahead).then(
      () => ahead.end(),
      (error: unknown) => ahead.fail(error),
    );
    try {
      for await (const { selected, small, large } of ahead) {
        const received = isFile(selected) ? selected : receive(selected);
        if (!received) continue;
        this.#current = { selected: received, ...(small ? { small: await this.#take(small.batch, small.index) } : {}), ...(large ? { large } : {}) };
        yield received;
        large?.close();
        if (small && small.index === small.batch.files.length - 1) this.#free((await small.batch.result).slot);
      }
    } finally {
      this.#isOver = true;
      ahead.fail(new Error('nobody reads any more'));
      await this.#worker?.terminate();
    }
  }

  /** The small file that was given last. Throws ReadProblem. */
  readSmall(selected: SelectedEntry): SmallReading {
    const ready = this.#current?.selected === selected ? this.#current.small : undefined;
    if (ready instanceof ReadProblem) throw ready;
    return ready ?? readSmallFile(selected, this.#buffers.window);
  }

  /** The large file that was given last, or a stream. */
  readLarge(selected: SelectedEntry): ChunkSource {
    const ready = this.#current?.selected === selected ? this.#current.large : undefined;
    return ready ?? this.readAgain(selected);
  }

  /** A large file once more from its beginning, whatever became of the first time. */
  readAgain(selected: SelectedEntry): ChunkSource {
    return new ChunkReader(selected, this.#buffers, selected.stream ? Infinity : selected.entry.size);
  }

  async #feed(input: AsyncIterable<SelectedEntry>, receive: (selected: SelectedEntry) => SelectedEntry | null, ahead: Channel<Ahead>): Promise<void> {
    for await (const given of input) {
      if (this.#isOver) return;
      if (this.#failure) throw this.#failure.error;
      const selected = isFile(given) ? receive(given) : given;
      if (selected) await ahead.put(isFile(selected) && this.#isWorthThread(selected) ? this.#readAhead(selected) : { selected });
    }
  }

  #isWorthThread({ entry }: SelectedEntry): boolean {
    if (this.#worker) return true;
    this.#seen.files++;
    this.#seen.bytes += entry.size;
    if (this.#seen.files < worthThread.files && this.#seen.bytes < worthThread.bytes) return false;
    this.#start();
    return true;
  }

  #readAhead(selected: SelectedEntry): Ahead {
    if (selected.entry.size > smallFile) {
      this.#post();
      const job = this.#nextJob++;
      const large = new LargeAhead(this.#slots, {
        free: (slot) => this.#free(slot),
        cancel: () => this.#say({ type: 'cancel', job }),
      });
      this.#larges.set(job, large);
      this.#say({ type: 'large', job, file: packFiles([selected]) });
      return { selected, large };
    }
    if (this.#batch && this.#batch.bytes + selected.entry.size > bytesPerBatch) this.#post();
    const batch = (this.#batch ??= newBatch(this.#nextJob++));
    const index = batch.files.push(selected) - 1;
    batch.bytes += selected.entry.size;
    // While nothing is under way, waiting for more files would only cost time, and could be waiting for ever.
    if (batch.files.length === filesPerBatch || this.#batches.size === 0) this.#post();
    return { selected, small: { batch, index } };
  }

  #post(): void {
    const batch = this.#batch;
    if (!batch) return;
    this.#batch = null;
    this.#batches.set(batch.job, batch);
    this.#say({ type: 'files', job: batch.job, files: packFiles(batch.files) });
  }

  async #take(batch: Batch, index: number): Promise<SmallReading | ReadProblem> {
    const { slot, odd } = await batch.result;
    const memory = this.#slots[slot]!;
    const { offset } = batch;
    const length = memory.length(index);
    batch.offset += length;
    const outcome = odd.get(index);
    if (outcome && 'problem' in outcome) return problemOf(outcome);
    const selected = batch.files[index]!;
    const reading = outcome ? readingOf(outcome) : { asRead: { size: length }, stamp: selected.stamp, changed: false, sha256: memory.sha256(index) };
    return { ...reading, bytes: memory.bytes.subarray(offset, offset + length) };
  }

  #start(): void {
    const { pathname } = new URL(import.meta.url);
    const thread = new URL(`./reading-thread${pathname.slice(pathname.lastIndexOf('.'))}`, import.meta.url);
    this.#slots.push(...Array.from({ length: slotCount }, () => new Slot()));
    this.#worker = new Worker(thread, { workerData: this.#slots.map((slot) => slot.memory), resourceLimits: { maxYoungGenerationSizeMb: 2 } });
    this.#worker.on('message', (message: FromThread) => this.#hear(message));
    this.#worker.on('error', (error) => this.#fail(error));
  }

  #hear(message: FromThread): void {
    if (message.type === 'bug') return this.#fail(message.error);
    if (message.type === 'chunks') {
      this.#larges.get(message.job)!.hear(message);
      if (message.end) this.#larges.delete(message.job);
      return;
    }
    const batch = this.#batches.get(message.job)!;
    this.#batches.delete(message.job);
    batch.settle(message);
    if (this.#batches.size === 0) this.#post();
  }

  #fail(error: unknown): void {
    this.#failure = { error };
    for (const batch of [...this.#batches.values(), ...(this.#batch ? [this.#batch] : [])]) batch.fail(error);
    for (const large of this.#larges.values()) large.fail(error);
  }

  #free(slot: number): void {
    this.#say({ type: 'free', slot });
  }

  #say(message: ToThread): void {
    this.#worker!.postMessage(message);
  }
}

function isFile({ entry, stream }: SelectedEntry): boolean {
  return entry.type === 'file' && !stream;
}

function newBatch(job: number): Batch {
  const { promise, resolve, reject } = Promise.withResolvers<FilesRead>();
  promise.catch(() => {}); // thrown where it is waited for
  return { job, files: [], bytes: 0, offset: 0, result: promise, settle: resolve, fail: reject };
}
