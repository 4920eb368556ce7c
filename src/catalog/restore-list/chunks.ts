/** Which bytes of which volumes are wanted by whom, and what could not be had where it was looked for. */
import { asBuffer } from '../columns.ts';
import type { ListDatabase } from './database.ts';
import { entryColumnCount, entryColumns, toEntry } from './entries.ts';
import type { ListedChunk, ListedEntry, ListedRange, ListedUse } from './listed.ts';
import { unpackChunks } from './packed-chunks.ts';

export class ListedChunks {
  readonly #database: ListDatabase;

  constructor(database: ListDatabase) {
    this.#database = database;
  }

  /** Lists the chunks of every wanted file; of a range, those that have bytes from `start` to before `end` of their file. */
  want({ start, end }: { start: number; end: number } = { start: 0, end: Infinity }): void {
    const isWanted = `state = 'wanted' AND type = 'file'`;
    // Most files are one chunk: SQLite copies these rows without handing out a single one.
    this.#database.run(
      `INSERT OR REPLACE INTO uses (volume, offset, length, entry, position, sha256)
       SELECT volume, offset, size, id, 0, sha256 FROM entries WHERE ${isWanted} AND parts = 1 AND size > ? AND ? > 0`,
      start,
      end,
    );
    for (const [id, chunks] of this.#database.eachList(`SELECT id, chunks FROM entries WHERE ${isWanted} AND parts > 1`)) {
      let position = 0;
      for (const chunk of unpackChunks(asBuffer(chunks))) {
        if (position < end && position + chunk.length > start) this.#use(chunk.volume, chunk.offset, chunk.length, id as number, position, chunk.sha256);
        position += chunk.length;
      }
    }
  }

  /** All that was wanted has been looked for; what is missing may be `offer`ed once more. */
  forget(): void {
    this.#database.run('DELETE FROM uses');
  }

  /** Notes that a volume gives nothing, and takes it out: its chunks may be `offer`ed at other places, or at this one again. */
  putOff(volume: number, reason: string): void {
    this.miss(volume, reason);
    this.#database.run('DELETE FROM uses WHERE volume = ?', volume);
  }

  /** The ranges of a volume that are wanted, by offset and length, each once. */
  *ranges(volume: number): Generator<ListedRange> {
    for (const row of this.#database.eachList('SELECT DISTINCT offset, length FROM uses WHERE volume = ? ORDER BY offset, length', volume)) {
      const [offset, length] = row as [number, number];
      yield { offset, length };
    }
  }

  /** Who wants the ranges of a volume from `first` to `last`, by offset and length. */
  *uses(volume: number, first: ListedRange, last: ListedRange): Generator<ListedUse> {
    const rows = this.#database.eachList(
      `SELECT ${entryColumns}, u.offset, u.length, u.position, u.sha256 FROM uses u JOIN entries e ON e.id = u.entry
       WHERE u.volume = ? AND (u.offset, u.length) >= (?, ?) AND (u.offset, u.length) <= (?, ?) ORDER BY u.offset, u.length, u.entry, u.position`,
      volume, first.offset, first.length, last.offset, last.length,
    );
    for (const row of rows) {
      const [offset, length, position] = row.slice(entryColumnCount) as [number, number, number];
      yield { offset, length, position, sha256: asBuffer(row[entryColumnCount + 3]), entry: toEntry(row) };
    }
  }

  /** Notes that a volume does not give these bytes, or, without a range, that it gives none. */
  miss(volume: number, reason: string, range?: ListedRange): void {
    this.#database.run(
      `INSERT OR REPLACE INTO missing (sha256, entry, position, length, reason) SELECT sha256, entry, position, length, ? FROM uses
       WHERE volume = ?${range ? ' AND offset = ? AND length = ?' : ''}`,
      reason, volume, ...(range ? [range.offset, range.length] : []),
    );
  }

  /** Notes that one use got other bytes than it wants. */
  missUse(use: ListedUse, reason: string): void {
    this.#database.run('INSERT OR REPLACE INTO missing (sha256, entry, position, length, reason) VALUES (?, ?, ?, ?, ?)', use.sha256, use.entry.id, use.position, use.length, reason);
  }

  /** How many chunks of a snapshot's files are missing; of all snapshots without a number. */
  missingCount(snapshot?: number): number {
    const where = snapshot === undefined ? '' : 'WHERE entry IN (SELECT id FROM entries WHERE snapshot = ?)';
    return this.#database.get(`SELECT count(*) AS count FROM missing ${where}`, ...(snapshot === undefined ? [] : [snapshot]))!['count'] as number;
  }

  /** Another place of a chunk: whoever misses it will find it there. Chunks that nobody misses are passed over. */
  offer(chunk: ListedChunk): void {
    const missing = this.#database.all('SELECT entry, position FROM missing WHERE sha256 = ? AND length = ?', chunk.sha256, chunk.length);
    for (const { entry, position } of missing) this.#use(chunk.volume, chunk.offset, chunk.length, entry as number, position as number, chunk.sha256);
    if (missing.length > 0) this.#database.run('DELETE FROM missing WHERE sha256 = ? AND length = ?', chunk.sha256, chunk.length);
  }

  /** The files that miss a chunk, each once, with the reason of one. */
  *missingFiles(): Generator<{ entry: ListedEntry; reason: string }> {
    const sql = `SELECT ${entryColumns}, min(m.reason) FROM missing m JOIN entries e ON e.id = m.entry GROUP BY e.id ORDER BY e.snapshot, e.path`;
    for (const row of this.#database.eachList(sql)) yield { entry: toEntry(row), reason: row[entryColumnCount] as string };
  }

  #use(volume: number, offset: number, length: number, entry: number, position: number, sha256: Buffer): void {
    this.#database.run('INSERT OR REPLACE INTO uses (volume, offset, length, entry, position, sha256) VALUES (?, ?, ?, ?, ?, ?)', volume, offset, length, entry, position, sha256);
  }
}
