/**
 * Two hash tables beside each other, and what makes the second one like the first: the comparison behind `bat mirror`. A private SQLite
 * database that is gone when it is closed, so that a million files take little memory.
 *
 * It is filled (`want`, `have`, `noteWaiting`), then compared once; after that it is only read. All paths are those of the place that is filled.
 */
import { PrivateDatabase } from './private-database.ts';
import type { List } from './catalog.ts';

export interface MirrorFile {
  path: string;
  /** Bytes. */
  size: number;
  /** Seconds since 1970, with up to nine digits behind the point. */
  mtime: string;
  /** Hexadecimal. */
  sha256: string;
}

/** A file of the place that is filled. */
export interface FileThere {
  path: string;
  size: number;
  sha256: string;
  /** It is no part of the mirror: never moved nor removed, and yet its content is there. */
  outside?: boolean;
}

/** A content that lies at `from` and is to lie at `to`. */
export interface MirrorMove {
  from: string;
  to: string;
  size: number;
  sha256: string;
}

/** A file that the other side does not have under that path; since when that is known (ISO 8601), if it is. */
export interface ExtraFile {
  path: string;
  size: number;
  sha256: string;
  since: string | null;
}

const tables = `
CREATE TABLE wanted (path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime TEXT NOT NULL, sha256 BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE there (path TEXT PRIMARY KEY, size INTEGER NOT NULL, sha256 BLOB NOT NULL, outside INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE waiting (path TEXT PRIMARY KEY, sha256 BLOB NOT NULL, since TEXT NOT NULL) STRICT, WITHOUT ROWID;
-- What is there under a path that wants something else, or nothing.
CREATE TABLE loose (path TEXT PRIMARY KEY, size INTEGER NOT NULL, sha256 BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE lacking (path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime TEXT NOT NULL, sha256 BLOB NOT NULL) STRICT, WITHOUT ROWID;
-- A loose file and the path that lacks its content. phase 1: before everything else, since it lies in the way. origin: where it lay before it was laid aside.
CREATE TABLE moves (origin TEXT PRIMARY KEY, source TEXT NOT NULL, path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, sha256 BLOB NOT NULL, phase INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE asides (origin TEXT PRIMARY KEY, path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, sha256 BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE copies (path TEXT PRIMARY KEY, source TEXT NOT NULL, size INTEGER NOT NULL, sha256 BLOB NOT NULL) STRICT, WITHOUT ROWID;
`;

/** Each loose file goes to one path that lacks its content, in the order of the paths. */
const findMoves = `
INSERT INTO loose SELECT t.path, t.size, t.sha256 FROM there t LEFT JOIN wanted w ON w.path = t.path AND w.sha256 = t.sha256 WHERE t.outside = 0 AND w.path IS NULL;
INSERT INTO lacking SELECT w.path, w.size, w.mtime, w.sha256 FROM wanted w LEFT JOIN there t ON t.path = w.path AND t.sha256 = w.sha256 WHERE t.path IS NULL;
INSERT INTO moves SELECT s.path, s.path, l.path, l.size, l.sha256, 2 FROM
  (SELECT path, size, sha256, row_number() OVER (PARTITION BY sha256 ORDER BY path) AS number FROM lacking) l JOIN
  (SELECT path, sha256, row_number() OVER (PARTITION BY sha256 ORDER BY path) AS number FROM loose) s ON s.sha256 = l.sha256 AND s.number = l.number;
`;

/** Contents that are there, or will be once the first of several paths has been sent, are copied to the others. */
const findCopies = `
CREATE TEMP TABLE unmoved AS SELECT l.path, l.size, l.sha256, min(l.path) OVER (PARTITION BY l.sha256) AS first FROM lacking l LEFT JOIN moves m ON m.path = l.path WHERE m.path IS NULL;
CREATE TEMP TABLE sources AS SELECT sha256, min(path) AS path FROM
  (SELECT sha256, path FROM moves UNION ALL SELECT t.sha256, t.path FROM there t LEFT JOIN loose s ON s.path = t.path WHERE s.path IS NULL)
  WHERE sha256 IN (SELECT sha256 FROM unmoved) GROUP BY sha256;
INSERT INTO copies SELECT u.path, coalesce(s.path, u.first), u.size, u.sha256 FROM unmoved u LEFT JOIN sources s ON s.sha256 = u.sha256 WHERE s.path IS NOT NULL OR u.path <> u.first;
`;

