/** Where the bytes of chunks lie. */
import { asBuffer } from './columns.ts';
import type { Catalog } from './catalog.ts';

/** Where chunks lie, for one maker's volumes. */
export class ChunkPlaces {
  readonly #catalog: Catalog;
  readonly #maker: string;

  constructor(catalog: Catalog, maker: string) {
    this.#catalog = catalog;
    this.#maker = maker;
  }

  /** A stored volume that holds the chunk, one that counts as there first, the newest first; or null. */
  find(chunk: number): { volume: number; offset: number; length: number; sha256: Buffer } | null {
    const row = this.#catalog.get(
      `SELECT p.volume, p.offset, c.length, c.sha256 FROM chunks c JOIN places p ON p.chunk = c.id JOIN volumes v ON v.id = p.volume
       LEFT JOIN usable u ON u.volume = v.id
       WHERE c.id = ? AND v.maker = ? AND v.state = 'stored' ORDER BY u.volume IS NULL, v.id DESC LIMIT 1`,
      chunk,
      this.#maker,
    );
    if (!row) return null;
    return { volume: row['volume'] as number, offset: row['offset'] as number, length: row['length'] as number, sha256: asBuffer(row['sha256']) };
  }
}
