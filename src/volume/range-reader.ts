/** Ranged reading of a stored object: from decoded bytes to frames, and from those to the bytes to fetch. */
import { freeBytes } from '../core/free-bytes.ts';
import type { KeyRing } from './age-keys.ts';
import { readAgain } from '../core/read-again.ts';
import { damagedObject } from './damage.ts';
import { type Codec, decodeFrame, type Frame } from './frames.ts';
import { type Fetch, headerFetch, PlainReader, type ReaderOptions, type StoredObject, type StoredRange } from './plain-reader.ts';
import { seekTableSize } from './seek-table.ts';

export interface ObjectLayout extends StoredObject {
  codec: Codec;
  /** In order, from the first byte on; empty for codec none. What is behind them (a seek table) is not read. */
  frames: readonly Frame[];
  decoded: number;
}

/** Frames that lie side by side, and are fetched at once. */
interface FrameRun {
  first: number;
  /** The frame behind the last one. */
  end: number;
}

/** The bytes [start, end), without age. */
interface Stretch {
  start: number;
  end: number;
}

const MiB = 1024 * 1024;
/** Adjacent frames are fetched together up to this size, stored and decoded. */
const maxFetch = 4 * MiB;
const maxPiece = MiB;
/** Frames decoded at the same time, on the thread pool. */
const decodesAhead = 4;

export class ObjectReader {
  readonly #layout: ObjectLayout;
  readonly #plain: PlainReader;
  /** Where each frame begins, in decoded and in plain stored bytes, and where the last one ends. */
  readonly #decodedStarts: number[] = [0];
  readonly #storedStarts: number[] = [0];

  /** Over a plain reader that is open already; throws OBJECT_DAMAGED if the layout does not fit its size. */
  constructor(layout: ObjectLayout, plain: PlainReader) {
    this.#layout = layout;
    this.#plain = plain;
    for (const { decoded, stored } of layout.frames) {
      this.#decodedStarts.push(this.#decodedStarts.at(-1)! + decoded);
      this.#storedStarts.push(this.#storedStarts.at(-1)! + stored);
    }
    this.#checkSizes();
  }

  /** Fetches the header of a sealed object, and nothing of a plain one. */
  static async open(layout: ObjectLayout, fetch: Fetch, keys: KeyRing, options: ReaderOptions = {}): Promise<ObjectReader> {
    return new ObjectReader(layout, await PlainReader.open(layout, fetch, keys, options));
  }

  /** All that is fetched to read these stretches of an object, which is not touched for it: as `open` and then `read` do, unless its age header is a long one. */
  static *fetchesOf(layout: ObjectLayout, stretchesOfDecoded: Iterable<{ start: number; end: number }>): Generator<StoredRange> {
    if (layout.sealed) yield headerFetch(layout);
    const reader = new ObjectReader(layout, PlainReader.planned(layout, plainSizeOf(layout)));
    for (const { start, end } of stretchesOfDecoded) yield* reader.fetches(start, end - start);
  }

  /**
   * The decoded bytes of [offset, offset + length), frame by frame, each in memory of its own; or, without a codec, in pieces
   * of at most 1 MiB, which share theirs.
   * Fetches only the age chunks and frames that hold them; at a border between two fetches one age chunk comes twice.
   */
  async *read(offset: number, length: number): AsyncGenerator<Uint8Array> {
    const end = this.#endOf(offset, length);
    if (length === 0) return;
    if (this.#layout.codec === 'none') for (const stretch of stretches(offset, end)) yield* this.#readUncoded(stretch);
    else yield* this.#readFrames(offset, end);
  }

  /** Whether who has used a piece that `read` gave may give its memory back. */
  get givesOwn(): boolean {
    return this.#layout.codec !== 'none';
  }

  /** What `read` of the same bytes fetches, one after the other. */
  *fetches(offset: number, length: number): Generator<StoredRange> {
    const end = this.#endOf(offset, length);
    if (length === 0) return;
    for (const { start, end: behind } of this.#layout.codec === 'none' ? stretches(offset, end) : this.#storedRuns(offset, end)) {
      const range = this.#plain.fetchFor(start, behind);
      if (range) yield range;
    }
  }

  #endOf(offset: number, length: number): number {
    const end = offset + length;
    if (offset < 0 || length < 0 || end > this.#layout.decoded) throw new RangeError(`${this.#layout.name} has no bytes ${offset} to ${end}`);
    return end;
  }

  *#storedRuns(offset: number, end: number): Generator<Stretch> {
    for (const { first, end: behind } of this.#runsOf(offset, end)) yield { start: this.#storedStarts[first]!, end: this.#storedStarts[behind]! };
  }

  async *#readUncoded({ start, end }: Stretch): AsyncGenerator<Uint8Array> {
    const bytes = await this.#plain.read(start, end);
    for (let piece = 0; piece < bytes.length; piece += maxPiece) yield bytes.subarray(piece, piece + maxPiece);
  }

