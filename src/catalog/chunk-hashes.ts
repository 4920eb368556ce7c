/**
 * Which chunk has which hash. Hashes come in no order, so an index over them that is larger than SQLite's cache costs a page read and
 * a page written for each new chunk. Therefore new ones stand in a small index first, and go over to the large one many at a time,
 * in its order. Both have only the beginning of a hash; the whole one is compared where the chunk is.
 */
import type { Catalog } from './catalog.ts';
import { HashFilter } from './hash-filter.ts';

/** So many stand in the small index at most: it takes less than 2 MB of SQLite's cache. */
const mostRecent = 65_536;

const ofCatalogs = new WeakMap<Catalog, ChunkHashes>();

export class ChunkHashes {
  readonly #catalog: Catalog;
  /** Of all chunks, where the catalog had none at first: most that a first run asks for are new, and need no look at the indexes. */
  readonly #filter: HashFilter | null;
  /** How many stand in the small index. */
  #recent: number;

  private constructor(catalog: Catalog) {
    this.#catalog = catalog;
    this.#filter = catalog.get('SELECT 1 FROM chunks LIMIT 1') ? null : new HashFilter();
    this.#recent = catalog.get('SELECT count(*) AS count FROM recent_hashes')!['count'] as number;
  }

  /** One for all who use a catalog: each must know what the others add. */
  static of(catalog: Catalog): ChunkHashes {
    let hashes = ofCatalogs.get(catalog);
    if (!hashes) ofCatalogs.set(catalog, (hashes = new ChunkHashes(catalog)));
    return hashes;
  }

  /** The chunk's id, or null. */
  find(sha256: Buffer): number | null {
    if (this.#filter && !this.#filter.mayHave(sha256)) return null;
    const row = this.#catalog.get(
      `SELECT c.id FROM (SELECT chunk FROM recent_hashes WHERE start = substr(?1, 1, 6) UNION ALL SELECT chunk FROM chunk_hashes WHERE start = substr(?1, 1, 6)) h
       CROSS JOIN chunks c ON c.id = h.chunk WHERE c.sha256 = ?1`,
      sha256,
    );
    return (row?.['id'] as number | undefined) ?? null;
  }

  /** Adds a chunk that `find` does not find. Returns its id. */
  add(sha256: Buffer, length: number): number {
    if (this.#recent >= mostRecent) this.#mergeRecent();
    const chunk = this.#catalog.run('INSERT INTO chunks (sha256, length) VALUES (?, ?)', sha256, length);
    this.#catalog.run('INSERT INTO recent_hashes (start, chunk) VALUES (substr(?, 1, 6), ?)', sha256, chunk);
    this.#recent++;
    this.#filter?.add(sha256);
    return chunk;
  }

  remove(chunk: number): void {
    for (const table of ['recent_hashes', 'chunk_hashes']) {
      this.#catalog.run(`DELETE FROM ${table} WHERE start = (SELECT substr(sha256, 1, 6) FROM chunks WHERE id = ?1) AND chunk = ?1`, chunk);
    }
    this.#catalog.run('DELETE FROM chunks WHERE id = ?', chunk);
  }

  /** `OR ROLLBACK`: else SQLite keeps each page that is changed as it was, in memory, to take back this one statement; that may be most of the index. */
  #mergeRecent(): void {
    this.#catalog.run('INSERT OR ROLLBACK INTO chunk_hashes (start, chunk) SELECT start, chunk FROM recent_hashes ORDER BY start, chunk');
    this.#catalog.run('DELETE FROM recent_hashes');
    this.#recent = 0;
  }
}
