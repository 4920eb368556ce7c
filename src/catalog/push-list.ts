/** The files that one push found, and what of them it sent: on disk, so that a million of them take little memory. */
import { PrivateDatabase } from './private-database.ts';

/** A file that is to be on the server. */
export interface FoundFile {
  /** On this machine. */
  absolute: string;
  /** In the library: `photos/from-phone/DCIM/a.jpg`. */
  name: string;
  /** Bytes, when it was looked at. */
  size: number;
  /** By which its hash may be known; empty where a change might not show. */
  stamp: string;
}

const tables = `CREATE TABLE files (number INTEGER PRIMARY KEY, absolute TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, stamp TEXT NOT NULL) STRICT;
CREATE TABLE sent (sha256 BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;`;

export class PushList {
  readonly #database = new PrivateDatabase(tables, 'The push');

  /** Its names are text: others cannot be told apart here. */
  add({ absolute, name, size, stamp }: FoundFile): void {
    this.#database.run('INSERT INTO files (absolute, name, size, stamp) VALUES (?, ?, ?, ?)', absolute, name, size, stamp);
  }

  /** In the order in which they were added. */
  *files(): Generator<FoundFile> {
    for (const row of this.#database.each('SELECT absolute, name, size, stamp FROM files ORDER BY number')) {
      yield { absolute: row['absolute'] as string, name: row['name'] as string, size: row['size'] as number, stamp: row['stamp'] as string };
    }
  }

  /** A content that the server has now. `sha256`: hexadecimal. */
  noteSent(sha256: string): void {
    this.#database.run('INSERT OR IGNORE INTO sent (sha256) VALUES (?)', Buffer.from(sha256, 'hex'));
  }

  wasSent(sha256: string): boolean {
    return this.#database.get('SELECT 1 FROM sent WHERE sha256 = ?', Buffer.from(sha256, 'hex')) !== undefined;
  }

  close(): void {
    this.#database.close();
  }
}
