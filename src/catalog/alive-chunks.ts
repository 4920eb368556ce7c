/** Which chunks are needed: by the snapshots that are kept, and by work that is not done yet. One pass over the entries; a bit a chunk. */
import { asBuffer, fromName, joinPath } from './columns.ts';
import type { Catalog } from './catalog.ts';
import { hardLinks } from './hard-links.ts';
import { IdSet } from './id-set.ts';
import { KeptNumbers } from './kept-numbers.ts';

export interface AliveChunks {
  /** All that must not go. */
  alive: IdSet;
  /** Those of them that the next run reads again if they are not stored any more: they are in the newest snapshot of a source of the plan. */
  current: IdSet;
}

/** What is lost with the snapshots that are forgotten: no other one has its content. */
export interface LostFiles {
  /** Versions of files; each of the names that a file has counts. */
  files: number;
  /** Of the content that goes, each once. */
  bytes: number;
}

/** `sources`: those that runs still read. `forget`: ids of snapshots that are to count as gone. */
export function findAlive(catalog: Catalog, { forget, sources }: { forget: ReadonlySet<string>; sources: ReadonlySet<string> }): AliveChunks {
  const kept = new KeptNumbers(catalog, forget);
  const alive = new IdSet();
  const current = new IdSet();
  const rows = catalog.each('SELECT d.source, e.since, e.until, e.chunks FROM entries e JOIN directories d ON d.id = e.directory WHERE e.chunks IS NOT NULL');
  for (const row of rows) {
    const source = row['source'] as string;
    const since = row['since'] as number;
    const until = row['until'] as number | null;
    if (!kept.has(source, since, until)) continue;
    const latest = kept.latest(source);
    const isCurrent = since <= latest && (until === null || until > latest) && sources.has(source);
    for (const chunk of idsOf(row['chunks'])) {
      alive.add(chunk);
      if (isCurrent) current.add(chunk);
    }
  }
  // What a run that failed or was killed has read: the next one takes it over.
  for (const row of catalog.each('SELECT chunks FROM draft WHERE chunks IS NOT NULL')) for (const chunk of idsOf(row['chunks'])) alive.add(chunk);
  return { alive, current };
}

/** A file that no kept snapshot has the content of. */
export interface LostFile {
  source: string;
  path: string;
  size: number;
}

/**
 * Counts every version of a file that is in none of the kept snapshots, and some content of which nothing kept has. What no target can give
 * any more is lost already, and does not count. `onFile` is told of each.
 */
export function findLost(catalog: Catalog, forget: ReadonlySet<string>, alive: IdSet, onFile: (file: LostFile) => void = () => {}): LostFiles {
  const kept = new KeptNumbers(catalog, forget);
  const counted = new IdSet();
  const held = new HeldChunks(catalog);
  const lost: LostFiles = { files: 0, bytes: 0 };
  const rows = catalog.each(
    `SELECT d.source, d.path AS directory, e.name, e.size, e.since, e.until, e.chunks FROM entries e JOIN directories d ON d.id = e.directory WHERE e.chunks IS NOT NULL`,
  );
  for (const row of rows) {
    const source = row['source'] as string;
    if (kept.has(source, row['since'] as number, row['until'] as number | null)) continue;
    if (!isLostNow(row['chunks'], alive, held)) continue;
    for (const chunk of idsOf(row['chunks'])) {
      if (alive.has(chunk) || counted.has(chunk)) continue;
      counted.add(chunk);
      lost.bytes += (catalog.get('SELECT length FROM chunks WHERE id = ?', chunk)?.['length'] as number | undefined) ?? 0;
    }
    lost.files++;
    onFile({ source, path: joinPath(fromName(row['directory']), fromName(row['name'])), size: row['size'] as number });
  }
  for (const { source, path, size, since, until, chunks } of hardLinks(catalog, [])) {
    if (kept.has(source, since, until) || !isLostNow(chunks, alive, held)) continue;
    lost.files++;
    onFile({ source, path, size });
  }
  return lost;
}

/** Some of its chunks are needed by nothing that is kept, and all of them are still to be had. */
function isLostNow(chunks: unknown, alive: IdSet, held: HeldChunks): boolean {
  return !idsOf(chunks).every((chunk) => alive.has(chunk)) && idsOf(chunks).every((chunk) => held.has(chunk));
}

/** Chunks that a target holds, each asked for once. */
class HeldChunks {
  readonly #catalog: Catalog;
  readonly #held = new IdSet();
  readonly #gone = new IdSet();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  has(chunk: number): boolean {
    if (this.#held.has(chunk)) return true;
    if (this.#gone.has(chunk)) return false;
    const sql = 'SELECT 1 FROM places p JOIN objects o ON o.volume = p.volume JOIN receipts r ON r.object = o.id WHERE p.chunk = ? LIMIT 1';
    const isHeld = this.#catalog.get(sql, chunk) !== undefined;
    (isHeld ? this.#held : this.#gone).add(chunk);
    return isHeld;
  }
}

function* idsOf(value: unknown): Generator<number> {
  const bytes = asBuffer(value);
  for (let at = 0; at < bytes.length; at += 4) yield bytes.readUInt32LE(at);
}
