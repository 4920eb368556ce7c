/** Memory that the reading thread fills and the main thread empties: a table of pieces, and their bytes one behind the other. */
import { smallFileRoom } from './small-file.ts';

/** Small files that are read in one go, at most; one that is larger than `bytesPerBatch` goes alone. */
export const filesPerBatch = 128;
export const bytesPerBatch = 1024 * 1024;
/** One is filled while the other is emptied. */
export const slotCount = 2;

const hashBytes = 32;
const pieceBytes = 4 + hashBytes;
const tableBytes = filesPerBatch * pieceBytes;
const slotBytes = tableBytes + bytesPerBatch + smallFileRoom;

export class Slot {
  readonly memory: SharedArrayBuffer;
  /** The bytes of the pieces, or room for them. */
  readonly bytes: Buffer;
  readonly #table: DataView;
  readonly #hashes: Buffer;

  constructor(memory = new SharedArrayBuffer(slotBytes)) {
    this.memory = memory;
    this.bytes = Buffer.from(memory, tableBytes);
    this.#table = new DataView(memory, 0, tableBytes);
    this.#hashes = Buffer.from(memory, 0, tableBytes);
  }

  note(index: number, length: number, sha256: Uint8Array): void {
    this.noteLength(index, length);
    this.#hashes.set(sha256, index * pieceBytes + 4);
  }

  noteLength(index: number, length: number): void {
    this.#table.setUint32(index * pieceBytes, length);
  }

  length(index: number): number {
    return this.#table.getUint32(index * pieceBytes);
  }

  /** A copy. */
  sha256(index: number): Buffer {
    const at = index * pieceBytes + 4;
    return Buffer.from(this.#hashes.subarray(at, at + hashBytes));
  }
}
