/** The files that a drill may choose from, and those it has chosen: every content once, however many snapshots have it. */
import { asBuffer, fromName, toName } from './columns.ts';
import type { Row } from './catalog.ts';
import { PrivateDatabase } from './private-database.ts';

export interface DrillFile {
  snapshot: number;
  path: string;
  /** Of the whole file. */
  sha256: Buffer;
  size: number;
  mtime: string;
}

export interface NewDrillFile extends DrillFile {
  /** Ids of `addObject`. */
  objects: readonly number[];
  /** What it was first stored with: the same for all that one run stored. */
  age: string;
  isCold: boolean;
  /** From 0 to 1, by chance. */
  lot: number;
}

/** How much of it: so many files, a share of them (0 to 1) or so many bytes at least, or everything. */
export type Sample = { files: number } | { share: number } | { bytes: number } | 'all';

export interface DrillTotals {
  files: number;
  bytes: number;
  objects: number;
}

const tables = `
-- unsure: nobody knows yet whether it is cold.
CREATE TABLE objects (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, unsure INTEGER NOT NULL) STRICT;
CREATE TABLE files (
  id INTEGER PRIMARY KEY, snapshot INTEGER NOT NULL, path ANY NOT NULL, sha256 BLOB NOT NULL, size INTEGER NOT NULL, mtime TEXT NOT NULL,
  objects TEXT NOT NULL, age TEXT NOT NULL, cold INTEGER NOT NULL, lot REAL NOT NULL, UNIQUE (snapshot, path)) STRICT;
CREATE TABLE contents (id INTEGER PRIMARY KEY, age TEXT NOT NULL, cold INTEGER NOT NULL, lot REAL NOT NULL, size INTEGER NOT NULL) STRICT;
CREATE TABLE chosen (id INTEGER PRIMARY KEY) STRICT;
CREATE TABLE left_out (object INTEGER PRIMARY KEY) STRICT;
`;

export class DrillList {
  readonly #database = new PrivateDatabase(tables, 'The drill');

  close(): void {
    this.#database.close();
  }

  /** Returns its id. `isUnsure`: only the target knows whether it is cold. */
  addObject(name: string, isUnsure: boolean): number {
    this.#database.run('INSERT OR IGNORE INTO objects (name, unsure) VALUES (?, ?)', name, isUnsure ? 1 : 0);
    return this.#database.get('SELECT id FROM objects WHERE name = ?', name)!['id'] as number;
  }

