/**
 * The catalog of one plan: an SQLite file that knows what is stored where. It is a cache of the manifests and the state of
 * unfinished work; losing it costs time, never data. This folder is the only place that speaks SQL.
 *
 * Writing goes on in one long transaction that `flush` commits; the callers flush where the order of things matters:
 * after a target has confirmed a volume, before and after the manifests are written.
 */
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { BatError, systemCode, systemReason } from '../core/errors.ts';
import { makeFolder } from '../core/make-folder.ts';
import { catalogVersion, tables, temporaryTables, upgrades } from './schema.ts';

export type Row = Record<string, unknown>;
/** A row without the names of its columns. */
export type List = readonly unknown[];

export class Catalog {
  readonly file: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #writing = false;
  /** What SQLite failed with when it took the long transaction back by itself. */
  #lost: unknown = null;

  private constructor(file: string, database: DatabaseSync) {
    this.file = file;
    this.#database = database;
  }

  /** Opens or makes the catalog. Throws CATALOG_DAMAGED, STATE_FAILED. */
  static open(file: string): Catalog {
    return guard(file, () => {
      makeFolder(dirname(file), 0o700);
      const database = new DatabaseSync(file);
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -4000; PRAGMA temp_store = MEMORY;');
      bringUpToDate(database, file);
      database.exec(temporaryTables);
      return new Catalog(file, database);
    });
  }

  /** For looking only: an empty catalog in memory stands in for one that is not there. Nothing is written to disk. */
  static openToRead(file: string, exists: boolean): Catalog {
    return guard(file, () => {
      if (exists) upgrade(file);
      const database = exists ? new DatabaseSync(file, { readOnly: true }) : new DatabaseSync(':memory:');
      if (!exists) database.exec(tables);
      database.exec(`PRAGMA busy_timeout = 5000; PRAGMA temp_store = MEMORY; ${temporaryTables}`);
      return new Catalog(file, database);
    });
  }

