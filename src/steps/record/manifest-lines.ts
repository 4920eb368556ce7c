/** The lines of a snapshot's manifest, from the catalog. */
import { createHash } from 'node:crypto';
import type { CatalogEntry } from '../../catalog/entry-rows.ts';
import type { SnapshotEntries } from '../../catalog/snapshot-entries.ts';
import type { Snapshot } from '../../catalog/snapshots.ts';
import { ChunkPlaces, type ChunkPlace } from '../../catalog/chunk-places.ts';
import type { HeldObject } from '../../catalog/object-rows.ts';
import { Receipts } from '../../catalog/receipts.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { encodeLine } from '../../volume/manifest-writing.ts';
import type { ManifestChunk, ManifestEntry, ManifestHeader, ManifestLine, ManifestVolume } from '../../volume/manifest.ts';
import type { Signer } from '../../volume/signing.ts';
import type { Lane } from '../step.ts';

/** What is gathered into one piece of text before it is passed on. */
const PIECE = 64 * 1024;
/** Entries whose chunks are looked up together: this many, or fewer with this many chunks. */
const MOST_ENTRIES = 500;
const MOST_CHUNKS = 2000;

/** Where a manifest says that chunks lie. */
export interface ManifestPlaces {
  /** By chunk; one that lies nowhere is not among them. */
  find(chunks: readonly number[]): ReadonlyMap<number, ChunkPlace>;
  /** What a volume is on the targets; null where they have nothing of it. */
  objectOf(volume: number): HeldObject | null;
}

/** What the targets of a lane hold now. */
export class StoredPlaces implements ManifestPlaces {
  readonly #chunks: ChunkPlaces;
  readonly #receipts: Receipts;
  readonly #targets: readonly string[];
  readonly #first: readonly string[];

  /** `first`: ids of those whose own objects are meant wherever they have them. */
  constructor(catalog: Catalog, { maker, targets }: Pick<Lane, 'maker' | 'targets'>, first: readonly string[]) {
    this.#chunks = new ChunkPlaces(catalog, maker);
    this.#receipts = new Receipts(catalog);
    this.#targets = targets;
    this.#first = first;
  }

  find(chunks: readonly number[]): Map<number, ChunkPlace> {
    return this.#chunks.find(chunks);
  }

  objectOf(volume: number): HeldObject | null {
    return this.#receipts.objectFor(volume, this.#first) ?? this.#receipts.objectFor(volume, this.#targets);
  }
}

export interface ManifestSource {
  entries: SnapshotEntries;
  snapshot: Snapshot;
  /** The snapshot it is laid over, or null for a full one. */
  base: Snapshot | null;
  header: ManifestHeader;
  /** The one that the header names. */
  signer: Signer;
  places: ManifestPlaces;
}

export interface ManifestCounts {
  entries: number;
  removed: number;
  /** The volumes that it speaks of, as the catalog numbers them. */
  volumes: number[];
  /** Files that no target of the lane holds whole any more: they cannot be in it. */
  lost: string[];
}

/** UTF-8 pieces of the manifest. The counts are complete when it has been read to its end. */
export async function* manifestBytes(source: ManifestSource, counts: ManifestCounts): AsyncGenerator<Uint8Array> {
  const signed = createHash('sha256');
  let text = '';
  for (const line of lines(source, counts)) {
    if (line.kind === 'end') {
      const sha256 = signed.update(text).digest();
      text += encodeLine({ ...line, signature: source.signer.sign('manifest', sha256) });
      break;
    }
    text += encodeLine(line);
    if (text.length < PIECE) continue;
    const bytes = Buffer.from(text, 'utf8');
    signed.update(bytes);
    yield bytes;
    text = '';
  }
  yield Buffer.from(text, 'utf8');
}