/** What is neither wanted where it is, nor moved, nor laid aside. */
const extras = `
FROM loose l LEFT JOIN moves m ON m.origin = l.path LEFT JOIN asides a ON a.origin = l.path LEFT JOIN waiting w ON w.path = l.path AND w.sha256 = l.sha256
WHERE m.origin IS NULL AND a.origin IS NULL`;

const sends = 'FROM lacking l LEFT JOIN moves m ON m.path = l.path LEFT JOIN copies c ON c.path = l.path WHERE m.path IS NULL AND c.path IS NULL';

export class MirrorLists {
  readonly #database = new PrivateDatabase(tables, 'The mirror');

  close(): void {
    this.#database.close();
  }

  /** A file that is to be there. */
  want({ path, size, mtime, sha256 }: MirrorFile): void {
    this.#database.run('INSERT INTO wanted VALUES (?, ?, ?, ?)', path, size, mtime, Buffer.from(sha256, 'hex'));
  }

  have({ path, size, sha256, outside = false }: FileThere): void {
    this.#database.run('INSERT INTO there VALUES (?, ?, ?, ?)', path, size, Buffer.from(sha256, 'hex'), outside ? 1 : 0);
  }

  /** What the other side does not know the content of, a file or a folder, or everything (empty): what lies here under that path is left as it is. To be said when all that is here is in. */
  leave(path: string): void {
    // "0" comes next after "/".
    const sql = "INSERT OR IGNORE INTO wanted SELECT path, size, '0', sha256 FROM there WHERE outside = 0 AND (path = ? OR (path > ? AND path < ?))";
    if (path === '') this.#database.run(sql, '', '', '\u{10FFFF}');
    else this.#database.run(sql, path, `${path}/`, `${path}0`);
  }

  /** Begins anew with one side: its listing broke off. */
  forget(side: 'wanted' | 'there'): void {
    this.#database.run(`DELETE FROM ${side}`);
  }

  /** A file that was an extra one before. */
  noteWaiting({ path, sha256, since }: { path: string; sha256: string; since: string }): void {
    this.#database.run('INSERT OR REPLACE INTO waiting VALUES (?, ?, ?)', path, Buffer.from(sha256, 'hex'), since);
  }

  /** `asideOf` names a path for a file that is laid aside; `attempt` counts from 1 until it is one that nothing has: it must name the topmost folder, which may be a file. */
  compare(asideOf: (path: string, attempt: number) => string): void {
    for (const statement of statementsOf(findMoves)) this.#database.run(statement);
    this.#clearTheWay(asideOf);
    for (const statement of statementsOf(findCopies)) this.#database.run(statement);
  }

