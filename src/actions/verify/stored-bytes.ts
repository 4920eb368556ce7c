/** All bytes of an object, each fetched once and in their order, for two that want them: the checksum of the whole, and a reader of ranges. */
import { createHash } from 'node:crypto';
import type { Fetch } from '../../volume/object-reader.ts';

/** What is fetched at a time, and how many of these are under way. */
const blockSize = 2 * 1024 * 1024;
const blocksAhead = 2;

interface Block {
  offset: number;
  bytes: Uint8Array;
}

export class StoredBytes {
  readonly #read: (offset: number, length: number) => Promise<Uint8Array>;
  readonly #size: number;
  readonly #hash = createHash('sha256');
  readonly #ahead: { offset: number; bytes: Promise<Uint8Array> }[] = [];
  /** What a reader may still ask for. */
  #window: Block[] = [];
  #lastFetch: Promise<unknown> = Promise.resolve();
  #asked = 0;
  #taken = 0;

  constructor(size: number, read: (offset: number, length: number) => Promise<Uint8Array>) {
    this.#size = size;
    this.#read = read;
  }

  /**
   * For a reader that goes from the beginning to the end, in small steps back at the most. Anything else is fetched apart.
   * A reader may ask for what comes next before it has what it asked for last: it is served in the order in which it asked.
   */
  readonly fetch: Fetch = (offset, length, again = false) => {
    if (again) return this.#read(offset, length);
    const bytes = this.#lastFetch.then(() => this.#fetchNext(offset, length));
    this.#lastFetch = bytes.catch(() => undefined);
    return bytes;
  };

  /** The SHA-256 of all of it, once the rest has been read. */
  async finish(): Promise<Buffer> {
    await this.#lastFetch;
    for (this.#window = []; this.#taken < this.#size; this.#window = []) await this.#take();
    return this.#hash.digest();
  }

  async #fetchNext(offset: number, length: number): Promise<Uint8Array> {
    if (offset < (this.#window[0]?.offset ?? this.#taken)) return this.#read(offset, length);
    while (this.#taken < offset + length && this.#taken < this.#size) await this.#take();
    this.#window = this.#window.filter((block) => block.offset + block.bytes.length > offset);
    const pieces = this.#window.map((block) => block.bytes.subarray(Math.max(0, offset - block.offset), Math.max(0, offset + length - block.offset)));
    // A copy: the reader gives the memory back once it is done, and these blocks may be wanted again.
    const copy = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      copy.set(piece, at);
      at += piece.length;
    }
    return copy;
  }

  async #take(): Promise<void> {
    for (; this.#ahead.length < blocksAhead && this.#asked < this.#size; this.#asked += blockSize) {
      const bytes = this.#read(this.#asked, Math.min(blockSize, this.#size - this.#asked));
      // It is thrown where it is awaited, if it ever is.
      bytes.catch(() => undefined);
      this.#ahead.push({ offset: this.#asked, bytes });
    }
    const { offset, bytes: promise } = this.#ahead.shift()!;
    const bytes = await promise;
    this.#hash.update(bytes);
    this.#taken = offset + bytes.length;
    this.#window.push({ offset, bytes });
  }
}
