/**
 * The snapshot in the making of one source: what is different from the snapshot before. Rows outlive a killed run, so
 * that the next one adopts what was read and stored instead of reading it again.
 */
import type { SQLInputValue } from 'node:sqlite';
import type { Content } from '../core/content.ts';
import type { Entry } from '../core/entry.ts';
import { joinPath, packIds, splitPath, toName, unpackIds } from './columns.ts';
import type { Catalog } from './catalog.ts';
import { SnapshotBefore, type PreviousEntry } from './snapshot-before.ts';

/** What the steps need of it. */
export interface Draft {
  /** The entries of a directory in the snapshot before, by name; the top is ''. */
  previous(directory: string): Map<string, PreviousEntry>;
  /** True if the snapshot before had anything in it. */
  hadEntries(): boolean;
  /** An entry as it is now. A file comes with its hash and the ids of its chunks; anything else with null. */
  put(entry: Entry, stamp: string, content: { sha256: Content['sha256']; chunks: readonly number[] } | null): void;
  /** The path, and everything below it, is gone. */
  remove(path: string): void;
  /**
   * Takes a file over from a killed run if it has not changed since and all of its chunks did get stored.
   * Returns false if it must be read.
   */
  adopt(entry: Entry, stamp: string): boolean;
}

/** Of files, hard links among them. */
export interface DraftCounts {
  newFiles: number;
  changedFiles: number;
  removedFiles: number;
}

/** Of a row `d` of the draft and a row `e` of the snapshot before: everything but the stamp, which is this disk's own. */
const isSame = ['type', 'mode', 'uid', 'gid', 'mtime', 'size', 'link', 'sparse', 'sha256', 'chunks'].map((column) => `d.${column} IS e.${column}`).join(' AND ');

export class CatalogDraft implements Draft {
  readonly source: string;
  readonly #catalog: Catalog;
  readonly #directories = new Map<string, number>();
  readonly #before: SnapshotBefore;
  readonly #leftovers: boolean;

  /** Takes over what a killed run of the same source left. */
  constructor(catalog: Catalog, source: string) {
    this.#catalog = catalog;
    this.source = source;
    this.#before = new SnapshotBefore(catalog, source);
    catalog.run(
      'UPDATE OR REPLACE draft SET leftover = 1 WHERE leftover = 0 AND directory IN (SELECT id FROM directories WHERE source = ?)',
      source,
    );
    this.#leftovers = catalog.get('SELECT 1 FROM draft WHERE leftover = 1 LIMIT 1') !== undefined;
  }

  previous(directory: string): Map<string, PreviousEntry> {
    return this.#before.previous(directory);
  }

  hadEntries(): boolean {
    return this.#before.hadEntries();
  }

  put(entry: Entry, stamp: string, content: { sha256: Content['sha256']; chunks: readonly number[] } | null): void {
    const [directory, name] = splitPath(entry.path);
    this.#write(
      directory,
      name,
      entry.type,
      entry.mode,
      entry.uid,
      entry.gid,
      entry.mtime,
      entry.size,
      entry.link === undefined ? null : toName(entry.link),
      entry.sparse ? 1 : 0,
      stamp,
      content && content.chunks.length !== 1 ? content.sha256 : null,
      content && packIds(content.chunks),
    );
  }

  remove(path: string): void {
    const [directory, name] = splitPath(path);
    this.#write(directory, name, null, null, null, null, null, null, null, null, null, null, null);
    for (const child of this.#before.childrenOf(path)) this.remove(joinPath(path, child));
  }

  adopt(entry: Entry, stamp: string): boolean {
    if (!this.#leftovers || stamp === '') return false;
    const [directory, name] = splitPath(entry.path);
    const id = this.#findDirectory(directory);
    if (id === null) return false;
    const row = this.#catalog.get('SELECT sha256, chunks, type FROM draft WHERE directory = ? AND name = ? AND leftover = 1 AND stamp = ?', id, toName(name), stamp);
    if (!row || row['type'] !== 'file' || row['chunks'] === null) return false;
    const chunks = unpackIds(row['chunks']);
    if (!this.#before.areUsable(chunks)) return false;
    this.put(entry, stamp, { sha256: row['sha256'] as Buffer, chunks });
    return true;
  }

  /** What differs from the snapshot before, by files. One that was only read again, since a target had lost it or its stamp was not known, has not changed. */
  counts(): DraftCounts {
    const row = this.#catalog.get(
      `SELECT
         sum(d.type IN ('file', 'hardlink') AND (e.id IS NULL OR e.type NOT IN ('file', 'hardlink'))) AS added,
         sum(d.type IN ('file', 'hardlink') AND e.type IN ('file', 'hardlink') AND NOT (${isSame})) AS changed,
         sum((d.type IS NULL OR d.type NOT IN ('file', 'hardlink')) AND e.type IN ('file', 'hardlink')) AS removed
       FROM draft d LEFT JOIN entries e ON e.directory = d.directory AND e.name = d.name AND e.until IS NULL
       WHERE d.leftover = 0 AND d.directory IN (SELECT id FROM directories WHERE source = ?)`,
      this.source,
    )!;
    return { newFiles: Number(row['added'] ?? 0), changedFiles: Number(row['changed'] ?? 0), removedFiles: Number(row['removed'] ?? 0) };
  }

  /** True if nothing at all differs. */
  isEmpty(): boolean {
    return (
      this.#catalog.get(
        'SELECT 1 FROM draft WHERE leftover = 0 AND directory IN (SELECT id FROM directories WHERE source = ?) LIMIT 1',
        this.source,
      ) === undefined
    );
  }

  #write(directory: string, name: string, ...columns: SQLInputValue[]): void {
    this.#catalog.run(
      `INSERT OR REPLACE INTO draft (directory, name, leftover, type, mode, uid, gid, mtime, size, link, sparse, stamp, sha256, chunks)
       VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      this.#makeDirectory(directory),
      toName(name),
      ...columns,
    );
  }

  #findDirectory(path: string): number | null {
    const known = this.#directories.get(path);
    if (known !== undefined) return known;
    const row = this.#catalog.get('SELECT id FROM directories WHERE source = ? AND path = ?', this.source, toName(path));
    if (!row) return null;
    this.#remember(path, row['id'] as number);
    return row['id'] as number;
  }

  #makeDirectory(path: string): number {
    const found = this.#findDirectory(path);
    if (found !== null) return found;
    const id = this.#catalog.run('INSERT INTO directories (source, path) VALUES (?, ?)', this.source, toName(path));
    this.#remember(path, id);
    return id;
  }

  /** Files come directory by directory, so a short memory serves. */
  #remember(path: string, id: number): void {
    if (this.#directories.size > 1000) this.#directories.clear();
    this.#directories.set(path, id);
  }
}
