/** The entries of the snapshots, and what becomes of each. */
import type { SQLInputValue } from 'node:sqlite';
import type { Entry, EntryType } from '../../core/entry.ts';
import { asBuffer, fromName, toName } from '../columns.ts';
import type { List } from '../catalog.ts';
import type { ListDatabase } from './database.ts';
import type { ListedChunk, ListedEntry, ListedState, ListTotals } from './listed.ts';
import { packChunks } from './packed-chunks.ts';

/** Of the table `entries`, as `e`: what `toEntry` takes, before any others. */
export const entryColumns = 'e.id, e.snapshot, e.path, e.type, e.mode, e.uid, e.gid, e.mtime, e.size, e.link, e.sparse, e.sha256, e.parts, e.state';
export const entryColumnCount = 14;
const pageSize = 1000;

export class ListedEntries {
  readonly #database: ListDatabase;

  constructor(database: ListDatabase) {
    this.#database = database;
  }

  /** Adds an entry, or replaces the one of the same path from a lower layer. `content` is given for files. */
  put(snapshot: number, layer: number, entry: Entry, content: { sha256: Buffer; chunks: readonly ListedChunk[] } | null, state: 'wanted' | 'unselected'): void {
    const only = content?.chunks.length === 1 ? content.chunks[0] : null;
    this.#database.run(
      `INSERT INTO entries (snapshot, path, type, mode, uid, gid, mtime, size, link, sparse, sha256, volume, offset, chunks, parts, layer, state)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET type = excluded.type, mode = excluded.mode, uid = excluded.uid, gid = excluded.gid, mtime = excluded.mtime,
       size = excluded.size, link = excluded.link, sparse = excluded.sparse, sha256 = excluded.sha256, volume = excluded.volume, offset = excluded.offset, chunks = excluded.chunks,
       parts = excluded.parts, state = CASE WHEN layer = excluded.layer AND excluded.state = 'wanted' THEN 'twice' ELSE excluded.state END, layer = excluded.layer`,
      snapshot, toName(entry.path), entry.type, entry.mode, entry.uid, entry.gid, entry.mtime, entry.size,
      entry.link === undefined ? null : toName(entry.link), entry.sparse ? 1 : 0, content?.sha256 ?? null,
      only?.volume ?? null, only?.offset ?? null, content && !only ? packChunks(content.chunks) : null, content?.chunks.length ?? 0, layer, state,
    );
  }

  remove(snapshot: number, path: string): void {
    this.#database.run('DELETE FROM entries WHERE snapshot = ? AND path = ?', snapshot, toName(path));
  }

  /** Takes a snapshot out again whose lines could not all be read. */
  clear(snapshot: number): void {
    this.#database.run('DELETE FROM entries WHERE snapshot = ?', snapshot);
  }

  /** A wanted hard link whose first name is not wanted becomes the file itself, and the links after it become links to it. */
  settle(): void {
    // CROSS: the links come first. The other way round every file that is not wanted would go through all entries.
    const links = `SELECT l.id, f.id AS first, l.path FROM entries l CROSS JOIN entries f ON f.snapshot = l.snapshot AND f.path = l.link
       WHERE l.type = 'hardlink' AND l.state = 'wanted' AND f.type = 'file' AND f.state = 'unselected' ORDER BY f.id, l.path`;
    let first: unknown = null;
    let path: unknown = null;
    for (const row of this.#database.each(links)) {
      if (row['first'] === first) {
        this.#database.run('UPDATE entries SET link = ? WHERE id = ?', path as SQLInputValue, row['id'] as number);
        continue;
      }
      [first, path] = [row['first'], row['path']];
      this.#database.run(
        `UPDATE entries SET type = 'file', link = NULL, size = f.size, sparse = f.sparse, sha256 = f.sha256, volume = f.volume, offset = f.offset, chunks = f.chunks, parts = f.parts
         FROM (SELECT size, sparse, sha256, volume, offset, chunks, parts FROM entries WHERE id = ?) AS f WHERE entries.id = ?`,
        first as number,
        row['id'] as number,
      );
    }
  }

  /** An entry by its id. */
  get(id: number): ListedEntry {
    return toEntry(this.#database.lists(`SELECT ${entryColumns} FROM entries e WHERE id = ?`, id)[0]!);
  }

  find(snapshot: number, path: string): ListedEntry | null {
    const [row] = this.#database.lists(`SELECT ${entryColumns} FROM entries e WHERE snapshot = ? AND path = ?`, snapshot, toName(path));
    return row ? toEntry(row) : null;
  }

  /** The only entry below a folder of a snapshot (below none: in all of it), or null if there is none or several. */
  onlyEntry(snapshot: number, folder: string): ListedEntry | null {
    const [from, to] = folder === '' ? ['', Buffer.from([0xff])] : [`${folder}/`, `${folder}0`];
    const rows = this.#database.lists(`SELECT ${entryColumns} FROM entries e WHERE snapshot = ? AND path > ? AND path < ? LIMIT 2`, snapshot, from, to);
    return rows.length === 1 ? toEntry(rows[0]!) : null;
  }

  /** The wanted files that have no bytes. */
  *emptyFiles(): Generator<ListedEntry> {
    for (const row of this.#database.eachList(`SELECT ${entryColumns} FROM entries e WHERE type = 'file' AND state = 'wanted' AND parts = 0`)) yield toEntry(row);
  }

  /**
   * The entries of these types and states, each folder before what is in it, or after it if `reverse`.
   * Their states may be changed meanwhile.
   */
  *inOrder(types: readonly EntryType[], states: readonly ListedState[], reverse = false): Generator<ListedEntry> {
    const [beyond, direction] = reverse ? ['<', 'DESC'] : ['>', 'ASC'];
    const sql = `SELECT ${entryColumns} FROM entries e WHERE (snapshot, path) ${beyond} (?, ?)
      AND type IN (SELECT value FROM json_each(?)) AND state IN (SELECT value FROM json_each(?))
      ORDER BY snapshot ${direction}, path ${direction} LIMIT ${pageSize}`;
    let last: [SQLInputValue, SQLInputValue] = reverse ? [Number.MAX_SAFE_INTEGER, ''] : [-1, ''];
    for (;;) {
      const rows = this.#database.lists(sql, ...last, JSON.stringify(types), JSON.stringify(states));
      for (const row of rows) yield toEntry(row);
      if (rows.length < pageSize) return;
      const [, snapshot, path] = rows.at(-1)!;
      last = [snapshot as number, path as SQLInputValue];
    }
  }

  /** Notes a symbolic link by the folder that it is in. */
  noteLink(folder: string, id: number): void {
    this.#database.run('INSERT INTO links (folder, entry) VALUES (?, ?)', toName(folder), id);
  }

  /** Those that were noted for a folder. */
  *linksIn(folder: string): Generator<ListedEntry> {
    for (const row of this.#database.eachList(`SELECT ${entryColumns} FROM links l JOIN entries e ON e.id = l.entry WHERE l.folder = ? ORDER BY e.id`, toName(folder))) yield toEntry(row);
  }

  setState(id: number, state: ListedState): void {
    this.#database.run('UPDATE entries SET state = ? WHERE id = ?', state, id);
  }

  /** Files and hard links that are wanted; the bytes of hard links count once. */
  totals(): ListTotals {
    const row = this.#database.get(
      `SELECT count(*) AS files, coalesce(sum(CASE type WHEN 'file' THEN size ELSE 0 END), 0) AS bytes FROM entries
       WHERE state = 'wanted' AND type IN ('file', 'hardlink')`,
    )!;
    return { files: row['files'] as number, bytes: row['bytes'] as number };
  }
}

export function toEntry(row: List): ListedEntry {
  const [id, snapshot, path, type, mode, uid, gid, mtime, size, link, sparse, sha256, parts, state] = row;
  const entry = { id, snapshot, state, path: fromName(path), type, mode, uid, gid, mtime, size, sha256: sha256 === null ? null : asBuffer(sha256), parts } as ListedEntry;
  if (link !== null) entry.link = fromName(link);
  if (sparse === 1) entry.sparse = true;
  return entry;
}