function* lines(source: ManifestSource, counts: ManifestCounts): Generator<ManifestLine> {
  const { entries, snapshot, base, header, places } = source;
  yield { kind: 'header', header };
  const volumes = new VolumeNumbers(places, header.recipients);
  for (const batch of batches(base ? entries.changedSince(snapshot, base) : entries.unsorted(snapshot))) {
    const found = places.find(batch.flatMap(({ chunks }) => chunks));
    for (const entry of batch) {
      const placed = place(entry, found, volumes);
      for (const { id, volume } of volumes.takeFresh()) {
        counts.volumes.push(id);
        yield { kind: 'volume', volume };
      }
      if (placed) {
        counts.entries++;
        yield { kind: 'entry', entry: placed };
      } else {
        counts.lost.push(entry.entry.path);
      }
    }
  }
  if (base) {
    for (const path of entries.removedSince(snapshot, base)) {
      counts.removed++;
      yield { kind: 'removed', path };
    }
  }
  yield { kind: 'end', volumes: counts.volumes.length, entries: counts.entries, removed: counts.removed };
}

function* batches(entries: Iterable<CatalogEntry>): Generator<CatalogEntry[]> {
  let batch: CatalogEntry[] = [];
  let chunks = 0;
  for (const entry of entries) {
    batch.push(entry);
    chunks += entry.chunks.length;
    if (batch.length < MOST_ENTRIES && chunks < MOST_CHUNKS) continue;
    yield batch;
    batch = [];
    chunks = 0;
  }
  if (batch.length > 0) yield batch;
}

/** The entry with the places of its chunks, or null if one of them lies nowhere. */
function place({ entry, chunks, sha256 }: CatalogEntry, found: ReadonlyMap<number, ChunkPlace>, volumes: VolumeNumbers): ManifestEntry | null {
  if (entry.type !== 'file') return entry;
  const placed: ManifestChunk[] = [];
  for (const chunk of chunks) {
    const at = found.get(chunk);
    const number = at ? volumes.number(at.volume) : null;
    if (!at || number === null) return null;
    placed.push({ volume: number, offset: at.offset, length: at.length, sha256: at.sha256 });
  }
  return { ...entry, sha256: placed.length === 1 ? placed[0]!.sha256 : sha256!.toString('hex'), chunks: placed };
}

/** Numbers the volumes of a manifest in the order in which its entries come upon them. */
class VolumeNumbers {
  readonly #places: ManifestPlaces;
  readonly #numbers = new Map<number, number | null>();
  /** By the JSON of recipients that are not those of the manifest: the first volume that has them. */
  readonly #recipients = new Map<string, number>();
  readonly #usual: string | undefined;
  fresh: { id: number; volume: ManifestVolume }[] = [];

  constructor(places: ManifestPlaces, usual: readonly string[] | undefined) {
    this.#places = places;
    this.#usual = JSON.stringify(usual);
  }

  number(id: number): number | null {
    const known = this.#numbers.get(id);
    if (known !== undefined) return known;
    const object = this.#places.objectOf(id);
    const number = object ? this.#numbers.size : null;
    this.#numbers.set(id, number);
    if (object) {
      const { name, size, sha256, decoded, codec, recipients, frames, receipts, copyOf } = object;
      const targets = Object.fromEntries(receipts);
      const volume = { number: number!, name, size, sha256: sha256.toString('hex'), decoded, codec, sealed: recipients !== null, ...this.#sealedTo(recipients, number!), ...(copyOf === undefined ? {} : { copyOf }), frames, targets };
      this.fresh.push({ id, volume });
    }
    return number;
  }

  /** Only what is not as in the header; a list that came before is not written again, for post-quantum keys are long. */
  #sealedTo(recipients: readonly string[] | null, number: number): Pick<ManifestVolume, 'recipients'> {
    const json = JSON.stringify(recipients);
    if (recipients === null || json === this.#usual) return {};
    const before = this.#recipients.get(json);
    if (before === undefined) this.#recipients.set(json, number);
    return { recipients: before ?? recipients };
  }

  takeFresh(): typeof this.fresh {
    const fresh = this.fresh;
    if (fresh.length > 0) this.fresh = [];
    return fresh;
  }
}