  /** In the order in which they are carried out: what lies in the way first. */
  *moves(phase: 1 | 2): Generator<MirrorMove> {
    for (const [from, to, size, sha256] of this.#database.eachList('SELECT source, path, size, sha256 FROM moves WHERE phase = ? ORDER BY path', phase)) yield move(from, to, size, sha256);
  }

  /** Files in the way that are wanted nowhere, or not yet: `to` is where they wait. They go before everything else. */
  *asides(): Generator<MirrorMove & { isKept: boolean }> {
    const rows = this.#database.eachList('SELECT a.origin, a.path, a.size, a.sha256, m.origin IS NULL FROM asides a LEFT JOIN moves m ON m.origin = a.origin ORDER BY a.origin');
    for (const [from, to, size, sha256, isKept] of rows) yield { ...move(from, to, size, sha256), isKept: isKept === 1 };
  }

  *copies(): Generator<MirrorMove> {
    for (const [path, from, size, sha256] of this.#database.eachList('SELECT path, source, size, sha256 FROM copies ORDER BY path')) yield move(from, path, size, sha256);
  }

  *sends(): Generator<MirrorFile> {
    for (const [path, size, mtime, sha256] of this.#database.eachList(`SELECT l.path, l.size, l.mtime, l.sha256 ${sends} ORDER BY l.path`)) {
      yield { path: path as string, size: size as number, mtime: mtime as string, sha256: hex(sha256) };
    }
  }

  *extras(): Generator<ExtraFile> {
    for (const [path, size, sha256, since] of this.#database.eachList(`SELECT l.path, l.size, l.sha256, w.since ${extras} ORDER BY l.path`)) {
      yield { path: path as string, size: size as number, sha256: hex(sha256), since: since as string | null };
    }
  }

  /** How many files are to be there, and their bytes; `below`: a folder, `photos`; all of them if it is empty. */
  wanted(below = ''): { files: number; bytes: number } {
    const [from, to] = below === '' ? ['', '\u{10FFFF}'] : [`${below}/`, `${below}0`];
    const [[files, bytes]] = this.#database.lists('SELECT count(*), coalesce(sum(size), 0) FROM wanted WHERE path >= ? AND path < ?', from, to) as [List];
    return { files: files as number, bytes: bytes as number };
  }

  /** Of what is to be sent. */
  toSend(): { files: number; bytes: number } {
    const [[files, bytes]] = this.#database.lists(`SELECT count(*), coalesce(sum(l.size), 0) ${sends}`) as [List];
    return { files: files as number, bytes: bytes as number };
  }

  /** How many files lie already where they are wanted. */
  same(): number {
    const [[count]] = this.#database.lists('SELECT (SELECT count(*) FROM wanted) - (SELECT count(*) FROM lacking)') as [List];
    return count as number;
  }

  /**
   * A loose file under a path that wants another content, or in a folder's place, or in a folder in a file's place, goes before anything else: to
   * where its content is lacking if nothing is there yet, else aside.
   */
  #clearTheWay(asideOf: (path: string, attempt: number) => string): void {
    for (const [origin, size, sha256, destination] of this.#database.eachList('SELECT l.path, l.size, l.sha256, m.path FROM loose l LEFT JOIN moves m ON m.origin = l.path ORDER BY l.path')) {
      const path = origin as string;
      if (!this.#meets('wanted', path)) continue;
      if (destination !== null && !this.#meets('there', destination as string)) {
        this.#database.run('UPDATE moves SET phase = 1 WHERE origin = ?', path);
        continue;
      }
      let attempt = 1;
      let aside = asideOf(path, attempt);
      while (this.#meets('wanted', aside) || this.#meets('there', aside) || this.#meets('asides', aside)) aside = asideOf(path, ++attempt);
      this.#database.run('INSERT INTO asides VALUES (?, ?, ?, ?)', path, aside, size as number, sha256 as Uint8Array);
      if (destination !== null) this.#database.run('UPDATE moves SET source = ? WHERE origin = ?', aside, path);
    }
  }

  /** Whether that table has the path itself, one of the folders above it as a file, or something below it. */
  #meets(table: 'wanted' | 'there' | 'asides', path: string): boolean {
    const one = `SELECT 1 FROM ${table} WHERE path = ?`;
    if (this.#database.get(one, path)) return true;
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      if (this.#database.get(one, path.slice(0, slash))) return true;
    }
    // "0" comes next after "/".
    return this.#database.get(`SELECT 1 FROM ${table} WHERE path > ? AND path < ? LIMIT 1`, `${path}/`, `${path}0`) !== undefined;
  }
}

function statementsOf(text: string): string[] {
  return text.split(';').filter((statement) => statement.trim() !== '');
}

function move(from: unknown, to: unknown, size: unknown, sha256: unknown): MirrorMove {
  return { from: from as string, to: to as string, size: size as number, sha256: hex(sha256) };
}

function hex(value: unknown): string {
  return Buffer.from(value as Uint8Array).toString('hex');
}
