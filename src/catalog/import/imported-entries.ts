/**
 * Entries that come from manifests instead of a run. One manifest's lines are gathered, then laid over what is there, so that
 * an entry that stays as it was from snapshot to snapshot is one row, as it is where runs made it.
 */
import type { Entry } from '../../core/entry.ts';
import type { Catalog } from '../catalog.ts';
import { packIds, splitPath, toName } from '../columns.ts';

const columns = 'type, mode, uid, gid, mtime, size, link, sparse, sha256, chunks';

/** The lines of one manifest. On disk like all else, since there may be a million; it is gone when the import is. type NULL: the path is removed. */
const incoming = `
CREATE TABLE incoming (
  directory INTEGER NOT NULL, name ANY NOT NULL, type TEXT, mode INTEGER, uid INTEGER, gid INTEGER, mtime TEXT, size INTEGER,
  link ANY, sparse INTEGER, sha256 BLOB, chunks BLOB, PRIMARY KEY (directory, name)) STRICT, WITHOUT ROWID`;

const mine = 'directory IN (SELECT id FROM directories WHERE source = ?)';

/** True for a row of `incoming i` that says what a row of `entries` says. */
const same = `i.type = entries.type AND i.mode = entries.mode AND i.uid = entries.uid AND i.gid = entries.gid AND i.mtime = entries.mtime
  AND i.size = entries.size AND i.link IS entries.link AND i.sparse = entries.sparse AND i.sha256 IS entries.sha256 AND i.chunks IS entries.chunks`;

/** Directories whose numbers are kept at hand: entries come directory by directory. */
const mostRemembered = 1000;

export class ImportedEntries {
  readonly #catalog: Catalog;
  readonly #directories = new Map<string, number>();
  #source = '';

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
    catalog.run('DROP TABLE IF EXISTS incoming');
    catalog.run(incoming);
  }

  /** Forgets the lines that were gathered; the next ones are of this source. */
  begin(source: string): void {
    this.#catalog.run('DELETE FROM incoming');
    this.#directories.clear();
    this.#source = source;
  }

  /** `content`: of a file, its hash and the ids of its chunks. */
  put(entry: Entry, content: { sha256: Buffer; chunks: readonly number[] } | null): void {
    const [directory, name] = splitPath(entry.path);
    this.#catalog.run(
      `INSERT OR REPLACE INTO incoming (directory, name, ${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      this.#directory(directory), toName(name), entry.type, entry.mode, entry.uid, entry.gid, entry.mtime, entry.size,
      entry.link === undefined ? null : toName(entry.link), entry.sparse ? 1 : 0,
      content && content.chunks.length !== 1 ? content.sha256 : null, content && packIds(content.chunks),
    );
  }

  remove(path: string): void {
    const [directory, name] = splitPath(path);
    this.#catalog.run('INSERT OR REPLACE INTO incoming (directory, name) VALUES (?, ?)', this.#directory(directory), toName(name));
  }

  /** How many different paths were gathered. */
  count(): number {
    return this.#catalog.get('SELECT count(*) AS count FROM incoming')!['count'] as number;
  }

  /**
   * What was gathered is the snapshot of this number, the one after all that the source has; whole, or laid over the snapshot
   * of the number `base`.
   */
  apply(number: number, base: number | null): void {
    if (base === null) {
      this.#catalog.run(
        `UPDATE entries SET until = ? WHERE until IS NULL AND ${mine}
         AND NOT EXISTS (SELECT 1 FROM incoming i WHERE i.directory = entries.directory AND i.name = entries.name AND ${same})`,
        number,
        this.#source,
      );
    } else {
      this.#takeBack(base, number);
      this.#catalog.run(
        `UPDATE entries SET until = ? WHERE until IS NULL AND (directory, name) IN (SELECT directory, name FROM incoming)
         AND NOT EXISTS (SELECT 1 FROM incoming i WHERE i.directory = entries.directory AND i.name = entries.name AND ${same})`,
        number,
      );
    }
    this.supplement(number);
  }

  /** Paths that the newest snapshot does not have yet come into it from what was gathered; the others stay as they are. */
  supplement(number: number): void {
    this.#catalog.run(
      `INSERT INTO entries (directory, name, ${columns}, stamp, since) SELECT directory, name, ${columns}, '', ? FROM incoming i
       WHERE type IS NOT NULL AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.directory = i.directory AND e.name = i.name AND e.until IS NULL)`,
      number,
    );
  }

  /** What changed between the base and the snapshot before this one is as it was in the base, unless the manifest says more of it. */
  #takeBack(base: number, number: number): void {
    this.#catalog.run(
      `INSERT OR IGNORE INTO incoming (directory, name, ${columns}) SELECT directory, name, ${columns} FROM entries
       WHERE until > ? AND until < ? AND since <= ? AND ${mine}`,
      base, number, base, this.#source,
    );
    this.#catalog.run(
      `INSERT OR IGNORE INTO incoming (directory, name) SELECT directory, name FROM entries WHERE since > ? AND since < ? AND ${mine}`,
      base, number, this.#source,
    );
  }

  end(): void {
    this.#catalog.run('DROP TABLE incoming');
  }

  #directory(path: string): number {
    const known = this.#directories.get(path);
    if (known !== undefined) return known;
    const found = this.#catalog.get('SELECT id FROM directories WHERE source = ? AND path = ?', this.#source, toName(path));
    const id = (found?.['id'] as number | undefined) ?? this.#catalog.run('INSERT INTO directories (source, path) VALUES (?, ?)', this.#source, toName(path));
    if (this.#directories.size >= mostRemembered) this.#directories.clear();
    this.#directories.set(path, id);
    return id;
  }
}
