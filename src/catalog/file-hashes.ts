/**
 * What `bat push` remembers on the machine that sends: the hashes of its files, so that unchanged ones are not read again, and where
 * uploads that were broken off are to be gone on with. A cache of its own, not a plan's: losing it costs time, never a file.
 */
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { BatError, systemCode, systemReason } from '../core/errors.ts';
import { makeFolder } from '../core/make-folder.ts';

/** A file of another version is made anew. */
const version = 1;
const tables = `
-- stamp: size, times and inode that the file had when its content was read. day: since 1970, when it was last asked for.
CREATE TABLE files (path TEXT PRIMARY KEY, stamp TEXT NOT NULL, sha256 BLOB NOT NULL, day INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- Uploads that are under way: written before the first byte is sent.
CREATE TABLE uploads (server TEXT NOT NULL, name TEXT NOT NULL, sha256 BLOB NOT NULL, place TEXT NOT NULL, day INTEGER NOT NULL,
  PRIMARY KEY (server, name, sha256)) STRICT, WITHOUT ROWID;
PRAGMA user_version = ${version};
`;

/** SQLite's word for a file that is none of its own, or is broken. */
const damage = new Set([11, 26]);
/** So many new hashes are written at a time: a short transaction, since several pushes may go on at once. */
const mostHeld = 500;
/** Days: a file that was not seen for so long is forgotten, and its day is written again when it is this much behind. */
const forgottenAfter = 180;
const dayIsStale = 30;

export interface KnownHash {
  stamp: string;
  /** Hexadecimal. */
  sha256: string;
}

/** An upload: which content goes where. */
export interface UploadKey {
  /** The address of the server. */
  server: string;
  name: string;
  sha256: string;
}

export class FileHashes {
  readonly #database: DatabaseSync;
  readonly #file: string;
  readonly #held = new Map<string, KnownHash>();
  readonly #find: StatementSync;
  readonly #put: StatementSync;
  readonly #today: number;

  private constructor(file: string, database: DatabaseSync, now: number) {
    this.#file = file;
    this.#database = database;
    this.#today = Math.floor(now / 86_400_000);
    database.prepare('DELETE FROM files WHERE day < ?').run(this.#today - forgottenAfter);
    database.prepare('DELETE FROM uploads WHERE day < ?').run(this.#today - forgottenAfter);
    this.#find = database.prepare('SELECT stamp, sha256, day FROM files WHERE path = ?');
    this.#put = database.prepare('INSERT INTO files (path, stamp, sha256, day) VALUES (?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET stamp = excluded.stamp, sha256 = excluded.sha256, day = excluded.day');
  }

  /** Makes it if it is not there, and anew if it is damaged: `onDamage` is told why. Throws STATE_FAILED. */
  static open(file: string, onDamage: (reason: string) => void, now = Date.now()): FileHashes {
    try {
      makeFolder(dirname(file), 0o700);
      try {
        return new FileHashes(file, openDatabase(file), now);
      } catch (error) {
        if (!damage.has(resultOf(error) ?? 0)) throw error;
        onDamage((error as Error).message);
        remove(file);
        return new FileHashes(file, openDatabase(file), now);
      }
    } catch (error) {
      throw failed(file, error);
    }
  }

  /** What was known of a file when it was read last; null if nothing is. */
  find(path: string): KnownHash | null {
    const held = this.#held.get(path);
    if (held) return held;
    return this.#guard(() => {
      const row = this.#find.get(path) as { stamp: string; sha256: Uint8Array; day: number } | undefined;
      if (!row) return null;
      const known = { stamp: row.stamp, sha256: Buffer.from(row.sha256).toString('hex') };
      if (this.#today - row.day >= dayIsStale) this.set(path, known);
      return known;
    });
  }

  /** Survives a kill once `flush` has been called, or many more were set. */
  set(path: string, known: KnownHash): void {
    this.#held.set(path, known);
    if (this.#held.size >= mostHeld) this.flush();
  }

  /** It turned out to be another. */
  forget(path: string): void {
    this.#held.delete(path);
    this.#guard(() => this.#database.prepare('DELETE FROM files WHERE path = ?').run(path));
  }

  flush(): void {
    if (this.#held.size === 0) return;
    this.#guard(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        for (const [path, { stamp, sha256 }] of this.#held) this.#put.run(path, stamp, Buffer.from(sha256, 'hex'), this.#today);
        this.#database.exec('COMMIT');
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
    this.#held.clear();
  }

  /** Where an upload that was begun is gone on with; null if none is known. */
  upload({ server, name, sha256 }: UploadKey): string | null {
    return this.#guard(() => {
      const row = this.#database.prepare('SELECT place FROM uploads WHERE server = ? AND name = ? AND sha256 = ?').get(server, name, Buffer.from(sha256, 'hex'));
      return (row?.['place'] as string | undefined) ?? null;
    });
  }

  noteUpload({ server, name, sha256 }: UploadKey, place: string): void {
    this.#guard(() => this.#database.prepare('INSERT OR REPLACE INTO uploads (server, name, sha256, place, day) VALUES (?, ?, ?, ?, ?)').run(server, name, Buffer.from(sha256, 'hex'), place, this.#today));
  }

  forgetUpload({ server, name, sha256 }: UploadKey): void {
    this.#guard(() => this.#database.prepare('DELETE FROM uploads WHERE server = ? AND name = ? AND sha256 = ?').run(server, name, Buffer.from(sha256, 'hex')));
  }

  close(): void {
    try {
      this.flush();
    } finally {
      this.#database.close();
    }
  }

  #guard<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw failed(this.#file, error);
    }
  }
}

function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    // A power cut may cost the last transactions: they are read again.
    database.exec('PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -4000;');
    database.exec('BEGIN IMMEDIATE');
    const found = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
    if (found !== version) database.exec(`DROP TABLE IF EXISTS files; DROP TABLE IF EXISTS uploads; ${tables}`);
    database.exec('COMMIT');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function remove(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
}

/** The primary result code of SQLite. */
function resultOf(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: number };
  return errcode === undefined ? undefined : errcode & 0xff;
}

function failed(file: string, error: unknown): unknown {
  const result = resultOf(error);
  // 1 is a mistake in a statement, which is a bug.
  if (result === 1 || (result === undefined && systemCode(error) === undefined)) return error;
  return new BatError('STATE_FAILED', `${file} cannot be used: ${result === undefined ? systemReason(error) : (error as Error).message}.`, {
    hint: 'Check that its folder can be written and has space left; XDG_STATE_HOME says where it is. It holds only what was known of the files: without it they are read again.',
    cause: error,
    subject: file,
  });
}
