/** Where a manifest that is written again says that chunks lie: where they can be had, else where what is left of them lies. */
import { asBuffer } from './columns.ts';
import type { Catalog } from './catalog.ts';
import { IdSet } from './id-set.ts';
import { Objects, type HeldObject } from './objects.ts';

export interface MendedPlace {
  volume: number;
  offset: number;
  length: number;
  sha256: Buffer;
}

export class MendedPlaces {
  readonly #catalog: Catalog;
  readonly #objects: Objects;
  readonly #maker: string;
  readonly #targets: readonly string[];
  readonly #isSealed: boolean;
  /** Volumes that all of the targets hold. */
  readonly #held: IdSet;
  readonly #resent = new Map<number, boolean>();

  /** `targets`: those that the manifest is for. */
  constructor(catalog: Catalog, { maker, targets, isSealed }: { maker: string; targets: readonly string[]; isSealed: boolean }) {
    this.#catalog = catalog;
    this.#objects = new Objects(catalog);
    this.#maker = maker;
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

  find(chunk: number): MendedPlace | null {
    const rows = this.#catalog.all(
      `SELECT p.volume, p.offset, c.length, c.sha256 FROM chunks c JOIN places p ON p.chunk = c.id JOIN volumes v ON v.id = p.volume
       WHERE c.id = ? AND v.maker = ? AND v.state = 'stored' ORDER BY v.id DESC`,
      chunk,
      this.#maker,
    );
    const row = rows.find((place) => this.#held.has(place['volume'] as number)) ?? rows.at(-1);
    return row ? { volume: row['volume'] as number, offset: row['offset'] as number, length: row['length'] as number, sha256: asBuffer(row['sha256']) } : null;
  }

  objectOf(volume: number): HeldObject | null {
    return this.#objects.objectFor(volume, this.#targets) ?? this.#objects.remainsOf(volume, this.#isSealed);
  }
}

function heldByAll(catalog: Catalog, targets: readonly string[]): IdSet {
  const held = new IdSet();
  const sql = `SELECT o.volume FROM receipts r JOIN objects o ON o.id = r.object JOIN volumes v ON v.id = o.volume AND v.state = 'stored' WHERE r.target IN (SELECT value FROM json_each(?))
    GROUP BY o.volume HAVING count(DISTINCT r.target) = ?`;
  for (const row of catalog.each(sql, JSON.stringify(targets), targets.length)) held.add(row['volume'] as number);
  return held;
}
