/**
 * The chunks of files that are read in the order of the file, and not as they lie in the volumes. Each may be had at several
 * places: the one that was found first, and those that other targets' manifests name, once somebody had to ask them.
 */
import type { Row } from '../catalog.ts';
import { asBuffer } from '../columns.ts';
import type { ListDatabase } from './database.ts';
import type { ListedChunk, OrderedChunk } from './listed.ts';

export class OrderedChunks {
  readonly #database: ListDatabase;
  #hasIndex = false;

  constructor(database: ListDatabase) {
    this.#database = database;
  }

  /** Takes the wanted chunks of files with so many of them, or more, out of what is read volume by volume. The files' turns come as their first chunks lie. */
  setApart(leastParts: number): void {
    const isOrdered = `entry IN (SELECT id FROM entries WHERE parts >= ${leastParts})`;
    this.#database.run(`INSERT OR REPLACE INTO ordered SELECT entry, position, 0, volume, offset, length, sha256, NULL FROM uses WHERE ${isOrdered}`);
    this.#database.run(`INSERT OR IGNORE INTO ordered SELECT entry, position, 0, 0, 0, length, sha256, reason FROM missing WHERE ${isOrdered}`);
    for (const table of ['uses', 'missing']) this.#database.run(`DELETE FROM ${table} WHERE ${isOrdered}`);
    this.#database.run(
      `INSERT INTO turns (entry) SELECT o.entry FROM (SELECT entry, min(position) AS position FROM ordered GROUP BY entry) f
       JOIN ordered o ON o.entry = f.entry AND o.position = f.position AND o.rank = 0 LEFT JOIN volumes v ON v.id = o.volume
       WHERE o.entry NOT IN (SELECT entry FROM turns) ORDER BY v.target, v.name, o.offset`,
    );
  }

  /** What was set apart and is to be had from this volume is wanted of it again, until it is set apart once more. */
  putBack(volume: number): void {
    this.#database.run('INSERT OR REPLACE INTO uses SELECT volume, offset, length, entry, position, sha256 FROM ordered WHERE volume = ?', volume);
  }

  /** From this position of this file on, each chunk once, at the best of its places. Nothing may be changed before all of them were taken. */
  *from(turn: number, position: number): Generator<OrderedChunk> {
    const sql = `SELECT t.turn, o.* FROM turns t CROSS JOIN ordered o ON o.entry = t.entry
      WHERE t.turn >= ? AND (t.turn > ? OR o.position >= ?) ORDER BY t.turn, o.position, o.rank`;
    let best: OrderedChunk | null = null;
    for (const row of this.#database.each(sql, turn, turn, position)) {
      const next = toOrdered(row);
      if (best && (best.turn !== next.turn || best.position !== next.position)) {
        yield best;
        best = null;
      }
      if (!best || (best.problem !== null && next.problem === null)) best = next;
    }
    if (best) yield best;
  }

  /** Whether there is a place left for this chunk, and which volumes it was looked for in. */
  places({ entry, position }: OrderedChunk): { isLeft: boolean; volumes: number[] } {
    const rows = this.#database.all('SELECT volume, problem FROM ordered WHERE entry = ? AND position = ?', entry, position);
    return { isLeft: rows.some((row) => row['problem'] === null), volumes: rows.flatMap((row) => (row['volume'] === 0 ? [] : [row['volume'] as number])) };
  }

  /** This place of a chunk does not give it. */
  missChunk({ entry, position, rank }: OrderedChunk, problem: string): void {
    this.#database.run('UPDATE ordered SET problem = ? WHERE entry = ? AND position = ? AND rank = ?', problem, entry, position, rank);
  }

  /** A volume gives nothing. */
  missVolume(volume: number, problem: string): void {
    this.#index();
    this.#database.run('UPDATE ordered SET problem = ? WHERE volume = ? AND problem IS NULL', problem, volume);
  }

  /** A target gives nothing. */
  missTarget(target: number, problem: string): void {
    this.#database.run('UPDATE ordered SET problem = ? WHERE problem IS NULL AND volume IN (SELECT id FROM volumes WHERE target = ?)', problem, target);
  }

  /** A volume can be read after all. */
  giveBack(volume: number): void {
    this.#database.run('UPDATE ordered SET problem = NULL WHERE volume = ?', volume);
  }

  /** Another place of a chunk. `rank`: above 0, and one for each target. Chunks that nobody wants are passed over. */
  offer(chunk: ListedChunk, rank: number): void {
    this.#index();
    this.#database.run(
      `INSERT OR IGNORE INTO ordered SELECT entry, position, ?, ?, ?, length, sha256, NULL FROM ordered WHERE sha256 = ? AND length = ? AND rank = 0 AND volume <> ?`,
      rank, chunk.volume, chunk.offset, chunk.sha256, chunk.length, chunk.volume,
    );
  }

  /** Only where something went wrong is a chunk looked for by anything but its file. */
  #index(): void {
    if (this.#hasIndex) return;
    this.#hasIndex = true;
    this.#database.run('CREATE INDEX ordered_by_hash ON ordered (sha256)');
    this.#database.run('CREATE INDEX ordered_by_volume ON ordered (volume)');
  }
}

function toOrdered(row: Row): OrderedChunk {
  const { turn, entry, position, rank, volume, offset, length, problem } = row as unknown as OrderedChunk;
  return { turn, entry, position, rank, volume, offset, length, sha256: asBuffer(row['sha256']), problem };
}
