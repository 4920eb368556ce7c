/** The private database behind a restore's list: gone when it is closed, so that a million entries take little memory. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { BatError } from '../../core/errors.ts';

const tables = `
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -49152;
-- class: the storage class, where it is known. thaw: NULL until the target was asked, then 'readable', 'thawing' or 'cold'.
CREATE TABLE volumes (
  id INTEGER PRIMARY KEY, target INTEGER NOT NULL, name TEXT NOT NULL, layout TEXT NOT NULL, size INTEGER NOT NULL, class TEXT, thaw TEXT,
  UNIQUE (target, name)) STRICT;
-- chunks: volume, offset, length and SHA-256 of each, packed; the only chunk of a file has the file's own hash.
CREATE TABLE entries (
  id INTEGER PRIMARY KEY, snapshot INTEGER NOT NULL, path ANY NOT NULL, type TEXT NOT NULL, mode INTEGER NOT NULL,
  uid INTEGER NOT NULL, gid INTEGER NOT NULL, mtime TEXT NOT NULL, size INTEGER NOT NULL, link ANY, sparse INTEGER NOT NULL,
  sha256 BLOB, chunks BLOB, parts INTEGER NOT NULL, layer INTEGER NOT NULL, state TEXT NOT NULL, UNIQUE (snapshot, path)) STRICT;
CREATE TABLE uses (
  volume INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL, entry INTEGER NOT NULL, position INTEGER NOT NULL,
  sha256 BLOB NOT NULL, PRIMARY KEY (volume, offset, length, entry, position)) STRICT, WITHOUT ROWID;
-- Chunks that could not be had where they were looked for.
CREATE TABLE missing (
  sha256 BLOB NOT NULL, entry INTEGER NOT NULL, position INTEGER NOT NULL, length INTEGER NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (sha256, entry, position)) STRICT, WITHOUT ROWID;
`;

export type Row = Record<string, unknown>;

export class ListDatabase {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor() {
    this.#database = guard(() => new DatabaseSync(''));
    guard(() => this.#database.exec(`${tables} BEGIN;`));
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  run(sql: string, ...values: SQLInputValue[]): void {
    guard(() => this.#statement(sql).run(...values));
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return guard(() => this.#statement(sql).get(...values) as Row | undefined);
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return guard(() => this.#statement(sql).all(...values) as Row[]);
  }

  *each(sql: string, ...values: SQLInputValue[]): Generator<Row> {
    // A statement of its own: a cached one that is still being stepped through must not be started again.
    const rows = guard(() => this.#database.prepare(sql).iterate(...values));
    for (;;) {
      const next = guard(() => rows.next());
      if (next.done) return;
      yield next.value as Row;
    }
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }
}

/** Its disk is the one for temporary files; anything else that goes wrong here is a bug and is shown as one. */
function guard<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    const result = (error as { errcode?: number }).errcode;
    if (result === undefined || (result & 0xff) === 1) throw error;
    throw new BatError('STATE_FAILED', `The restore cannot keep its list of files: ${(error as Error).message}.`, {
      hint: 'Free some space where temporary files go, or set TMPDIR to a folder with more.',
      cause: error,
    });
  }
}
