/** Bytes that no target can compress or has seen before, made once: blocks that are all alike but for their number. */
import { randomBytes } from 'node:crypto';

export const blockSize = 1024 * 1024;
const numberSize = 8;
/** The same for all objects of this process, so that what comes back can be told. */
let base: Buffer | null = null;

export class TestBytes {
  readonly #base = (base ??= randomBytes(blockSize));
  readonly #block = Buffer.from(this.#base);

  /** Good until the next call. */
  block(number: number): Buffer {
    this.#block.writeBigUInt64LE(BigInt(number));
    return this.#block;
  }

  /** Whether these are the bytes from an offset on, which is that of a block. */
  isAt(offset: number, bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length; at += blockSize) {
      const given = Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(blockSize, bytes.length - at));
      if (given.readBigUInt64LE() !== BigInt((offset + at) / blockSize)) return false;
      if (!given.subarray(numberSize).equals(this.#base.subarray(numberSize, given.length))) return false;
    }
    return true;
  }
}
