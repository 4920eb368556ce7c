/** Reads what is wanted of the volumes of a target, chunk by chunk in their order, and hands it to whoever wants it. */
import { hash } from 'node:crypto';
import type { ListedRange, ListedUse, RestoreList } from '../../catalog/restore-list.ts';
import { BatError } from '../../core/errors.ts';
import { ObjectReader, type StoredRange } from '../../volume/object-reader.ts';
import { readRight, tellBlame } from './blame.ts';
import { ExtentReader } from './extent-reader.ts';
import { extentsOf, FrameTable, type Extent } from './extents.ts';
import { parseLayout, type Store } from './load.ts';
import type { Report } from './report.ts';
import { VolumesAhead, type WantedVolume } from './volumes-ahead.ts';

export interface VolumeReading {
  list: RestoreList;
  store: Store;
  report: Report;
  signal: AbortSignal;
  /** A volume turned out to be in cold storage. */
  onCold(this: void): void;
  /** `bytes` have been checked against the use's hash. */
  write(use: ListedUse, bytes: Uint8Array): Promise<void> | void;
}

const betweenPauses = 64;

/** Notes in the list what could not be had; throws only what `write` throws, the signal's reason, and bugs. */
export async function readVolumes(reading: VolumeReading): Promise<void> {
  const { list, store, report } = reading;
  for await (const volume of new VolumesAhead(reading).volumes()) {
    if (store.isGone || !volume.reader) {
      list.chunks.miss(volume.id, `${volume.name} is on ${store.target.id}, which cannot be reached any more`);
      continue;
    }
    await new VolumeReader(reading, volume).read(volume.reader);
    report.summary.objects++;
  }
}

/** What a restore would fetch of a store. */
export function countFetches(list: RestoreList, store: Store, report: Report): void {
  const sum = { target: store.target.id, objects: 0, reads: 0, bytes: 0 };
  for (const volume of list.volumes.of(store.number)) {
    sum.objects++;
    for (const { length } of fetchesOf(list, volume)) {
      sum.reads++;
      sum.bytes += length;
    }
  }
  if (sum.objects === 0) return;
  report.summary.reads.push(sum);
  report.summary.objects += sum.objects;
  report.summary.fetched += sum.bytes;
}

/** Of what is wanted of one volume. */
export function bytesToFetch(list: RestoreList, volume: { id: number; layout: string }): number {
  return fetchesOf(list, volume).reduce((sum, { length }) => sum + length, 0);
}

function fetchesOf(list: RestoreList, { id, layout: text }: { id: number; layout: string }): Generator<StoredRange> {
  const layout = parseLayout(text);
  return ObjectReader.fetchesOf(layout, extentsOf(list.chunks.ranges(id), new FrameTable(layout)));
}

/** A range of a volume as it came; no bytes if the volume does not give them. */
interface Taken extends ListedRange {
  bytes: Uint8Array | null;
  sha256: Buffer | null;
}

class VolumeReader {
  readonly #reading: VolumeReading;
  readonly #volume: WantedVolume;
  /** Why nothing more can be had of it: not damage in one place, but the object or its target gone. */
  #lost: BatError | null = null;
  #count = 0;

  constructor(reading: VolumeReading, volume: WantedVolume) {
    this.#reading = reading;
    this.#volume = volume;
  }

  async read(opening: Promise<ObjectReader>): Promise<void> {
    const { id, extents } = this.#volume;
    let reader: ObjectReader;
    try {
      reader = await opening;
    } catch (error) {
      this.#reading.list.chunks.miss(id, this.#blame(error).message);
      return;
    }
    for (const extent of extents()) await this.#readExtent(reader, extent);
  }

  async #readExtent(reader: ObjectReader, extent: Extent): Promise<void> {
    const source = new ExtentReader(reader, this.#volume.frames, extent);
    let last: Taken = { offset: -1, length: 0, bytes: null, sha256: null };
    try {
      for (const use of this.#reading.list.chunks.uses(this.#volume.id, extent.first, extent.last)) {
        if (last.offset !== use.offset || last.length !== use.length) last = await this.#take(reader, source, use);
        if (last.bytes) await this.#give(use, last.bytes, last.sha256);
      }
    } finally {
      await source.end();
    }
  }

  async #take(reader: ObjectReader, source: ExtentReader, { offset, length, sha256 }: ListedUse): Promise<Taken> {
    const { signal, list } = this.#reading;
    if (++this.#count % betweenPauses === 0) await new Promise(setImmediate);
    signal.throwIfAborted();
    try {
      if (this.#lost) throw this.#lost;
      const bytes = await source.take(offset, length);
      const sum = hash('sha256', bytes, 'buffer');
      const right = sum.equals(sha256) ? bytes : await readRight(reader, this.#volume.name, { offset, length, sha256 });
      return right ? { offset, length, bytes: right, sha256 } : { offset, length, bytes, sha256: sum };
    } catch (error) {
      list.chunks.miss(this.#volume.id, this.#blame(error).message, { offset, length });
      return { offset, length, bytes: null, sha256: null };
    }
  }

  async #give(use: ListedUse, bytes: Uint8Array, sha256: Buffer | null): Promise<void> {
    if (sha256?.equals(use.sha256)) {
      await this.#reading.write(use, bytes);
      return;
    }
    const error = new BatError('OBJECT_DAMAGED', `${this.#volume.name} is damaged: it holds other bytes than it should at ${use.offset}`);
    this.#blame(error);
    this.#reading.list.chunks.missUse(use, error.message);
  }

  /** Tells what went wrong with the object or its target; throws on what neither is to blame for. */
  #blame(error: unknown): BatError {
    const { signal, store, report } = this.#reading;
    signal.throwIfAborted();
    if (!(error instanceof BatError)) throw error;
    if (error.code !== 'OBJECT_DAMAGED') this.#lost = error;
    if (error.code === 'OBJECT_COLD') {
      // Moved there by a rule of the store, or the thawed copy expired: the receipt does not know, the target does.
      this.#reading.list.volumes.suspectCold(this.#volume.id);
      this.#reading.onCold();
      return error;
    }
    tellBlame(error, { store, name: this.#volume.name, report });
    return error;
  }
}