  /** Replaces what a lower layer of the snapshot has under this path. */
  put({ snapshot, path, sha256, size, mtime, objects, age, isCold, lot }: NewDrillFile): void {
    this.#database.run(
      'INSERT OR REPLACE INTO files (snapshot, path, sha256, size, mtime, objects, age, cold, lot) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      snapshot, toName(path), sha256, size, mtime, JSON.stringify(objects), age, isCold ? 1 : 0, lot,
    );
  }

  remove(snapshot: number, path: string): void {
    this.#database.run('DELETE FROM files WHERE snapshot = ? AND path = ?', snapshot, toName(path));
  }

  /** Takes a snapshot out again whose lines could not all be read. */
  clear(snapshot: number): void {
    this.#database.run('DELETE FROM files WHERE snapshot = ?', snapshot);
  }

  /**
   * Called once all is put. Half of a sample is taken by lot, the other half from each age in turn: what was stored long ago is met, too, however
   * much has been stored since. `withCold`: what is in cold storage may be chosen.
   */
  choose(sample: Sample, withCold: boolean): void {
    // Of several snapshots with a content, the one that the lot says; where everything is chosen, the first one.
    const first = sample === 'all' ? 'min(snapshot * 2.0 + lot)' : 'min(lot)';
    this.#database.run(`INSERT INTO contents SELECT id, age, cold, lot, size FROM (SELECT id, age, cold, lot, size, ${first} FROM files GROUP BY sha256)`);
    const readable = withCold ? '1' : 'cold = 0';
    if (sample === 'all') {
      this.#database.run(`INSERT INTO chosen SELECT id FROM contents WHERE ${readable}`);
      return;
    }
    const { count } = this.#database.get(`SELECT count(*) AS count FROM contents WHERE ${readable}`) as { count: number };
    const most = 'files' in sample ? sample.files : 'share' in sample ? Math.max(1, Math.ceil(count * sample.share)) : Infinity;
    const enough = 'bytes' in sample ? sample.bytes : Infinity;
    const ways = [
      this.#database.each(`SELECT id, size FROM contents WHERE ${readable} ORDER BY row_number() OVER (PARTITION BY age ORDER BY lot), lot`),
      this.#database.each(`SELECT id, size FROM contents WHERE ${readable} ORDER BY lot`),
    ];
    const taken = new Set<number>();
    for (let bytes = 0, turn = 0; taken.size < Math.min(most, count) && bytes < enough; turn++) {
      const { value, done } = ways[turn % ways.length]!.next() as IteratorResult<Row, undefined>;
      if (done || taken.has(value['id'] as number)) continue;
      taken.add(value['id'] as number);
      bytes += value['size'] as number;
    }
    for (const way of ways) way.return(undefined);
    for (const id of taken) this.#database.run('INSERT INTO chosen (id) VALUES (?)', id);
  }

  /** Objects that chosen files lie in, of which only the target knows whether they are cold. */
  unsureObjects(): { id: number; name: string }[] {
    return this.#database.all(
      `SELECT id, name FROM objects WHERE unsure = 1 AND id IN (SELECT o.value FROM chosen c JOIN files f ON f.id = c.id, json_each(f.objects) o) ORDER BY name`,
    ) as { id: number; name: string }[];
  }

  /** They turned out to be cold: what lies in them is not tried. */
  leaveOut(objects: readonly number[]): void {
    for (const object of objects) this.#database.run('INSERT OR IGNORE INTO left_out (object) VALUES (?)', object);
    const within = 'SELECT f.id FROM chosen c JOIN files f ON f.id = c.id, json_each(f.objects) o WHERE o.value IN (SELECT object FROM left_out)';
    this.#database.run(`UPDATE contents SET cold = 1 WHERE id IN (${within})`);
    this.#database.run(`DELETE FROM chosen WHERE id IN (${within})`);
  }

  /** `all`: everything that there is to choose from; `chosen`; `cold`: what was left out because it is cold. */
  totals(of: 'all' | 'chosen' | 'cold'): DrillTotals {
    const which = { all: '1', chosen: 'c.id IN (SELECT id FROM chosen)', cold: 'c.cold = 1 AND c.id NOT IN (SELECT id FROM chosen)' }[of];
    const { files, bytes } = this.#database.get(`SELECT count(*) AS files, coalesce(sum(c.size), 0) AS bytes FROM contents c WHERE ${which}`) as { files: number; bytes: number };
    const objects = this.#database.get(`SELECT count(DISTINCT o.value) AS objects FROM contents c JOIN files f ON f.id = c.id, json_each(f.objects) o WHERE ${which}`)!;
    return { files, bytes, objects: objects['objects'] as number };
  }

  /** Of each snapshot that something was chosen of: its number, how much, and whether that is every file of it. */
  groups(): { snapshot: number; files: number; bytes: number; isWhole: boolean }[] {
    return this.#database
      .all(
        `SELECT f.snapshot, count(*) AS files, sum(f.size) AS bytes, (SELECT count(*) FROM files a WHERE a.snapshot = f.snapshot) AS everything
         FROM files f JOIN chosen ON chosen.id = f.id GROUP BY f.snapshot ORDER BY f.snapshot`,
      )
      .map((row) => ({ snapshot: row['snapshot'] as number, files: row['files'] as number, bytes: row['bytes'] as number, isWhole: row['files'] === row['everything'] }));
  }

  *chosenOf(snapshot: number): Generator<DrillFile> {
    for (const row of this.#database.each('SELECT f.* FROM files f JOIN chosen ON chosen.id = f.id WHERE f.snapshot = ? ORDER BY f.path', snapshot)) yield toFile(row);
  }
}

function toFile(row: Row): DrillFile {
  return {
    snapshot: row['snapshot'] as number,
    path: fromName(row['path']),
    sha256: asBuffer(row['sha256']),
    size: row['size'] as number,
    mtime: row['mtime'] as string,
  };
}
