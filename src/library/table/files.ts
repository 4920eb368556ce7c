/** The rows of the hash table. */
import type { ContentHash } from '../content-hash.ts';
import { fold } from '../fold.ts';
import type { FileMarks } from '../stamp.ts';
import type { Row, TableDatabase } from './database.ts';

/** Where rows of files stand that are not where they were: until the end of the walk, which may find them elsewhere. No folder may be called so. */
const asideDirectory = '.bat-aside';

/** At the end of a name there: the file was changed by putting another one in its place, and is not one that is gone. */
const replacedNote = ' replaced';

/** Where a file lies: the id of a folder, the directory in it (empty at its top), the name. */
export interface FilePlace {
  folder: string;
  directory: string;
  name: string;
}

export interface FileRow extends FilePlace, FileMarks {
  id: number;
  /** Hex; null until it was read. */
  sha256: string | null;
  md5: string | null;
  /** The SHA-256 that it had before it changed; beside one of its own: before the disk damaged it. */
  was: string | null;
  giver: string | null;
}

export interface Hashes {
  sha256: string;
  md5: string;
}

const columns = 'id, folder, directory, name, size, mtime, stamp, identity, sha256, md5, was, giver';

function rowOf(row: Row): FileRow {
  return {
    id: row['id'] as number,
    folder: row['folder'] as string,
    directory: row['directory'] as string,
    name: row['name'] as string,
    size: row['size'] as number,
    mtime: row['mtime'] as string,
    stamp: row['stamp'] as string,
    identity: row['identity'] as string,
    sha256: hexOf(row['sha256']),
    md5: hexOf(row['md5']),
    was: hexOf(row['was']),
    giver: row['giver'] as string | null,
  };
}

/** The directory, and what begins with it and a slash: 0 comes after / in bytes. */
const isBelow = '(directory = ? OR (directory > ? AND directory < ?))';
const someAtATime = 1000;

export class FileTable {
  readonly database: TableDatabase;

  constructor(database: TableDatabase) {
    this.database = database;
  }

  /** So many at most: who has a thousand copies of one file need not have them all looked at. */
  withContent({ algorithm, hex }: ContentHash, limit: number): FileRow[] {
    // An index may lead astray where an older copy of the file was put back beside newer changes: so the rows themselves are looked at.
    const sql = `SELECT ${columns} FROM files WHERE id IN (SELECT id FROM files WHERE ${algorithm} = ? ORDER BY id LIMIT ?) ORDER BY id`;
    const rows = this.database.all(sql, Buffer.from(hex, 'hex'), limit).map(rowOf);
    return rows.filter((row) => row[algorithm] === hex);
  }

  at({ folder, directory, name }: FilePlace): FileRow | null {
    const row = this.database.get(`SELECT ${columns} FROM files WHERE folder = ? AND directory = ? AND name = ?`, folder, directory, name);
    return row ? rowOf(row) : null;
  }

  withId(id: number): FileRow | null {
    const row = this.database.get(`SELECT ${columns} FROM files WHERE id = ?`, id);
    return row ? rowOf(row) : null;
  }

  /** Of all files of one directory. */
  namesIn(folder: string, directory: string): Map<string, { id: number; stamp: string; identity: string }> {
    const rows = this.database.all('SELECT id, name, stamp, identity FROM files WHERE folder = ? AND directory = ?', folder, directory);
    return new Map(rows.map((row) => [row['name'] as string, { id: row['id'] as number, stamp: row['stamp'] as string, identity: row['identity'] as string }]));
  }

  withIdentity(identity: string, limit: number): FileRow[] {
    return this.database.all(`SELECT ${columns} FROM files WHERE identity = ? ORDER BY id LIMIT ?`, identity, limit).map(rowOf);
  }

  /** Puts a file there in place of what the table had at this name. */
  put(place: FilePlace, marks: FileMarks, hashes: Hashes | null, giver: string | null): void {
    this.database.atOnce(() => {
      this.removeAt(place);
      this.add(place, marks, hashes, giver);
    });
  }

