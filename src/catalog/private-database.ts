/** A private database beside the catalog: what an action has to remember or sort, gone when it is closed, so that a million entries take little memory. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { BatError } from '../core/errors.ts';
import type { List, Row } from './catalog.ts';

const settings = 'PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -49152;';

export class PrivateDatabase {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #owner: string;

  /** `owner`: who keeps what in it, as the subject of a sentence. */
  constructor(tables: string, owner: string) {
    this.#owner = owner;
    this.#database = this.#guard(() => new DatabaseSync(''));
    this.#guard(() => this.#database.exec(`${settings} ${tables} BEGIN;`));
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  run(sql: string, ...values: SQLInputValue[]): void {
    this.#guard(() => this.#statement(sql).run(...values));
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#guard(() => this.#statement(sql).get(...values) as Row | undefined);
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#guard(() => this.#statement(sql).all(...values) as Row[]);
  }

  /** Every row as the list of its columns: what is read by the hundred thousand costs half as much so. */
  lists(sql: string, ...values: SQLInputValue[]): List[] {
    return this.#guard(() => this.#statement(sql, true).all(...values) as unknown as List[]);
  }

  *each(sql: string, ...values: SQLInputValue[]): Generator<Row> {
    yield* this.#steps(false, sql, values) as Generator<Row>;
  }

  *eachList(sql: string, ...values: SQLInputValue[]): Generator<List> {
    yield* this.#steps(true, sql, values) as Generator<List>;
  }

  *#steps(asLists: boolean, sql: string, values: SQLInputValue[]): Generator<unknown> {
    // A statement of its own: a cached one that is still being stepped through must not be started again.
    const rows = this.#guard(() => {
      const statement = this.#database.prepare(sql);
      statement.setReturnArrays(asLists);
      return statement.iterate(...values);
    });
    try {
      for (;;) {
        const next = this.#guard(() => rows.next());
        if (next.done) return;
        yield next.value;
      }
    } finally {
      // Who has enough before the end may change next what was being read.
      rows.return?.();
    }
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

  /** Its disk is the one for temporary files; anything else that goes wrong here is a bug and is shown as one. */
  #guard<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      const result = (error as { errcode?: number }).errcode;
      if (result === undefined || (result & 0xff) === 1) throw error;
      throw new BatError('STATE_FAILED', `${this.#owner} cannot keep its list of files: ${(error as Error).message}.`, {
        hint: 'Free some space where temporary files go, or set TMPDIR to a folder with more.',
        cause: error,
      });
    }
  }
}
