/**
 * Takes one range after the other out of an extent of a volume. While all is well it is read as a stream; after the first
 * damage frame by frame, so that a damaged frame costs what lies in it and no more.
 */
import { BatError } from '../../core/errors.ts';
import { freeBytes } from '../../core/free-bytes.ts';
import type { ObjectReader } from '../../volume/object-reader.ts';
import type { Extent, FrameTable } from './extents.ts';

/** Shares the frame read last among the extents of a volume. */
export class ExtentReader {
  readonly #reader: ObjectReader;
  readonly #frames: FrameTable;
  readonly #stream: RangeStream;
  #isDamaged = false;
  #frame: { index: number; bytes: Uint8Array | null; error: unknown } = { index: -1, bytes: null, error: null };

  constructor(reader: ObjectReader, frames: FrameTable, extent: Pick<Extent, 'start' | 'end'>) {
    this.#reader = reader;
    this.#frames = frames;
    this.#stream = new RangeStream(reader, extent.start, extent.end);
  }

  /** Ranges must be asked for in their order; the bytes are there until the next is. Throws what the target or the object is to blame for. */
  async take(offset: number, length: number): Promise<Uint8Array> {
    if (!this.#isDamaged) {
      try {
        return await this.#stream.take(offset, length);
      } catch (error) {
        if (!(error instanceof BatError) || error.code !== 'OBJECT_DAMAGED') throw error;
        this.#isDamaged = true;
      }
    }
    return this.#takeFromFrames(offset, length);
  }

  async end(): Promise<void> {
    await this.#stream.end();
  }

  async #takeFromFrames(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (let at = offset; at < offset + length; ) {
      const index = this.#frames.at(at);
      const frame = await this.#readFrame(index);
      const from = at - this.#frames.start(index);
      const piece = frame.subarray(from, from + offset + length - at);
      bytes.set(piece, at - offset);
      at += piece.length;
    }
    return bytes;
  }

  async #readFrame(index: number): Promise<Uint8Array> {
    if (this.#frame.index !== index) this.#frame = { index, ...(await this.#tryFrame(index)) };
    if (this.#frame.bytes === null) throw this.#frame.error;
    return this.#frame.bytes;
  }

  async #tryFrame(index: number): Promise<{ bytes: Uint8Array | null; error: unknown }> {
    const start = this.#frames.start(index);
    const end = this.#frames.end(index);
    const stream = new RangeStream(this.#reader, start, end);
    try {
      return { bytes: await stream.take(start, end - start), error: null };
    } catch (error) {
      if (!(error instanceof BatError) || error.code !== 'OBJECT_DAMAGED') throw error;
      return { bytes: null, error };
    } finally {
      await stream.end();
    }
  }
}

/** Cuts ranges out of the bytes [start, end) of an object. */
class RangeStream {
  readonly #pieces: AsyncGenerator<Uint8Array>;
  readonly #ownsPieces: boolean;
  #piece: Uint8Array = new Uint8Array(0);
  /** Where `#piece` begins. */
  #position: number;
  /** What lies in several pieces is joined here, over and over: fresh memory each time would keep the garbage collector at work. */
  #joined: Uint8Array = new Uint8Array(0);

  constructor(reader: ObjectReader, start: number, end: number) {
    this.#pieces = reader.read(start, end - start);
    this.#ownsPieces = reader.givesOwn;
    this.#position = start;
  }

  /** The bytes are part of a larger buffer that stays unchanged until something else is taken. */
  async take(offset: number, length: number): Promise<Uint8Array> {
    while (this.#position + this.#piece.length <= offset) await this.#next();
    const from = offset - this.#position;
    if (from + length <= this.#piece.length) return this.#piece.subarray(from, from + length);
    const bytes = this.#roomFor(length);
    for (let filled = 0; ; ) {
      const part = this.#piece.subarray(Math.max(0, offset - this.#position), offset + length - this.#position);
      bytes.set(part, filled);
      filled += part.length;
      if (filled === length) return bytes;
      await this.#next();
    }
  }

  async end(): Promise<void> {
    await this.#pieces.return(undefined);
  }

  #roomFor(length: number): Uint8Array {
    if (this.#joined.length < length) this.#joined = new Uint8Array(length);
    return this.#joined.subarray(0, length);
  }

  async #next(): Promise<void> {
    this.#position += this.#piece.length;
    // What was taken of it has been used by now.
    if (this.#ownsPieces) freeBytes(this.#piece);
    this.#piece = new Uint8Array(0);
    const next = await this.#pieces.next();
    // It gives exactly the bytes it was asked for, and nobody asks for more.
    if (next.done) throw new RangeError('a volume was read beyond what was asked of it');
    this.#piece = next.value;
  }
}
