/** A file of several chunks on its way: they may come in any order, and from several volumes. */
import { createHash, type Hash } from 'node:crypto';
import fs from 'node:fs';
import { BatError } from '../../../core/errors.ts';
import { systemPath } from '../../../core/paths.ts';
import { setAttributes } from '../attributes.ts';
import type { FilePiece } from './messages.ts';
import { writeBytes } from './write-bytes.ts';

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
const readSize = 1024 * 1024;

export class LargeFile {
  readonly temporary: string;
  readonly #piece: FilePiece;
  #file: number | null = null;
  #exists = false;
  #missing: number;
  /** As long as the chunks come in their order, the whole is hashed on the way; null afterwards. */
  #hash: Hash | null = createHash('sha256');
  #hashed = 0;

  /** Any of its pieces. */
  constructor(piece: FilePiece) {
    this.#piece = piece;
    this.temporary = piece.temporary;
    this.#missing = piece.parts;
  }

  get isComplete(): boolean {
    return this.#missing === 0;
  }

  open(): void {
    this.#file = fs.openSync(systemPath(this.temporary), O_RDWR | O_NOFOLLOW | (this.#exists ? 0 : O_CREAT | O_EXCL), 0o600);
    this.#exists = true;
  }

  close(): void {
    if (this.#file === null) return;
    fs.closeSync(this.#file);
    this.#file = null;
  }

  write(position: number, bytes: Uint8Array): void {
    writeBytes(this.#file!, bytes, position, this.#piece.sparse);
    this.#missing--;
    if (this.#hash && position === this.#hashed) {
      this.#hash.update(bytes);
      this.#hashed += bytes.length;
    } else {
      this.#hash = null;
    }
  }

  /** Checks the whole, sets its attributes and closes it. Returns what is wrong with the attributes. */
  finish(): string | null {
    const file = this.#file!;
    if (this.#piece.sparse) fs.ftruncateSync(file, this.#piece.size);
    const sha256 = (this.#hash ?? this.#readBack(file)).digest('hex');
    if (sha256 !== this.#piece.sha256) {
      throw new BatError('OBJECT_DAMAGED', 'its chunks are what they should be, but not the whole that they make: the manifest is damaged');
    }
    const problem = setAttributes(file, this.#piece);
    this.close();
    return problem;
  }

  #readBack(file: number): Hash {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(readSize);
    for (let at = 0; ; ) {
      const count = fs.readSync(file, buffer, 0, readSize, at);
      if (count === 0) return hash;
      hash.update(buffer.subarray(0, count));
      at += count;
    }
  }
}