  /** Does nothing if the name has a row: whoever made that one knows more. Returns if it did something. */
  add({ folder, directory, name }: FilePlace, { size, mtime, stamp, identity }: FileMarks, hashes: Hashes | null, giver: string | null): boolean {
    return (
      this.database.run(
        `INSERT INTO files (folder, directory, name, folded, size, mtime, stamp, identity, sha256, md5, giver) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (folder, directory, name) DO NOTHING`,
        folder, directory, name, foldedPath(directory, name), size, mtime, stamp, identity, blobOf(hashes?.sha256), blobOf(hashes?.md5), giver,
      ) > 0
    );
  }

  removeAt({ folder, directory, name }: FilePlace): void {
    this.database.run('DELETE FROM files WHERE folder = ? AND directory = ? AND name = ?', folder, directory, name);
  }

  /** The file is not there any more, if the row is still what and where it was when that was found out. */
  setGone(id: number, stamp: string, place: FilePlace): void {
    const row = this.at(place);
    if (row?.id === id && row.stamp === stamp) this.setAside(row, '');
  }

  /** Rows that nothing was found for: how many were removed, and how many of them were files that are gone. */
  removeAside(folder: string, limit: number): { rows: number; removed: number } {
    return this.database.atOnce(() => {
      const rows = this.database.all('SELECT id, name FROM files WHERE folder = ? AND directory = ? LIMIT ?', folder, asideDirectory, limit);
      for (const { id } of rows) this.database.run('DELETE FROM files WHERE id = ?', id as number);
      return { rows: rows.length, removed: rows.filter(({ name }) => !(name as string).endsWith(replacedNote)).length };
    });
  }

  /** What the table had at that place is set aside. Returns false, and does nothing, if the row is not what it was. */
  moveRow(id: number, stamp: string, place: FilePlace, marks: FileMarks): boolean {
    return this.database.atOnce(() => {
      if (this.withId(id)?.stamp !== stamp) return false;
      const before = this.at(place);
      if (before && before.id !== id) this.setAside(before, '');
      const { size, mtime, identity } = marks;
      this.database.run(
        'UPDATE files SET folder = ?, directory = ?, name = ?, folded = ?, size = ?, mtime = ?, stamp = ?, identity = ? WHERE id = ?',
        place.folder, place.directory, place.name, foldedPath(place.directory, place.name), size, mtime, marks.stamp, identity, id,
      );
      return true;
    });
  }

  setAside({ id }: FileRow, note: string): void {
    this.database.run("UPDATE files SET directory = ?, name = ?, folded = '' WHERE id = ?", asideDirectory, `${id}${note}`, id);
  }

  /** It is another content now, which has to be read. */
  changeRow(id: number, stamp: string, marks: FileMarks): boolean {
    return this.database.run(
      'UPDATE files SET size = ?, mtime = ?, stamp = ?, identity = ?, was = ifnull(sha256, was), sha256 = NULL, md5 = NULL WHERE id = ? AND stamp = ?',
      marks.size, marks.mtime, marks.stamp, marks.identity, id, stamp,
    ) > 0;
  }

  /** A file in the place of another one, which has that hash. Returns if it was added. */
  replaceRow(id: number, stamp: string, place: FilePlace, marks: FileMarks): boolean {
    return this.database.atOnce(() => {
      const before = this.withId(id);
      if (before?.stamp !== stamp || before.directory !== place.directory || before.name !== place.name) return false;
      this.setAside(before, replacedNote);
      this.add(place, marks, null, null);
      this.database.run('UPDATE files SET was = ? WHERE folder = ? AND directory = ? AND name = ?', blobOf(before.sha256 ?? before.was ?? undefined), place.folder, place.directory, place.name);
      return true;
    });
  }

  /** `was`: of a file that the disk has damaged, what it had before that. */
  setHashes(id: number, stamp: string, { sha256, md5 }: Hashes, was: string | null = null): boolean {
    return this.database.run('UPDATE files SET sha256 = ?, md5 = ?, was = ? WHERE id = ? AND stamp = ?', blobOf(sha256), blobOf(md5), blobOf(was ?? undefined), id, stamp) > 0;
  }

  /** The next files after this id that are to be read; all of them, if they are read again. */
  toRead(folder: string, after: number, again: boolean, limit: number): FileRow[] {
    const which = again ? '' : 'AND sha256 IS NULL';
    return this.database.all(`SELECT ${columns} FROM files WHERE folder = ? AND id > ? ${which} ORDER BY id LIMIT ?`, folder, after, limit).map(rowOf);
  }