  /** While who reads them works on one frame, the next ones are decoded: those of the next fetch, too. */
  async *#readFrames(offset: number, end: number): AsyncGenerator<Uint8Array> {
    const frames = this.#framesOf(offset, end);
    const ahead: { index: number; decoding: Promise<Uint8Array> }[] = [];
    try {
      for (;;) {
        while (ahead.length < decodesAhead) {
          const next = frames.next();
          if (next.done) break;
          ahead.push(next.value);
        }
        const first = ahead.shift();
        if (!first) return;
        const bytes = await first.decoding;
        const start = this.#decodedStarts[first.index]!;
        const piece = bytes.subarray(Math.max(0, offset - start), end - start);
        if (piece.length > 0) yield piece;
      }
    } finally {
      await Promise.allSettled(ahead.map(({ decoding }) => decoding));
    }
  }

  /** Each frame begins to be fetched and decoded when it is asked for. */
  *#framesOf(offset: number, end: number): Generator<{ index: number; decoding: Promise<Uint8Array> }> {
    for (const { first, end: behind } of this.#runsOf(offset, end)) {
      const start = this.#storedStarts[first]!;
      const stored = this.#plain.read(start, this.#storedStarts[behind]!);
      let left = behind - first;
      for (let index = first; index < behind; index++) {
        const decoding = this.#decode(index, stored, start).finally(async () => {
          if (--left === 0 && this.#plain.givesOwn) freeBytes(await stored);
        });
        // It is thrown where it is awaited; a reader that stops before must not end the program.
        decoding.catch(() => undefined);
        yield { index, decoding };
      }
    }
  }

  /** `stored`: bytes of the object without age, from `start` on. */
  async #decode(index: number, stored: Promise<Uint8Array>, start: number): Promise<Uint8Array> {
    const run = await stored;
    const { codec, frames, name } = this.#layout;
    const from = this.#storedStarts[index]!;
    const to = this.#storedStarts[index + 1]!;
    return readAgain(async (again) => {
      const frame = again ? await this.#plain.read(from, to, true) : run.subarray(from - start, to - start);
      return decodeFrame(codec, frame, frames[index]!.decoded, name);
    });
  }

  /** The frames that hold these decoded bytes, in runs that are fetched at once. */
  *#runsOf(offset: number, end: number): Generator<FrameRun> {
    const behind = firstAtOrAbove(this.#decodedStarts, end);
    for (let first = firstAtOrAbove(this.#decodedStarts, offset + 1) - 1; first < behind; ) {
      let last = first + 1;
      while (
        last < behind &&
        this.#storedStarts[last + 1]! - this.#storedStarts[first]! <= maxFetch &&
        this.#decodedStarts[last + 1]! - this.#decodedStarts[first]! <= maxFetch
      ) {
        last++;
      }
      yield { first, end: last };
      first = last;
    }
  }

  #checkSizes(): void {
    const { codec, decoded, name } = this.#layout;
    const isWhole =
      codec === 'none'
        ? this.#plain.size === decoded
        : this.#storedStarts.at(-1)! <= this.#plain.size && this.#decodedStarts.at(-1) === decoded;
    if (!isWhole) throw damagedObject(name, 'its size is not the one it should have');
  }
}

/** Bytes without age, as bat writes them: frames, and behind those of zstd the seek table. */
function plainSizeOf({ codec, frames, decoded }: ObjectLayout): number {
  if (codec === 'none') return decoded;
  return frames.reduce((sum, frame) => sum + frame.stored, codec === 'zstd' ? seekTableSize(frames.length) : 0);
}

function* stretches(offset: number, end: number): Generator<Stretch> {
  for (let at = offset; at < end; at += maxFetch) yield { start: at, end: Math.min(end, at + maxFetch) };
}

/** The first index whose value is `value` or more, in a list that never falls. */
function firstAtOrAbove(values: readonly number[], value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
