/** A large file that the reading thread cuts into chunks while the main one packs those before. */
import { hash } from 'node:crypto';
import type { ChunkSource } from './chunk-reader.ts';
import { problemOf, readingOf, type ChunksRead } from './messages.ts';
import type { FileChunk, Reading } from './reading.ts';
import type { Slot } from './slots.ts';

export class LargeAhead implements ChunkSource {
  readonly #slots: readonly Slot[];
  readonly #thread: { free(slot: number): void; cancel(): void };
  readonly #hashed: boolean;
  #queue: ChunksRead[] = [];
  #wake = () => {};
  #failure: { error: unknown } | null = null;
  #isOver = false;
  #reading: Reading | null = null;

  /** `hashed`: the thread has hashed the chunks. */
  constructor(slots: readonly Slot[], thread: { free(slot: number): void; cancel(): void }, hashed: boolean) {
    this.#hashed = hashed;
    this.#slots = slots;
    this.#thread = thread;
  }

  get reading(): Reading {
    if (!this.#reading) throw new Error('the file has not been read to its end');
    return this.#reading;
  }

  async *chunks(): AsyncGenerator<FileChunk> {
    let offset = 0;
    for (;;) {
      const { slot, count, end } = await this.#next();
      const memory = this.#slots[slot]!;
      try {
        for (let index = 0, at = 0; index < count; index++) {
          const length = memory.length(index);
          const bytes = memory.bytes.subarray(at, at + length);
          yield { bytes, sha256: this.#hashed ? memory.sha256(index) : hash('sha256', bytes, 'buffer'), offset };
          at += length;
          offset += length;
        }
      } finally {
        this.#thread.free(slot);
      }
      if (!end) continue;
      this.#isOver = true;
      if ('problem' in end) throw problemOf(end);
      this.#reading = readingOf(end);
      return;
    }
  }

  hear(message: ChunksRead): void {
    if (this.#isOver) this.#thread.free(message.slot);
    else this.#queue.push(message);
    this.#wake();
  }

  fail(error: unknown): void {
    this.#failure = { error };
    this.#wake();
  }

  /** What has not been asked for is let go. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#thread.cancel();
    for (const { slot } of this.#queue) this.#thread.free(slot);
    this.#queue = [];
  }

  async #next(): Promise<ChunksRead> {
    while (this.#queue.length === 0) {
      if (this.#failure) throw this.#failure.error;
      await new Promise<void>((wake) => (this.#wake = wake));
    }
    return this.#queue.shift()!;
  }
}
