/** What the catalog knows of the bytes of entries: their hashes and chunks. */
import { asBuffer } from './columns.ts';
import type { Catalog } from './catalog.ts';
import { ChunkHashes } from './chunk-hashes.ts';
import type { CatalogEntry } from './entry-rows.ts';
import { Versions } from './versions.ts';

export class Contents {
  readonly #catalog: Catalog;
  readonly #versions: Versions;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
    this.#versions = new Versions(catalog);
  }

  /** The entry that has the bytes: of a hard link its first name, of any other file itself; null for what has none. */
  holderOf(source: string, found: CatalogEntry, number: number): CatalogEntry | null {
    if (found.entry.type === 'file') return found;
    if (found.entry.type !== 'hardlink' || found.entry.link === undefined) return null;
    const first = this.#versions.at(source, found.entry.link, number);
    return first?.entry.type === 'file' ? first : null;
  }

  /** The SHA-256 of a file's bytes; null if the catalog does not have it. */
  hashOf({ chunks, sha256 }: CatalogEntry): Buffer | null {
    if (sha256 !== null || chunks.length !== 1) return sha256;
    return this.chunk(chunks[0]!)?.sha256 ?? null;
  }

  chunk(id: number): { sha256: Buffer; length: number } | null {
    const row = this.#catalog.get('SELECT sha256, length FROM chunks WHERE id = ?', id);
    return row ? { sha256: asBuffer(row['sha256']), length: row['length'] as number } : null;
  }

  chunkWithHash(sha256: Buffer): number | null {
    return ChunkHashes.of(this.#catalog).find(sha256);
  }
}
