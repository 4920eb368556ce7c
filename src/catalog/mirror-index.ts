/**
 * What a mirror keeps on a target: which path lies in which object. A private SQLite database that is gone when it is closed; the truth is
 * the index on the target.
 */
import { PrivateDatabase } from './private-database.ts';

export interface IndexedFile {
  path: string;
  /** Its name on the target. Several paths may have one. */
  object: string;
  size: number;
  /** Seconds since 1970, as text. */
  mtime: string;
  /** Hexadecimal. */
  sha256: string;
}

const tables = `
CREATE TABLE files (path TEXT PRIMARY KEY, object TEXT NOT NULL, size INTEGER NOT NULL, mtime TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX files_by_object ON files (object);
CREATE TABLE objects (name TEXT PRIMARY KEY, size INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

export class MirrorIndex {
  readonly #database = new PrivateDatabase(tables, 'The mirror');

  close(): void {
    this.#database.close();
  }

  clear(): void {
    this.#database.run('DELETE FROM files');
    this.#database.run('DELETE FROM objects');
  }

  put({ path, object, size, mtime, sha256 }: IndexedFile): void {
    this.#database.run('INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)', path, object, size, mtime, sha256);
  }

  drop(path: string): void {
    this.#database.run('DELETE FROM files WHERE path = ?', path);
  }

  find(path: string): IndexedFile | null {
    return (this.#database.get('SELECT * FROM files WHERE path = ?', path) as unknown as IndexedFile | undefined) ?? null;
  }

  *all(): Generator<IndexedFile> {
    for (const [path, object, size, mtime, sha256] of this.#database.eachList('SELECT path, object, size, mtime, sha256 FROM files ORDER BY path')) {
      yield { path: path as string, object: object as string, size: size as number, mtime: mtime as string, sha256: sha256 as string };
    }
  }

  isUsed(object: string): boolean {
    return this.#database.get('SELECT 1 FROM files WHERE object = ? LIMIT 1', object) !== undefined;
  }

  /** An object that the target lists. */
  listed(name: string, size: number): void {
    this.#database.run('INSERT OR REPLACE INTO objects VALUES (?, ?)', name, size);
  }

  sizeOf(object: string): number | null {
    return (this.#database.get('SELECT size FROM objects WHERE name = ?', object)?.['size'] as number | undefined) ?? null;
  }

  /** Takes out what the target does not have, or not in this size. Returns how many files that were. */
  dropMissing(): number {
    const missing = 'path IN (SELECT f.path FROM files f LEFT JOIN objects o ON o.name = f.object AND o.size = f.size WHERE o.name IS NULL)';
    const count = this.#database.lists(`SELECT count(*) FROM files WHERE ${missing}`)[0]![0] as number;
    if (count > 0) this.#database.run(`DELETE FROM files WHERE ${missing}`);
    return count;
  }
}
