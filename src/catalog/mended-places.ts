/** Where a manifest that is written again says that chunks lie: where they can be had, else where what is left of them lies. */
import type { Catalog } from './catalog.ts';
import { ChunkPlaces, type ChunkPlace } from './chunk-places.ts';
import { IdSet } from './id-set.ts';
import type { HeldObject } from './object-rows.ts';
import { Objects } from './objects.ts';
import { Receipts } from './receipts.ts';

export class MendedPlaces {
  readonly #catalog: Catalog;
  readonly #objects: Objects;
  readonly #receipts: Receipts;
  readonly #places: ChunkPlaces;
  readonly #targets: readonly string[];
  readonly #isSealed: boolean;
  /** Volumes that all of the targets hold. */
  readonly #held: IdSet;
  readonly #resent = new Map<number, boolean>();

  /** `targets`: those that the manifest is for. */
  constructor(catalog: Catalog, { maker, targets, isSealed }: { maker: string; targets: readonly string[]; isSealed: boolean }) {
    this.#catalog = catalog;
    this.#objects = new Objects(catalog);
    this.#receipts = new Receipts(catalog);
    this.#places = new ChunkPlaces(catalog, maker);
    this.#targets = targets;
    this.#isSealed = isSealed;
    this.#held = heldByAll(catalog, targets);
  }

  holds(volume: number): boolean {
    return this.#held.has(volume);
  }

  /** True if something of a volume that is not there any more lies in another one that is. */
  isResent(volume: number): boolean {
    const known = this.#resent.get(volume);
    if (known !== undefined) return known;
    let found = false;
    for (const row of this.#catalog.each('SELECT q.volume FROM places p JOIN places q ON q.chunk = p.chunk AND q.volume <> p.volume WHERE p.volume = ?', volume)) {
      found = this.#held.has(row['volume'] as number);
      if (found) break;
    }
    this.#resent.set(volume, found);
    return found;
  }

  find(chunks: readonly number[]): Map<number, ChunkPlace> {
    const found = new Map<number, ChunkPlace>();
    for (const [chunk, places] of this.#places.stored(chunks)) found.set(chunk, places.find(({ volume }) => this.#held.has(volume)) ?? places.at(-1)!);
    return found;
  }

  objectOf(volume: number): HeldObject | null {
    return this.#receipts.objectFor(volume, this.#targets) ?? this.#objects.remainsOf(volume, this.#isSealed);
  }
}

function heldByAll(catalog: Catalog, targets: readonly string[]): IdSet {
  const held = new IdSet();
  const sql = `SELECT o.volume FROM receipts r JOIN objects o ON o.id = r.object JOIN volumes v ON v.id = o.volume AND v.state = 'stored' WHERE r.target IN (SELECT value FROM json_each(?))
    GROUP BY o.volume HAVING count(DISTINCT r.target) = ?`;
  for (const row of catalog.each(sql, JSON.stringify(targets), targets.length)) held.add(row['volume'] as number);
  return held;
}
