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
import { smallFile } from './reading.ts';
import { bytesPerBatch, filesPerBatch, Slot, slotCount } from './slots.ts';
import { readSmallFile, type SmallReading } from './small-file.ts';

/** Groups of entries between the one that is worked on and the last one that was asked for. */
const groupsAhead = 4;
/** Entries of a group, at most: between the files of one there may be folders and links. */
const entriesPerGroup = 2 * filesPerBatch;
/** Entries between the one that is worked on and the last one that was asked for, at most. */
export const entriesAhead = (groupsAhead + 2) * entriesPerGroup;
/** From here on a thread pays for its start. */
const worthThread = { files: 256, bytes: 16 * 1024 * 1024 };

/** Entries that follow each other. The small files among them are read together, as one job of the thread. */
class Group {
  readonly job: number;
  readonly entries: SelectedEntry[] = [];
  /** Of `entries`, those that the thread reads. */
  readonly files: SelectedEntry[] = [];
  /** What the files come to, as they were selected. */
  bytes = 0;
  /** The one entry of its group, if there is one. */
  large: LargeAhead | null = null;
  /** What came of the files, or null where there are none; not before the group is whole. */
  readonly read: Promise<FilesRead | null>;
  readonly settle: (result: FilesRead | null) => void;
  readonly fail: (error: unknown) => void;

  constructor(job: number) {
    this.job = job;
    const { promise, resolve, reject } = Promise.withResolvers<FilesRead | null>();
    promise.catch(() => {}); // thrown where it is waited for
    this.read = promise;
    this.settle = resolve;
    this.fail = reject;
  }
}

/** What the thread has ready for the entry that was given last. */
interface Ready {
  selected: SelectedEntry;
  small?: { result: FilesRead; index: number; offset: number };
  large?: LargeAhead;
}

export class ReadAhead {
  readonly #buffers = new ReadBuffers();
  readonly #slots: Slot[] = [];
  /** Jobs that the thread is at, or has before it. */
  readonly #groups = new Map<number, Group>();
  readonly #larges = new Map<number, LargeAhead>();
  readonly #ahead = new Channel<Group>(groupsAhead);
  #worker: Worker | null = null;
  #failure: { error: unknown } | null = null;
  #isOver = false;
  #nextJob = 0;
  #seen = { files: 0, bytes: 0 };
  /** Not whole yet. */
  #open: Group | null = null;
  #ready: Ready | null = null;

  /**
   * The entries in their order, in groups that are to be gone through without delay. `receive` says, once for each, what is to be
   * done for it: an entry, often the same, or null for nothing. What it says of a hard link may hang on how the files before it
   * were read; of a file it may not.
   */
  async *groups(input: AsyncIterable<readonly SelectedEntry[]>, receive: (selected: SelectedEntry) => SelectedEntry | null): AsyncGenerator<Iterable<SelectedEntry>> {
    this.#feed(input, receive).then(
      () => this.#ahead.end(),
      (error: unknown) => this.#ahead.fail(error),
    );
    try {
      for await (const group of this.#ahead) yield this.#entriesOf(group, await group.read, receive);
    } finally {
      this.#isOver = true;
      this.#ahead.fail(new Error('nobody reads any more'));
      await this.#worker?.terminate();
    }
  }

