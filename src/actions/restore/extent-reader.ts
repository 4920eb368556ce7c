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
    this.#stream = new RangeStream(reader.read(extent.start, extent.end - extent.start), extent.start);
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
    const stream = new RangeStream(this.#reader.read(start, this.#frames.end(index) - start), start);
    try {
      return { bytes: await stream.take(start, this.#frames.end(index) - start), error: null };
    } catch (error) {
      if (!(error instanceof BatError) || error.code !== 'OBJECT_DAMAGED') throw error;
      return { bytes: null, error };
    } finally {
      await stream.end();
    }
  }
}

/** Cuts ranges out of a stream of pieces. */
class RangeStream {
  readonly #pieces: AsyncGenerator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);
  /** Where `#piece` begins. */
  #position: number;

  constructor(pieces: AsyncGenerator<Uint8Array>, position: number) {
    this.#pieces = pieces;
    this.#position = position;
  }

  /** The bytes may be part of a larger buffer that stays unchanged until something behind it is taken. */
  async take(offset: number, length: number): Promise<Uint8Array> {
    while (this.#position + this.#piece.length <= offset) await this.#next();
    const from = offset - this.#position;
    if (from + length <= this.#piece.length) return this.#piece.subarray(from, from + length);
    const bytes = new Uint8Array(length);
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

  async #next(): Promise<void> {
    const { length, byteLength, buffer } = this.#piece;
    this.#position += length;
    // What was taken of it has been used by now. Of one that is a part of a larger whole, the rest is still to come.
    if (byteLength === buffer.byteLength) freeBytes(this.#piece);
    this.#piece = new Uint8Array(0);
    const next = await this.#pieces.next();
    // It gives exactly the bytes it was asked for, and nobody asks for more.
    if (next.done) throw new RangeError('a volume was read beyond what was asked of it');
    this.#piece = next.value;
  }
}
