/** Where the bytes of chunks lie. Many are asked for at a time: a question for each would take several times as long. */
import type { Catalog, List } from './catalog.ts';

export interface ChunkPlace {
  volume: number;
  offset: number;
  length: number;
  /** Hex. */
  sha256: string;
}

const columns = 'c.id, p.volume, p.offset, c.length, lower(hex(c.sha256))';
const wanted = 'json_each(?) w CROSS JOIN chunks c ON c.id = w.value CROSS JOIN places p ON p.chunk = c.id CROSS JOIN volumes v ON v.id = p.volume';

/** Where chunks lie, for one maker's volumes. */
export class ChunkPlaces {
  readonly #catalog: Catalog;
  readonly #maker: string;

  constructor(catalog: Catalog, maker: string) {
    this.#catalog = catalog;
    this.#maker = maker;
  }

  /** By chunk, its place in a stored volume: in one that counts as there first, the newest first. One that lies nowhere is not among them. */
  find(chunks: readonly number[]): Map<number, ChunkPlace> {
    const rows = this.#catalog.lists(
      `SELECT ${columns} FROM ${wanted} LEFT JOIN usable u ON u.volume = v.id
       WHERE v.maker = ? AND v.state = 'stored' ORDER BY u.volume IS NOT NULL, v.id`,
      JSON.stringify(chunks),
      this.#maker,
    );
    // The best of a chunk comes last, and stays.
    return new Map(rows.map(toPlace));
  }

  /** By chunk, its places in the stored volumes of this maker, the newest first. */
  stored(chunks: readonly number[]): Map<number, ChunkPlace[]> {
    const sql = `SELECT ${columns} FROM ${wanted} WHERE v.maker = ? AND v.state = 'stored' ORDER BY v.id DESC`;
    return gather(this.#catalog.lists(sql, JSON.stringify(chunks), this.#maker));
  }

  /**
   * By chunk, every place of it but those in volumes on the list of what leaves: those that are to stay first, then those of this maker, the newest first.
   * Volumes of other makers, and those that no target holds, are among them: an older snapshot may know no other.
   */
  lasting(chunks: readonly number[]): Map<number, ChunkPlace[]> {
    const rows = this.#catalog.lists(
      `SELECT ${columns} FROM ${wanted} WHERE v.state <> 'open' AND NOT EXISTS (SELECT 1 FROM leaving l WHERE l.volume = v.id)
       ORDER BY v.state = 'going', v.draining, v.maker <> ?, v.id DESC`,
      JSON.stringify(chunks),
      this.#maker,
    );
    return gather(rows);
  }
}

function gather(rows: readonly List[]): Map<number, ChunkPlace[]> {
  const places = new Map<number, ChunkPlace[]>();
  for (const [chunk, place] of rows.map(toPlace)) {
    const known = places.get(chunk);
    if (known) known.push(place);
    else places.set(chunk, [place]);
  }
  return places;
}

function toPlace([chunk, volume, offset, length, sha256]: List): [chunk: number, ChunkPlace] {
  return [chunk as number, { volume: volume as number, offset: offset as number, length: length as number, sha256: sha256 as string }];
}