  /** The small file that was given last. Throws ReadProblem. */
  readSmall(selected: SelectedEntry): SmallReading {
    const ready = this.#ready?.selected === selected ? this.#ready.small : undefined;
    if (!ready) return readSmallFile(selected, this.#buffers.window);
    const { result, index, offset } = ready;
    const outcome = result.odd.get(index);
    if (outcome === 'unread') return readSmallFile(selected, this.#buffers.window);
    if (outcome && 'problem' in outcome) throw problemOf(outcome);
    const memory = this.#slots[result.slot]!;
    const length = memory.length(index);
    const bytes = memory.bytes.subarray(offset, offset + length);
    if (outcome) return { ...readingOf(outcome), bytes };
    return { asRead: { size: length }, stamp: selected.stamp, changed: false, sha256: memory.sha256(index), bytes };
  }

  /** The large file that was given last, or a stream. */
  readLarge(selected: SelectedEntry): ChunkSource {
    const ready = this.#ready?.selected === selected ? this.#ready.large : undefined;
    return ready ?? this.readAgain(selected);
  }

  /** A large file once more from its beginning, whatever became of the first time. */
  readAgain(selected: SelectedEntry): ChunkSource {
    return new ChunkReader(selected, this.#buffers, selected.stream ? Infinity : selected.entry.size);
  }

  *#entriesOf(group: Group, result: FilesRead | null, receive: (selected: SelectedEntry) => SelectedEntry | null): Generator<SelectedEntry> {
    let index = 0;
    let offset = 0;
    for (const selected of group.entries) {
      const received = isFile(selected) ? selected : receive(selected);
      if (!received) continue;
      this.#ready = { selected: received };
      if (group.large) this.#ready.large = group.large;
      const isRead = group.files[index] === selected;
      if (isRead) this.#ready.small = { result: result!, index, offset };
      yield received;
      if (isRead) offset += this.#slots[result!.slot]!.length(index++);
    }
    this.#ready = null;
    group.large?.close();
    if (result) this.#free(result.slot);
  }

  async #feed(input: AsyncIterable<readonly SelectedEntry[]>, receive: (selected: SelectedEntry) => SelectedEntry | null): Promise<void> {
    for await (const batch of input) {
      for (const given of batch) {
        if (this.#isOver) return;
        const selected = isFile(given) ? receive(given) : given;
        if (selected && !this.#fits(selected)) await this.#begin();
        if (this.#failure) throw this.#failure.error;
        if (selected) this.#add(selected);
      }
      // While nothing is under way, waiting for more would only cost time, and could be waiting for ever.
      if (this.#groups.size === 0) this.#close();
    }
    this.#close();
  }

  #fits(selected: SelectedEntry): boolean {
    if (!this.#open || isLarge(selected)) return false;
    return !isFile(selected) || this.#open.bytes === 0 || this.#open.bytes + selected.entry.size <= bytesPerBatch;
  }

  /** Waits while enough is ahead. */
  async #begin(): Promise<void> {
    this.#close();
    const group = new Group(this.#nextJob++);
    await this.#ahead.put(group);
    this.#open = group;
  }

  #add(selected: SelectedEntry): void {
    const group = this.#open!;
    group.entries.push(selected);
    if (isFile(selected) && this.#isWorthThread(selected)) {
      if (isLarge(selected)) {
        group.large = this.#readLargeAhead(selected, group.job);
      } else {
        group.files.push(selected);
        group.bytes += selected.entry.size;
      }
    }
    if (group.large || group.files.length === filesPerBatch || group.entries.length === entriesPerGroup) this.#close();
  }

  /** The open group, if there is one, is whole: its files may be read. */
  #close(): void {
    const group = this.#open;
    if (!group) return;
    this.#open = null;
    if (group.files.length === 0) return group.settle(null);
    this.#groups.set(group.job, group);
    this.#say({ type: 'files', job: group.job, files: packFiles(group.files) });
  }

  #isWorthThread({ entry }: SelectedEntry): boolean {
    if (this.#worker) return true;
    this.#seen.files++;
    this.#seen.bytes += entry.size;
    if (this.#seen.files < worthThread.files && this.#seen.bytes < worthThread.bytes) return false;
    this.#start();
    return true;
  }

  #readLargeAhead(selected: SelectedEntry, job: number): LargeAhead {
    // Of a file that was there before most chunks are stored: the main thread has nothing else to do than to hash them.
    const hashed = !selected.before;
    const thread = { free: (slot: number) => this.#free(slot), cancel: () => this.#say({ type: 'cancel', job }) };
    const large = new LargeAhead(this.#slots, thread, hashed);
    this.#larges.set(job, large);
    this.#say({ type: 'large', job, file: packFiles([selected]), hashed });
    return large;
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
    const group = this.#groups.get(message.job)!;
    this.#groups.delete(message.job);
    group.settle(message);
    if (this.#groups.size === 0) this.#close();
  }

  #fail(error: unknown): void {
    this.#failure = { error };
    for (const group of [...this.#groups.values(), ...(this.#open ? [this.#open] : [])]) group.fail(error);
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

function isLarge(selected: SelectedEntry): boolean {
  return isFile(selected) && selected.entry.size > smallFile;
}
