/**
 * The SQLite file behind the hash table. It is a cache of what lies in the folders: losing it costs the time to read them again,
 * never data. So a damaged one, or one of a newer bat, is put aside and made anew, and the last moments before a power cut may be missing
 * from it (synchronous = NORMAL): the next sync finds them out.
 */
import { chmodSync, closeSync, existsSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { BatError } from '../../core/errors.ts';
import { tables, tableVersion, upgrades } from './schema.ts';

export type Row = Record<string, unknown>;

export class TableDatabase {
  readonly file: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #depth = 0;

  private constructor(file: string, database: DatabaseSync) {
    this.file = file;
    this.#database = database;
  }

  /** Throws STATE_FAILED. `log` is told where the table had to be made anew. */
  static open(file: string, log: (line: string) => void): TableDatabase {
    if (existsSync(damageNote(file))) putAside(file, 'It was found to be damaged', log);
    try {
      return TableDatabase.#open(file);
    } catch (error) {
      const reason = whyUseless(error);
      if (reason === null) throw stateFailed(file, error);
      putAside(file, reason, log);
    }
    try {
      return TableDatabase.#open(file);
    } catch (error) {
      throw stateFailed(file, error);
    }
  }

  static #open(file: string): TableDatabase {
    keepPrivate(file);
    const database = new DatabaseSync(file);
    try {
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY;');
      bringUpToDate(database);
    } catch (error) {
      database.close();
      throw error;
    }
    return new TableDatabase(file, database);
  }

  /** For another thread: it sees what the first one has committed, and neither waits for the other. */
  static openToRead(file: string): TableDatabase {
    const database = new DatabaseSync(file, { readOnly: true });
    database.exec('PRAGMA busy_timeout = 5000; PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY;');
    return new TableDatabase(file, database);
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#guard(() => this.#statement(sql).get(...values) as Row | undefined);
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#guard(() => this.#statement(sql).all(...values) as Row[]);
  }

  /** Returns how many rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return this.#guard(() => Number(this.#statement(sql).run(...values).changes));
  }

  /** All of it or nothing. `work` must not wait for anything. */
  atOnce<T>(work: () => T): T {
    if (this.#depth > 0) return work();
    return this.#guard(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      this.#depth++;
      try {
        const result = work();
        this.#database.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      } finally {
        this.#depth--;
      }
    });
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }

  /** Damage that shows up late: the next start makes the table anew. */
  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof BatError || (error as { errcode?: number }).errcode === undefined || resultOf(error) === 1) throw error;
      if (whyUseless(error) !== null) writeFileSync(damageNote(this.file), '');
      throw stateFailed(this.file, error);
    }
  }
}

/** The names of all files stand in it: others on the machine need not see them. SQLite gives the files beside it the mode of this one. */
function keepPrivate(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
  for (const name of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(name)) chmodSync(name, 0o600);
}

class NewerTable extends Error {}

function bringUpToDate(database: DatabaseSync): void {
  const version = Number((database.prepare('PRAGMA user_version').get() as Row)['user_version']);
  if (version > tableVersion) throw new NewerTable();
  const changes = version === 0 ? tables : upgrades.slice(version - 1).join('');
  if (changes !== '') database.exec(`BEGIN; ${changes} PRAGMA user_version = ${tableVersion}; COMMIT;`);
}

/** The low byte is the primary result code: 11 CORRUPT, 26 NOTADB. https://sqlite.org/rescode.html */
function whyUseless(error: unknown): string | null {
  if (error instanceof NewerTable) return 'It was made by a newer bat';
  const code = resultOf(error);
  return code === 11 || code === 26 ? 'It is damaged' : null;
}

function resultOf(error: unknown): number {
  return ((error as { errcode?: number }).errcode ?? 0) & 0xff;
}

function damageNote(file: string): string {
  return `${file}.damaged`;
}

function putAside(file: string, reason: string, log: (line: string) => void): void {
  renameSync(file, `${file}.old`);
  for (const rest of [`${file}-wal`, `${file}-shm`, damageNote(file)]) rmSync(rest, { force: true });
  log(`The hash table ${file} is made anew: all files of the library are read once more. ${reason}; it lies beside it as ${file}.old.`);
}

function stateFailed(file: string, error: unknown): BatError {
  const damaged = whyUseless(error) !== null;
  return new BatError('STATE_FAILED', `The hash table ${file} cannot be used: ${(error as Error).message}.`, {
    hint: damaged ? 'Start the server again: it makes the table anew. No file of the library is touched by this.' : 'Check that its folder can be written and has space left, and that no other server uses it.',
    cause: error,
    subject: file,
  });
}
