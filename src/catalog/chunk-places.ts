/** Where the bytes of chunks lie. */
import { asBuffer } from './columns.ts';
import type { Catalog, Row } from './catalog.ts';

export interface ChunkPlace {
  volume: number;
  offset: number;
  length: number;
  sha256: Buffer;
}

/** Where chunks lie, for one maker's volumes. */
export class ChunkPlaces {
  readonly #catalog: Catalog;
  readonly #maker: string;

  constructor(catalog: Catalog, maker: string) {
    this.#catalog = catalog;
    this.#maker = maker;
  }

  /** A stored volume that holds the chunk, one that counts as there first, the newest first; or null. */
  find(chunk: number): ChunkPlace | null {
    const row = this.#catalog.get(
      `SELECT p.volume, p.offset, c.length, c.sha256 FROM chunks c JOIN places p ON p.chunk = c.id JOIN volumes v ON v.id = p.volume
       LEFT JOIN usable u ON u.volume = v.id
       WHERE c.id = ? AND v.maker = ? AND v.state = 'stored' ORDER BY u.volume IS NULL, v.id DESC LIMIT 1`,
      chunk,
      this.#maker,
    );
    return row ? toPlace(row) : null;
  }

  /**
   * Every place of the chunk but those in volumes on the list of what leaves: those that are to stay first, then those of this maker, the newest first.
   * Volumes of other makers, and those that no target holds, are among them: an older snapshot may know no other.
   */
  lasting(chunk: number): ChunkPlace[] {
    const rows = this.#catalog.all(
      `SELECT p.volume, p.offset, c.length, c.sha256 FROM chunks c JOIN places p ON p.chunk = c.id JOIN volumes v ON v.id = p.volume
       WHERE c.id = ? AND v.state <> 'open' AND NOT EXISTS (SELECT 1 FROM leaving l WHERE l.volume = v.id)
       ORDER BY v.state = 'going', v.draining, v.maker <> ?, v.id DESC`,
      chunk,
      this.#maker,
    );
    return rows.map(toPlace);
  }
}

function toPlace(row: Row): ChunkPlace {
  return { volume: row['volume'] as number, offset: row['offset'] as number, length: row['length'] as number, sha256: asBuffer(row['sha256']) };
}
