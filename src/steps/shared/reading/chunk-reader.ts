/** Reads a large file, or a stream of unknown length, chunk by chunk. */
import { open, type FileHandle } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { createHash, hash } from 'node:crypto';
import { systemPath } from '../../../core/paths.ts';
import { nextCut } from '../../../volume/chunker.ts';
import type { SelectedEntry } from '../../flow.ts';
import { openFlags, readProblem, ReadProblem, settle, type FileChunk, type Reading } from './reading.ts';
import { smallFileRoom } from './small-file.ts';

/** What is read from a large file at a time. */
const BLOCK = 2 * 1024 * 1024;

/** What one file after the other is read into; for one reader at a time. */
export class ReadBuffers {
  #window: Buffer | null = null;
  #blocks: Buffer[] | null = null;

  /** Holds a small file whole; or of a large one what is not cut into chunks yet. */
  get window(): Buffer {
    return (this.#window ??= Buffer.allocUnsafeSlow(smallFileRoom));
  }

  get blocks(): readonly Buffer[] {
    return (this.#blocks ??= [Buffer.allocUnsafeSlow(BLOCK), Buffer.allocUnsafeSlow(BLOCK)]);
  }
}

/** A large file, chunk by chunk. Ask for `reading` when the last one has come. */
export interface ChunkSource {
  /** Throws ReadProblem for a file; a command's failure comes through as it is. */
  chunks(): AsyncGenerator<FileChunk>;
  readonly reading: Reading;
}

/**
 * A large file, or a stream of unknown length, as chunks cut by content.
 * Not more than `limit` bytes are read, where one is set.
 */
export class ChunkReader implements ChunkSource {
  readonly #selected: SelectedEntry;
  readonly #buffers: ReadBuffers;
  readonly #limit: number;
  #reading: Reading | null = null;

  constructor(selected: SelectedEntry, buffers: ReadBuffers, limit = Infinity) {
    this.#selected = selected;
    this.#buffers = buffers;
    this.#limit = limit;
  }

  get reading(): Reading {
    if (!this.#reading) throw new Error('the file has not been read to its end');
    return this.#reading;
  }

  async *chunks(): AsyncGenerator<FileChunk> {
    const { stream } = this.#selected;
    if (stream) {
      yield* this.#cut(stream, (size, sha256) => ({ asRead: { size }, stamp: '', sha256, changed: false }));
      return;
    }
    const startedAt = Date.now();
    const file = await open(systemPath(this.#selected.absolute), openFlags(this.#selected)).catch((error: unknown) => {
      throw readProblem(error);
    });
    try {
      const opened = await statOf(file);
      yield* this.#cut(readBlocks(file, this.#buffers.blocks, this.#limit), async (size, sha256) => {
        return { ...settle(this.#selected, opened, await statOf(file), size, startedAt), sha256 };
      });
    } finally {
      await file.close();
    }
  }

  async *#cut(blocks: AsyncIterable<Uint8Array>, end: (size: number, sha256: Buffer) => Reading | Promise<Reading>): AsyncGenerator<FileChunk> {
    const whole = createHash('sha256');
    const { window } = this.#buffers;
    let filled = 0;
    let offset = 0;
    const cutNow = function* (atEnd: boolean): Generator<FileChunk> {
      let start = 0;
      for (let cut = nextCut(window, start, filled, atEnd); cut !== null; cut = nextCut(window, start, filled, atEnd)) {
        const bytes = window.subarray(start, cut);
        yield { bytes, sha256: hash('sha256', bytes, 'buffer'), offset };
        offset += bytes.length;
        start = cut;
      }
      window.copyWithin(0, start, filled);
      filled -= start;
    };
    for await (const block of blocks) {
      whole.update(block);
      for (let taken = 0; taken < block.length; ) {
        const count = Math.min(block.length - taken, window.length - filled);
        window.set(block.subarray(taken, taken + count), filled);
        taken += count;
        filled += count;
        if (filled === window.length) yield* cutNow(false);
      }
    }
    yield* cutNow(true);
    this.#reading = await end(offset, whole.digest());
  }
}

/** The next block is on its way while one is worked on. */
async function* readBlocks(file: FileHandle, buffers: readonly Buffer[], limit: number): AsyncGenerator<Uint8Array> {
  let position = 0;
  let turn = 0;
  const readNext = (): Promise<Uint8Array> => {
    const buffer = buffers[turn++ % 2]!;
    const want = Math.min(BLOCK, limit - position);
    const at = position;
    position += want;
    return want === 0 ? Promise.resolve(buffer.subarray(0, 0)) : readFully(file, buffer, want, at);
  };
  let next = readNext();
  for (;;) {
    const block = await next.catch((error: unknown) => {
      throw readProblem(error);
    });
    if (block.length === 0) return;
    const atEnd = block.length < BLOCK;
    if (!atEnd) {
      next = readNext();
      next.catch(() => {}); // reported when it is awaited, which may be much later
    }
    yield block;
    if (atEnd) return;
  }
}

async function readFully(file: FileHandle, buffer: Buffer, want: number, position: number): Promise<Uint8Array> {
  let length = 0;
  while (length < want) {
    const { bytesRead } = await file.read(buffer, length, want - length, position + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

async function statOf(file: FileHandle): Promise<BigIntStats> {
  const stat = await file.stat({ bigint: true }).catch((error: unknown) => {
    throw readProblem(error);
  });
  if (!stat.isFile()) throw new ReadProblem('unread', 'it is not a file any more');
  return stat;
}
