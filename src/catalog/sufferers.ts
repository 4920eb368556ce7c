/** From chunks that are lost to the files that suffer. */
import { asBuffer, fromName, joinPath } from './columns.ts';
import type { Catalog } from './catalog.ts';
import { hardLinks } from './hard-links.ts';
import type { IdSet } from './id-set.ts';

/** A version of a file under one of its names: it is in the snapshots of its source from number `since` up to, not including, `until`. */
export interface SufferingFile {
  source: string;
  path: string;
  size: number;
  since: number;
  until: number | null;
  /** Where chunks of it are lost. */
  targets: string[];
}

/** The chunks of a volume in the order in which they lie there. */
export interface PlacedChunk {
  id: number;
  offset: number;
  length: number;
  sha256: Buffer;
}

export class Sufferers {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  chunksOf(volume: number): PlacedChunk[] {
    return this.#catalog
      .all('SELECT c.id, p.offset, c.length, c.sha256 FROM places p JOIN chunks c ON c.id = p.chunk WHERE p.volume = ? ORDER BY p.offset', volume)
      .map((row) => ({ id: row['id'] as number, offset: row['offset'] as number, length: row['length'] as number, sha256: asBuffer(row['sha256']) }));
  }

  /** Adds every chunk of a volume. */
  addChunksOf(volume: number, chunks: IdSet): void {
    for (const row of this.#catalog.each('SELECT chunk FROM places WHERE volume = ?', volume)) chunks.add(row['chunk'] as number);
  }

  /** Adds those chunks of a volume that a target does not hold in another one. */
  addChunksNowhereElse(volume: number, target: string, chunks: IdSet): void {
    const rows = this.#catalog.each(
      `SELECT p.chunk FROM places p WHERE p.volume = ?1 AND NOT EXISTS (
       SELECT 1 FROM places q JOIN objects o ON o.volume = q.volume JOIN receipts r ON r.object = o.id WHERE q.chunk = p.chunk AND q.volume <> ?1 AND r.target = ?2)`,
      volume,
      target,
    );
    for (const row of rows) chunks.add(row['chunk'] as number);
  }

  /** Goes once through all files, then through their further names, whatever is lost; null for one that is whole. `lost`: chunks, by target. `sources`: only of these; empty for all. */
  *files(lost: ReadonlyMap<string, IdSet>, sources: readonly string[]): Generator<SufferingFile | null> {
    const rows = this.#catalog.each(
      `SELECT d.source, d.path, e.name, e.size, e.chunks, e.since, e.until FROM entries e JOIN directories d ON d.id = e.directory
       WHERE e.type = 'file' AND (? = 0 OR d.source IN (SELECT value FROM json_each(?)))`,
      sources.length, JSON.stringify(sources),
    );
    for (const row of rows) {
      const targets = row['chunks'] === null ? [] : targetsOf(asBuffer(row['chunks']), lost);
      if (targets.length === 0) {
        yield null;
        continue;
      }
      yield {
        source: row['source'] as string,
        path: joinPath(fromName(row['path']), fromName(row['name'])),
        size: row['size'] as number,
        since: row['since'] as number,
        until: row['until'] as number | null,
        targets,
      };
    }
    for (const { chunks, ...file } of hardLinks(this.#catalog, sources)) {
      const targets = targetsOf(chunks, lost);
      yield targets.length === 0 ? null : { ...file, targets };
    }
  }
}

function targetsOf(chunks: Buffer, lost: ReadonlyMap<string, IdSet>): string[] {
  const targets: string[] = [];
  for (const [target, ids] of lost) {
    for (let at = 0; at < chunks.length; at += 4) {
      if (!ids.has(chunks.readUInt32LE(at))) continue;
      targets.push(target);
      break;
    }
  }
  return targets;
}
