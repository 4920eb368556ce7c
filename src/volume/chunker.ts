/**
 * Content-defined chunking: a large file is cut where its content says so, so that an insertion moves one or two
 * cuts and leaves the rest of the chunks as they were. A gear hash rolls over the bytes, and a cut lies behind a byte
 * where the hash meets a mask: a strict one before the average size and a lax one after it (as in FastCDC), which
 * keeps sizes close to the average. The hash sees the 32 bytes before it and nothing else.
 *
 * Everything here is part of the format in this sense: change it, and every large file is stored anew.
 */
import { createHash } from 'node:crypto';

const KiB = 1024;

export const chunkSizes = { min: 256 * KiB, average: 1024 * KiB, max: 4096 * KiB };

/** The gear value of byte n is the first four bytes, little-endian, of the SHA-256 of this text and the decimal n. */
const gearSeed = 'bat gear table 1: ';
/** A 32-bit gear hash has forgotten every byte that came before the last 32. */
const windowSize = 32;
/**
 * The upper bits of the hash depend on the most bytes. A cut every MiB, then every 512 KiB, on random data. Further apart,
 * the sizes would be closer to the average, but behind a change it would take longer until the cuts are the old ones again:
 * after 1 MiB was overwritten, 3 of 10,000 files have more than 8 MiB of new chunks; with 22 and 18 bits it was 3 of 100.
 */
const strictMask = 0xfffff000 | 0;
const laxMask = 0xffffe000 | 0;

let gear: Int32Array | undefined;

/**
 * The end of the chunk that begins at `start`, of a file of which the bytes up to `filled` have been read; null if more of it
 * must be read first. `atEnd`: there is no more. What was found before `filled` is a cut whatever comes behind it.
 */
export function nextCut(bytes: Uint8Array, start: number, filled: number, atEnd: boolean): number | null {
  if (start === filled) return null;
  const cut = findCut(bytes, start, filled);
  return atEnd || cut < filled || cut - start === chunkSizes.max ? cut : null;
}

/**
 * The end of the chunk that begins at `start`: at most `start` + max, and `end` if the content ends before a cut is
 * found. A caller that is not at the end of the file must give at least max bytes, or the cut would depend on how
 * much it happened to have.
 */
export function findCut(bytes: Uint8Array, start: number, end: number): number {
  const limit = Math.min(end, start + chunkSizes.max);
  const first = start + chunkSizes.min;
  if (limit <= first) return limit;
  // A Buffer is a class of its own to the engine: one class only keeps the loops below fast.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  gear ??= makeGearTable();
  const middle = Math.min(limit, start + chunkSizes.average);
  return scan(plain, gear, first, middle, limit);
}

function scan(bytes: Uint8Array, gear: Int32Array, first: number, middle: number, limit: number): number {
  let hash = 0;
  for (let at = first - windowSize; at < first; at++) hash = ((hash << 1) + gear[bytes[at]!]!) | 0;
  const cut = scanFor(strictMask, bytes, gear, hash, first, middle);
  if (cut > 0 || middle === limit) return cut || limit;
  hash = 0;
  for (let at = middle - windowSize; at < middle; at++) hash = ((hash << 1) + gear[bytes[at]!]!) | 0;
  return scanFor(laxMask, bytes, gear, hash, middle, limit) || limit;
}

/** Two bytes a turn: both hashes come from the one before, which halves the chain the processor has to wait for. */
function scanFor(mask: number, bytes: Uint8Array, gear: Int32Array, hash: number, from: number, to: number): number {
  let at = from;
  for (const even = to - 1; at < even; at += 2) {
    const one = gear[bytes[at]!]!;
    const first = (hash << 1) + one;
    hash = ((hash << 2) + ((one << 1) + gear[bytes[at + 1]!]!)) | 0;
    if ((first & mask) === 0) return at + 1;
    if ((hash & mask) === 0) return at + 2;
  }
  if (at < to && (((hash << 1) + gear[bytes[at]!]!) & mask) === 0) return at + 1;
  return 0;
}

function makeGearTable(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) =>
    createHash('sha256').update(`${gearSeed}${byte}`).digest().readInt32LE(0),
  );
}