  countUnread(folder: string): number {
    return this.database.get('SELECT count(*) AS count FROM files WHERE folder = ? AND sha256 IS NULL', folder)!['count'] as number;
  }

  /** The next rows in the order of directory, then name, both by their bytes. */
  after(place: FilePlace, limit: number): FileRow[] {
    return this.database
      .all(`SELECT ${columns} FROM files WHERE folder = ? AND (directory, name) > (?, ?) AND directory <> '${asideDirectory}' ORDER BY directory, name LIMIT ?`, place.folder, place.directory, place.name, limit)
      .map(rowOf);
  }

  /** The directory that follows this one in the table, by its bytes; null after the last. */
  nextDirectory(folder: string, after: string | null): string | null {
    const row = after === null
      ? this.database.get('SELECT min(directory) AS directory FROM files WHERE folder = ?', folder)
      : this.database.get('SELECT min(directory) AS directory FROM files WHERE folder = ? AND directory > ?', folder, after);
    return (row?.['directory'] as string | null | undefined) ?? null;
  }

  /** Rows below a directory that was renamed get their new place, some at a time. Returns how many. */
  moveSome(folder: string, directory: string, toFolder: string, toDirectory: string): number {
    return this.database.atOnce(() => {
      const rows = this.#below(folder, directory);
      for (const row of rows) {
        const inner = toDirectory + row.directory.slice(directory.length);
        this.removeAt({ folder: toFolder, directory: inner, name: row.name });
        this.database.run('UPDATE files SET folder = ?, directory = ?, folded = ? WHERE id = ?', toFolder, inner, foldedPath(inner, row.name), row.id);
      }
      return rows.length;
    });
  }

  /** Forgets what was below a directory, some at a time. Returns how many. */
  removeSome(folder: string, directory: string): number {
    return this.database.atOnce(() => {
      const rows = this.#below(folder, directory);
      for (const { id } of rows) this.database.run('DELETE FROM files WHERE id = ?', id);
      return rows.length;
    });
  }

  amountBelow(folder: string, directory: string): { bytes: number } {
    const sql = `SELECT total(size) AS bytes FROM files WHERE folder = ? AND ${isBelow}`;
    return { bytes: this.database.get(sql, folder, directory, `${directory}/`, `${directory}0`)!['bytes'] as number };
  }

  /** In the directory itself, too. */
  #below(folder: string, directory: string): { id: number; directory: string; name: string }[] {
    return this.database.all(`SELECT id, directory, name FROM files WHERE folder = ? AND ${isBelow} LIMIT ?`, folder, directory, `${directory}/`, `${directory}0`, someAtATime) as never;
  }

  /** The next rows of a search after this id, out of so many that are looked at; and the last id that was. */
  search(folders: readonly string[], words: readonly string[], after: number, looked: number): { rows: FileRow[]; last: number | null } {
    const last = this.database.get('SELECT max(id) AS last FROM (SELECT id FROM files WHERE id > ? ORDER BY id LIMIT ?)', after, looked)!['last'] as number | null;
    if (last === null) return { rows: [], last };
    const isFound = words.map(() => 'AND instr(folded, ?) > 0').join(' ');
    const sql = `SELECT ${columns} FROM files WHERE id > ? AND id <= ? AND folder IN (${folders.map(() => '?').join(', ')}) ${isFound} AND directory <> '${asideDirectory}' ORDER BY id`;
    return { rows: this.database.all(sql, after, last, ...folders, ...words).map(rowOf), last };
  }

  /** Files and bytes of a folder, or of a giver in all folders. */
  amount(of: { folder: string } | { giver: string }): { files: number; bytes: number } {
    const row = 'folder' in of
      ? this.database.get('SELECT total(files) AS files, total(bytes) AS bytes FROM amounts WHERE folder = ?', of.folder)
      : this.database.get('SELECT total(files) AS files, total(bytes) AS bytes FROM amounts WHERE giver = ?', of.giver);
    return { files: row!['files'] as number, bytes: row!['bytes'] as number };
  }
}

function foldedPath(directory: string, name: string): string {
  return fold(directory === '' ? name : `${directory}/${name}`);
}

function hexOf(value: unknown): string | null {
  return value === null || value === undefined ? null : Buffer.from(value as Uint8Array).toString('hex');
}

function blobOf(hex: string | undefined): Buffer | null {
  return hex === undefined ? null : Buffer.from(hex, 'hex');
}
