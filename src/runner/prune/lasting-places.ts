/** Where a manifest that is written again says that chunks lie: in volumes that stay, and that the targets it goes to hold. */
import { ChunkPlaces, type ChunkPlace } from '../../catalog/chunk-places.ts';
import type { HeldObject } from '../../catalog/object-rows.ts';
import { Objects } from '../../catalog/objects.ts';
import { Receipts } from '../../catalog/receipts.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { ManifestPlaces } from '../../steps/record/manifest-lines.ts';
import type { Lane } from '../../steps/step.ts';

export class LastingPlaces implements ManifestPlaces {
  readonly #places: ChunkPlaces;
  readonly #objects: Objects;
  readonly #receipts: Receipts;
  readonly #lane: Pick<Lane, 'maker' | 'recipients' | 'targets'>;
  readonly #targets: readonly string[];
  readonly #held = new Map<number, HeldObject | null>();
  /** True once a chunk lay in one volume on one of the targets, and in another one on another. */
  isSplit = false;

  /** `targets`: ids of those that the manifest is written to. */
  constructor(catalog: Catalog, lane: Pick<Lane, 'maker' | 'recipients' | 'targets'>, targets: readonly string[]) {
    this.#places = new ChunkPlaces(catalog, lane.maker);
    this.#objects = new Objects(catalog);
    this.#receipts = new Receipts(catalog);
    this.#lane = lane;
    this.#targets = targets;
  }

  find(chunks: readonly number[]): Map<number, ChunkPlace> {
    const found = new Map<number, ChunkPlace>();
    for (const [chunk, places] of this.#places.lasting(chunks)) found.set(chunk, this.#best(places));
    return found;
  }

  objectOf(volume: number): HeldObject | null {
    return this.#objectOn(volume) ?? this.#receipts.objectFor(volume, this.#lane.targets) ?? this.#objects.objectOf(volume, this.#lane.recipients);
  }

  #best(places: readonly ChunkPlace[]): ChunkPlace {
    if (places.length === 1) return places[0]!;
    // Of those that are held by as many, the first: `lasting` gives them in the order in which they are wanted.
    const counts = places.map(({ volume }) => this.#heldBy(volume));
    const most = Math.max(...counts.map((ids) => ids.length));
    const best = counts.findIndex((ids) => ids.length === most);
    this.isSplit ||= counts.some((ids) => ids.some((id) => !counts[best]!.includes(id)));
    return places[best]!;
  }

  #heldBy(volume: number): string[] {
    return [...(this.#objectOn(volume)?.receipts.keys() ?? [])];
  }

  #objectOn(volume: number): HeldObject | null {
    const known = this.#held.get(volume);
    if (known !== undefined) return known;
    // Their frames may be many: only a few volumes are asked for again and again.
    if (this.#held.size > 1000) this.#held.clear();
    const held = this.#receipts.objectFor(volume, this.#targets);
    this.#held.set(volume, held);
    return held;
  }
}
