/**
 * Has files written: many of them on a thread of its own, some MiB behind the one that reads, through memory that both see. A few
 * are not worth a thread; they are written on the spot.
 */
import { Worker } from 'node:worker_threads';
import { FileWriter } from './file-writer.ts';
import { packPieces, unpackEnd, wellDone, type FileEnd, type FilePiece, type FromThread, type ToThread } from './messages.ts';

/** From here on a thread pays for its start. */
const worthThread = { files: 256, bytes: 16 * 1024 * 1024 };
const piecesPerBatch = 128;
const bytesPerBatch = 1024 * 1024;
/** More than a batch and the largest file that is one chunk. What is never touched of it is no memory. */
const slotSize = 10 * 1024 * 1024;
/** One is filled while the other is written. */
const slotCount = 2;

/** Called for each file once, when it has its name or never will. What it throws is thrown where the writing is waited for. */
export type Ended<T> = (subject: T, end: FileEnd) => void;

interface Batch<T> {
  memory: SharedArrayBuffer;
  pieces: FilePiece[];
  subjects: T[];
  bytes: number;
}

/** `T`: what the caller knows a piece by. */
export class WriteBehind<T> {
  readonly #ended: Ended<T>;
  readonly #writer = new FileWriter();
  readonly #worker: Worker | null;
  readonly #free: SharedArrayBuffer[] = [];
  /** Handed over, in their order. */
  readonly #underWay: Batch<T>[] = [];
  #batch: Batch<T> | null = null;
  #failure: { error: unknown } | null = null;
  #isOver = false;
  #wake: (() => void) | null = null;

  /** `total`: what is going to be written. */
  constructor(total: { files: number; bytes: number }, ended: Ended<T>) {
    this.#ended = ended;
    const isWorthIt = total.files >= worthThread.files || total.bytes >= worthThread.bytes;
    this.#worker = isWorthIt ? this.#start() : null;
  }

  /** Waits while too much is unwritten; `bytes` may be used again afterwards. Nothing else is asked for meanwhile. */
  write(piece: FilePiece, bytes: Uint8Array, subject: T): Promise<void> | void {
    if (!this.#worker) {
      const end = this.#writer.write(piece, bytes);
      if (end) this.#ended(subject, end);
      return undefined;
    }
    if (this.#batch && this.#batch.bytes + bytes.length > this.#batch.memory.byteLength) this.#post();
    if (this.#batch || (this.#free.length > 0 && bytes.length <= slotSize)) return this.#add(piece, bytes, subject);
    return this.#addLater(piece, bytes, subject);
  }

  /** The file of this id will not get all of its chunks. */
  drop(id: number): void {
    if (!this.#worker) return this.#writer.drop(id);
    this.#post();
    this.#say({ type: 'drop', id });
  }

  /** Comes back when all that was asked for is written. Throws bugs of the thread. */
  async settle(): Promise<void> {
    this.#post();
    await this.#until(() => this.#underWay.length === 0);
  }

  /** Files that are not whole are removed, whatever has failed. */
  async end(): Promise<void> {
    this.#writer.end();
    if (!this.#worker) return;
    this.#batch = null;
    this.#say({ type: 'end' });
    while (!this.#isOver) await new Promise<void>((wake) => (this.#wake = wake));
    await this.#worker.terminate();
    if (this.#failure) throw this.#failure.error;
  }

  async #addLater(piece: FilePiece, bytes: Uint8Array, subject: T): Promise<void> {
    await this.#until(() => this.#free.length > 0);
    this.#add(piece, bytes, subject);
  }

  #add(piece: FilePiece, bytes: Uint8Array, subject: T): void {
    const batch = (this.#batch ??= { memory: this.#memoryFor(bytes.length), pieces: [], subjects: [], bytes: 0 });
    new Uint8Array(batch.memory).set(bytes, batch.bytes);
    batch.bytes += bytes.length;
    batch.pieces.push(piece);
    batch.subjects.push(subject);
    if (batch.pieces.length === piecesPerBatch || batch.bytes >= bytesPerBatch) this.#post();
  }

  /** A chunk that another program made may be larger than any of bat's: it has memory of its own, in the place of a slot. */
  #memoryFor(length: number): SharedArrayBuffer {
    const slot = this.#free.pop()!;
    return length <= slotSize ? slot : new SharedArrayBuffer(length);
  }

  #post(): void {
    const batch = this.#batch;
    if (!batch) return;
    this.#batch = null;
    this.#underWay.push(batch);
    this.#say({ type: 'write', memory: batch.memory, pieces: packPieces(batch.pieces) });
  }

  #start(): Worker {
    this.#free.push(...Array.from({ length: slotCount }, () => new SharedArrayBuffer(slotSize)));
    const { pathname } = new URL(import.meta.url);
    const thread = new URL(`./writing-thread${pathname.slice(pathname.lastIndexOf('.'))}`, import.meta.url);
    const worker = new Worker(thread, { resourceLimits: { maxYoungGenerationSizeMb: 2 } });
    worker.on('message', (message: FromThread) => {
      // Thrown out of here it would end the program, with files that are not whole left behind.
      try {
        this.#hear(message);
      } catch (error) {
        this.#fail(error);
      }
    });
    worker.on('error', (error) => {
      this.#isOver = true;
      this.#fail(error);
    });
    return worker;
  }

  #hear(message: FromThread): void {
    if (message.type === 'bug') return this.#fail(message.error);
    if (message.type === 'ended') {
      this.#isOver = true;
    } else {
      const { memory, subjects } = this.#underWay.shift()!;
      this.#free.push(memory.byteLength === slotSize ? memory : new SharedArrayBuffer(slotSize));
      for (const index of message.ended) {
        const odd = message.odd.get(index);
        this.#ended(subjects[index]!, odd ? unpackEnd(odd) : wellDone);
      }
    }
    this.#wake?.();
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake?.();
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.#failure) throw this.#failure.error;
      await new Promise<void>((wake) => (this.#wake = wake));
    }
    this.#wake = null;
    if (this.#failure) throw this.#failure.error;
  }

  #say(message: ToThread): void {
    this.#worker!.postMessage(message);
  }
}
