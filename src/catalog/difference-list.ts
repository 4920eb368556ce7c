/** The differences of two trees, put in order, with those paired that are one file under another name. */
import type { Entry } from '../core/entry.ts';
import { asBuffer, fromName, joinPath, splitPath, toName } from './columns.ts';
import type { Row } from './catalog.ts';
import { PrivateDatabase } from './private-database.ts';

/** An entry on one side. `sha256`: of a file, where it is known. */
export interface Side {
  entry: Entry;
  sha256: Buffer | null;
}

export interface ListedDifference {
  path: string;
  /** Null for what was added. Of a renamed file what it was under its old path. */
  before: Side | null;
  /** Null for what was removed. */
  after: Side | null;
}

// gone: files that were removed, until it is found that they are there under another name.
const tables = `
CREATE TABLE differences (
  id INTEGER PRIMARY KEY, directory ANY NOT NULL, name ANY NOT NULL, before TEXT, before_hash BLOB, after TEXT, after_hash BLOB,
  size INTEGER NOT NULL, place ANY, UNIQUE (directory, name)) STRICT;
CREATE TABLE gone (hash BLOB NOT NULL, name ANY NOT NULL, difference INTEGER NOT NULL, PRIMARY KEY (hash, name, difference)) STRICT, WITHOUT ROWID;
`;

const pageSize = 1000;

export class DifferenceList {
  readonly #database = new PrivateDatabase(tables, 'The comparison');

  close(): void {
    this.#database.close();
  }

  /** Replaces what was put for the same path before. At least one side is there. `place`: where on disk the second one is. */
  put(path: string, before: Side | null, after: Side | null, place: string | null = null): void {
    const [directory, name] = splitPath(path);
    const size = (after ?? before)!.entry.size;
    this.#database.run(
      'INSERT OR REPLACE INTO differences (directory, name, before, before_hash, after, after_hash, size, place) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      toName(directory), toName(name), toText(before), before?.sha256 ?? null, toText(after), after?.sha256 ?? null, size, place === null ? null : toName(place),
    );
  }

  /** Added files whose content is not known, of a size that a removed file had: what has to be read to find out whether they are the same. */
  *possiblyRenamed(): Generator<{ path: string; entry: Entry; place: string }> {
    this.#database.run('CREATE INDEX removed_sizes ON differences (size) WHERE after IS NULL');
    for (const row of this.#pages(`before IS NULL AND after_hash IS NULL AND size > 0 AND place IS NOT NULL AND size IN (SELECT size FROM differences WHERE after IS NULL AND before_hash IS NOT NULL)`)) {
      const { path, after } = toDifference(row);
      yield { path, entry: after!.entry, place: fromName(row['place']) };
    }
  }

  /** What was removed and what was added are one difference where the content is the same: one of the same name first. */
  pairRenamed(): void {
    this.#database.run('INSERT INTO gone SELECT before_hash, name, id FROM differences WHERE after IS NULL AND before_hash IS NOT NULL AND size > 0');
    const added = 'before IS NULL AND after_hash IS NOT NULL AND size > 0';
    for (const row of this.#pages(added)) this.#pair(row, this.#database.get('SELECT * FROM gone WHERE hash = ? AND name = ? LIMIT 1', row['after_hash'] as Buffer, row['name'] as string));
    for (const row of this.#pages(added)) this.#pair(row, this.#database.get('SELECT * FROM gone WHERE hash = ? LIMIT 1', row['after_hash'] as Buffer));
  }

  /** By directory and name. */
  *inOrder(): Generator<ListedDifference> {
    for (const row of this.#database.each('SELECT * FROM differences ORDER BY directory, name')) yield toDifference(row);
  }

  #pair(added: Row, gone: Row | undefined): void {
    if (!gone) return;
    const removed = this.#database.get('SELECT before, before_hash FROM differences WHERE id = ?', gone['difference'] as number)!;
    this.#database.run('UPDATE differences SET before = ?, before_hash = ? WHERE id = ?', removed['before'] as string, removed['before_hash'] as Buffer, added['id'] as number);
    this.#database.run('DELETE FROM differences WHERE id = ?', gone['difference'] as number);
    this.#database.run('DELETE FROM gone WHERE hash = ? AND name = ? AND difference = ?', gone['hash'] as Buffer, gone['name'] as string, gone['difference'] as number);
  }

  /** Rows may be changed while they come. */
  *#pages(condition: string): Generator<Row> {
    let last = 0;
    for (;;) {
      const rows = this.#database.all(`SELECT * FROM differences WHERE id > ? AND ${condition} ORDER BY id LIMIT ${pageSize}`, last);
      yield* rows;
      if (rows.length < pageSize) return;
      last = rows.at(-1)!['id'] as number;
    }
  }
}

function toText(side: Side | null): string | null {
  return side && JSON.stringify(side.entry);
}

function toDifference(row: Row): ListedDifference {
  const side = (text: unknown, hash: unknown): Side | null => (text === null ? null : { entry: JSON.parse(text as string) as Entry, sha256: hash === null ? null : asBuffer(hash) });
  return {
    path: joinPath(fromName(row['directory']), fromName(row['name'])),
    before: side(row['before'], row['before_hash']),
    after: side(row['after'], row['after_hash']),
  };
}
