/** Reads a file out of a store: the ranges of its volumes that hold it, each chunk and the whole held against their hashes. */
import { newSha256 } from '#native/crypto';
import type { KeyRing } from '../../../src/volume/age-keys.ts';
import { damagedObject } from '../../../src/volume/damage.ts';
import { hexOf } from '../../../src/volume/hex.ts';
import type { ManifestVolume } from '../../../src/volume/manifest.ts';
import { ObjectReader } from '../../../src/volume/range-reader.ts';
import type { ManifestPlace } from '../../../src/volume/snapshot-reading.ts';
import { digestOf } from './digest.ts';
import type { PlacedChunk } from './snapshot-tree.ts';

export interface FileContent {
  path: string;
  sha256: string;
  chunks: readonly PlacedChunk[];
}

/** Chunks of one volume that are read at once. */
interface Stretch {
  volume: number;
  start: number;
  end: number;
  chunks: PlacedChunk[];
}

/** What lies between two chunks, such as the header of the next piece, comes with their frames in any case. */
const widestGap = 64 * 1024;
/** Opened volumes that are remembered: each costs a request to open again. */
const mostReaders = 8;

export class FileReader {
  readonly #place: ManifestPlace;
  readonly #volumes: readonly ManifestVolume[];
  readonly #keys: () => KeyRing;
  readonly #readers = new Map<number, Promise<ObjectReader>>();

  constructor(place: ManifestPlace, volumes: readonly ManifestVolume[], keys: () => KeyRing) {
    this.#place = place;
    this.#volumes = volumes;
    this.#keys = keys;
  }

  /**
   * The bytes of a file, each piece checked; nobody may have the file before the last has come, since only then the whole is checked, too. Throws
   * OBJECT_DAMAGED, OBJECT_MISSING, OBJECT_COLD, KEY_MISSING, KEY_WRONG, and what the place does.
   */
  async *read({ path, sha256: expected, chunks }: FileContent, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    // Of a file in one chunk the hash of the chunk is that of the file.
    const whole = chunks.length === 1 && chunks[0]!.sha256 === expected ? null : newSha256();
    for (const stretch of stretchesOf(chunks)) {
      for await (const bytes of this.#readStretch(stretch)) {
        signal.throwIfAborted();
        whole?.update(bytes);
        yield bytes;
      }
    }
    if (whole && hexOf(whole.digest()) !== expected) throw damagedObject(path, 'its chunks are whole, and together they are not the file that was stored');
  }

  async *#readStretch({ volume, start, end, chunks }: Stretch): AsyncGenerator<Uint8Array> {
    const reader = await this.#open(volume);
    const pieces = reader.read(start, end - start);
    let at = start;
    let rest: Uint8Array = new Uint8Array(0);
    try {
      for (const chunk of chunks) {
        const bytes = new Uint8Array(chunk.length);
        for (let filled = 0; filled < chunk.length; ) {
          if (rest.length === 0) {
            const next = await pieces.next();
            if (next.done) throw damagedObject(this.#volumes[volume]!.name, 'it ends too early');
            rest = next.value;
          }
          const skipped = Math.min(rest.length, Math.max(0, chunk.offset + filled - at));
          const taken = rest.subarray(skipped, skipped + chunk.length - filled);
          bytes.set(taken, filled);
          filled += taken.length;
          at += skipped + taken.length;
          rest = rest.subarray(skipped + taken.length);
        }
        yield (await digestOf(bytes)) === chunk.sha256 ? bytes : await this.#readAgain(chunk, reader);
      }
    } finally {
      await pieces.return(undefined);
    }
  }

  /** What came damaged may have been so on its way only. */
  async #readAgain({ volume, offset, length, sha256: expected }: PlacedChunk, reader: ObjectReader): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let filled = 0;
    for await (const piece of reader.read(offset, length)) {
      bytes.set(piece, filled);
      filled += piece.length;
    }
    if ((await digestOf(bytes)) !== expected) throw damagedObject(this.#volumes[volume]!.name, `its bytes from ${offset} to ${offset + length} are not what was stored`);
    return bytes;
  }

  #open(index: number): Promise<ObjectReader> {
    const known = this.#readers.get(index);
    if (known) return known;
    const layout = this.#volumes[index]!;
    // Without the signal: a reader outlives the file that it was opened for. Who breaks off waits for one fetch at the most.
    const reading = ObjectReader.open(layout, (offset, length) => this.#place.read(layout.name, offset, length), this.#keys());
    this.#readers.set(index, reading);
    reading.catch(() => this.#readers.delete(index));
    if (this.#readers.size > mostReaders) this.#readers.delete(this.#readers.keys().next().value!);
    return reading;
  }
}

function* stretchesOf(chunks: readonly PlacedChunk[]): Generator<Stretch> {
  let open: Stretch | null = null;
  for (const chunk of chunks) {
    const gap: number = open && open.volume === chunk.volume ? chunk.offset - open.end : -1;
    if (open && gap >= 0 && gap <= widestGap) {
      open.chunks.push(chunk);
      open.end = chunk.offset + chunk.length;
      continue;
    }
    if (open) yield open;
    open = { volume: chunk.volume, start: chunk.offset, end: chunk.offset + chunk.length, chunks: [chunk] };
  }
  if (open) yield open;
}