  /** Every row of a query. */
  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#guard(() => this.#statement(sql).all(...values) as Row[]);
  }

  /** The rows of a query, one at a time. */
  *each(sql: string, ...values: SQLInputValue[]): Generator<Row> {
    yield* this.#steps(this.#guard(() => this.#database.prepare(sql)), values) as Generator<Row>;
  }

  /** The same with each row as the list of its columns, which costs a third less: for what is read by the hundred thousand. */
  *eachList(sql: string, ...values: SQLInputValue[]): Generator<List> {
    const statement = this.#guard(() => this.#database.prepare(sql));
    statement.setReturnArrays(true);
    yield* this.#steps(statement, values) as Generator<List>;
  }

  /** Every row of a query as the list of its columns. */
  lists(sql: string, ...values: SQLInputValue[]): List[] {
    return this.#guard(() => this.#statement(sql, true).all(...values) as unknown as List[]);
  }

  /** The first row of a query, or undefined. */
  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    try {
      return this.#statement(sql).get(...values) as Row | undefined;
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /**
   * Changes something, within the long transaction. Returns the id of an inserted row. Throws STATE_FAILED, and from then on
   * always, if the transaction is lost: what comes later must not be written without what was before it.
   */
  run(sql: string, ...values: SQLInputValue[]): number {
    this.#confirmWhole();
    try {
      this.#begin();
      return Number(this.#statement(sql).run(...values).lastInsertRowid);
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /** Changes a temporary table; needs no transaction, so it works in a catalog opened to read too. */
  scratch(sql: string, ...values: SQLInputValue[]): void {
    this.#confirmWhole();
    this.#guard(() => this.#statement(sql).run(...values));
  }

  /** Makes everything so far survive a kill. Throws as `run` does. */
  flush(): void {
    this.#confirmWhole();
    if (!this.#writing) return;
    this.#guard(() => this.#database.exec('COMMIT'));
    this.#writing = false;
  }

  getMeta(key: string): string | null {
    return (this.get('SELECT value FROM meta WHERE key = ?', key)?.['value'] as string | undefined) ?? null;
  }

  setMeta(key: string, value: string): void {
    this.run('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value', key, value);
  }

  /** Looks through the whole file for damage. Throws CATALOG_DAMAGED. */
  check(): void {
    const result = this.get('PRAGMA quick_check(1)');
    if (result?.['quick_check'] !== 'ok') throw damaged(this.file, result?.['quick_check']);
  }

  /** What was not flushed is lost. */
  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #begin(): void {
    if (this.#writing) return;
    this.#database.exec('BEGIN IMMEDIATE');
    this.#writing = true;
  }

  /** `statement` is of this call alone: a cached one that is still being stepped through must not be started again. */
  *#steps(statement: StatementSync, values: SQLInputValue[]): Generator<unknown> {
    try {
      yield* statement.iterate(...values);
    } catch (error) {
      throw this.#explain(error);
    }
  }

  #confirmWhole(): void {
    if (this.#lost) throw this.#lost;
  }

  #guard<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /** A full disk or an I/O error, even while reading, may make SQLite end the transaction without being asked. */
  #explain(error: unknown): unknown {
    const explained = explain(this.file, error);
    if (this.#writing && !this.#database.isTransaction) this.#lost ??= explained;
    return explained;
  }

  /** `asLists`: how the same text is asked for every time. */
  #statement(sql: string, asLists = false): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      statement.setReturnArrays(asLists);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** A catalog of an older bat is brought up to date before it is only read. */
function upgrade(file: string): void {
  const looking = new DatabaseSync(file, { readOnly: true });
  const isOld = versionOf(looking) < catalogVersion;
  looking.close();
  if (isOld) Catalog.open(file).close();
}

function versionOf(database: DatabaseSync): number {
  return Number((database.prepare('PRAGMA user_version').get() as Row)['user_version']);
}

function bringUpToDate(database: DatabaseSync, file: string): void {
  const version = versionOf(database);
  if (version > catalogVersion) {
    throw new BatError('CATALOG_DAMAGED', `The catalog ${file} was made by a newer bat.`, { hint: 'Update bat.', subject: file });
  }
  const missing = Array.from({ length: catalogVersion - version }, (_, index) => upgrades[version + index]);
  const changes = version === 0 ? tables : missing.join('');
  if (changes !== '') database.exec(`BEGIN; ${changes} PRAGMA user_version = ${catalogVersion}; COMMIT;`);
}

function guard<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw explain(file, error);
  }
}

/** Turns SQLite's errors into ours. What is none of those is given back as it is: a bug, shown as one. */
function explain(file: string, error: unknown): unknown {
  const sqlite = (error as { errcode?: number }).errcode;
  if (sqlite === undefined) {
    if (systemCode(error) === undefined) return error;
    return new BatError('STATE_FAILED', `The state folder of this plan cannot be used: ${systemReason(error)} (${file}).`, {
      hint: 'Check the folder, or set `state:` in the plan.',
      cause: error,
      subject: file,
    });
  }
  // The low byte is the primary result code: 11 CORRUPT, 26 NOTADB, 13 FULL, 5 BUSY. https://sqlite.org/rescode.html
  const code = sqlite & 0xff;
  if (code === 11 || code === 26) return damaged(file, error);
  if (code === 1) return error; // a mistake in our SQL
  return new BatError('STATE_FAILED', `The catalog ${file} cannot be used: ${(error as Error).message}.`, {
    hint: code === 13 ? 'Free some space on its disk, or set `state:` in the plan.' : 'Check that its folder can be written, and that no other program has it open.',
    cause: error,
    subject: file,
  });
}

function damaged(file: string, cause: unknown): BatError {
  return new BatError('CATALOG_DAMAGED', `The catalog ${file} is damaged.`, {
    hint: 'Nothing on the targets is touched by this, and restore works without it. `bat sync` makes it anew from what is stored; it needs a key where that is encrypted.',
    cause,
    subject: file,
  });
}
