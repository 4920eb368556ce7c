/**
 * Reads the files that select chose, each once: a small one whole into memory, a large one or a command's output chunk by
 * chunk. Says what the file was like when it had been read, and whether it changed meanwhile.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { createHash, hash } from 'node:crypto';
import { formatMtime, type Entry } from '../../core/entry.ts';
import { systemCode, systemReason } from '../../core/errors.ts';
import { systemPath } from '../../core/paths.ts';
import { chunkSizes, findCut } from '../../volume/chunker.ts';
import type { SelectedEntry } from '../flow.ts';
import { stampOf } from './stamp.ts';

/** Files up to this are one chunk and are read into memory whole. */
export const smallFile = 8 * 1024 * 1024;

/** How far the clock that stamps files may lag behind the one we read: a kernel tick, rounded up. */
const CLOCK_TICK = 20;
/** What is read from a large file at a time. */
const BLOCK = 2 * 1024 * 1024;

/** A file that could not be read, in words for a person. `vanished`: it is not there any more. */
export class ReadProblem extends Error {
  readonly kind: 'unread' | 'vanished';
  constructor(kind: 'unread' | 'vanished', message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

/** The entry as it was when its last byte had been read. */
export interface Reading {
  entry: Entry;
  stamp: string;
  sha256: Buffer;
  changed: boolean;
}

export interface SmallReading extends Reading {
  /** Valid until the next file is read. */
  bytes: Buffer;
}

export interface FileChunk {
  /** Valid until the next chunk is asked for. */
  bytes: Buffer;
  sha256: Buffer;
  offset: number;
}

/** What one file after the other is read into; for one reader at a time. */
export class ReadBuffers {
  /** Holds a small file whole, and one byte more; or of a large one what is not cut into chunks yet. */
  readonly window = Buffer.allocUnsafeSlow(smallFile + 1);
  #blocks: Buffer[] | null = null;

  get blocks(): readonly Buffer[] {
    return (this.#blocks ??= [Buffer.allocUnsafeSlow(BLOCK), Buffer.allocUnsafeSlow(BLOCK)]);
  }
}

/** Reads small files into one buffer that is used over and over. Synchronous: a promise a file would cost more than the read. */
export class SmallFileReader {
  readonly #buffer: Buffer;

  constructor(buffers: ReadBuffers) {
    this.#buffer = buffers.window;
  }

  /** Throws ReadProblem. */
  read(selected: SelectedEntry): SmallReading {
    const startedAt = Date.now();
    let descriptor: number | null = null;
    try {
      descriptor = openSync(systemPath(selected.absolute), openFlags(selected));
      let { length, stat } = this.#readWhole(descriptor, selected.entry.size);
      let opened: BigIntStats | null = null;
      if (!isAsSelected(selected, stat)) {
        // It changed before it was opened, or while it was read: only reading it again tells which.
        opened = stat;
        ({ length, stat } = this.#readWhole(descriptor, Number(stat.size)));
      }
      const kept = Math.min(length, smallFile);
      const bytes = this.#buffer.subarray(0, kept);
      return { ...settle(selected, opened, stat, kept, startedAt), bytes, sha256: hash('sha256', bytes, 'buffer') };
    } catch (error) {
      throw readProblem(error);
    } finally {
      if (descriptor !== null) closeSync(descriptor);
    }
  }

  /** From its first byte on, as far as the buffer goes; and what it was like after that. */
  #readWhole(descriptor: number, size: number): { length: number; stat: BigIntStats } {
    let length = 0;
    let expected = size;
    for (;;) {
      const count = readSync(descriptor, this.#buffer, length, this.#buffer.length - length, length);
      length += count;
      if (count > 0 && length < expected) continue;
      const stat = fstatSync(descriptor, { bigint: true });
      if (!stat.isFile()) throw new ReadProblem('unread', 'it is not a file any more');
      // It may have grown since it was selected.
      if (count === 0 || length === this.#buffer.length || stat.size <= BigInt(length)) return { length, stat };
      expected = Number(stat.size);
    }
  }
}

/**
 * A large file, or a stream of unknown length, as chunks cut by content. Ask for `reading` when the last one has come.
 * Not more than `limit` bytes are read, where one is set.
 */
export class ChunkReader {
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

  /** Throws ReadProblem for a file; a command's failure comes through as it is. */
  async *chunks(): AsyncGenerator<FileChunk> {
    const { stream } = this.#selected;
    if (stream) {
      yield* this.#cut(stream, (size, sha256) => {
        const entry = { ...this.#selected.entry, size };
        return { entry, stamp: '', sha256, changed: false };
      });
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
      while (atEnd ? start < filled : filled - start >= chunkSizes.max) {
        const cut = findCut(window, start, filled);
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

/** Never through a link that took the file's place since it was selected, and never waiting for a fifo that did. */
function openFlags(selected: SelectedEntry): number {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  return O_RDONLY | O_NONBLOCK | (selected.followed ? 0 : O_NOFOLLOW);
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

/**
 * The entry by the stat after reading. What is not as it was selected is read again by the next run, whatever came of
 * it; that it `changed` under the reader is told by the stat of before (`opened`, null where it is as selected), since
 * the clock of a file server and the one of this machine need not agree.
 */
function settle(selected: SelectedEntry, opened: BigIntStats | null, stat: BigIntStats, size: number, startedAt: number): Omit<Reading, 'sha256'> {
  const isWhole = BigInt(size) === stat.size;
  if (isWhole && isAsSelected(selected, stat)) {
    // Written in the very tick in which it was read, it could be written again without a new time.
    const isFresh = Number(stat.ctimeNs / 1_000_000n) >= startedAt - CLOCK_TICK;
    return { entry: { ...selected.entry, size }, stamp: isFresh ? '' : selected.stamp, changed: false };
  }
  const entry: Entry = {
    ...selected.entry,
    mode: Number(stat.mode & 0o7777n),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtime: formatMtime(stat.mtimeNs),
    size,
  };
  return { entry, stamp: '', changed: !isWhole || opened === null || !isSame(opened, stat) };
}

function isAsSelected(selected: SelectedEntry, stat: BigIntStats): boolean {
  return selected.stamp !== '' && selected.stamp === stampOf(stat);
}

function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return one.size === other.size && one.mtimeNs === other.mtimeNs && one.ctimeNs === other.ctimeNs;
}

function readProblem(error: unknown): Error {
  if (error instanceof ReadProblem) return error;
  const code = systemCode(error);
  if (code === undefined) return error as Error;
  if (code === 'ENOENT' || code === 'ENOTDIR') return new ReadProblem('vanished', 'it vanished before it could be read', error);
  // What cannot be read from a certain byte on is a pipe.
  if (code === 'ESPIPE') return new ReadProblem('unread', 'it is not a file any more', error);
  if (code === 'ELOOP') return new ReadProblem('unread', 'it became a symbolic link before it could be read', error);
  return new ReadProblem('unread', `it could not be read: ${systemReason(error)}`, error);
}
