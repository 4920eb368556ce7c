/**
 * Takes snapshots out of the catalog, and volumes that nothing needs any more. What a target still holds of them stays noted until it
 * is gone there: the manifests of a forgotten snapshot as rows of their own, volumes as `going`, with their receipts.
 */
import type { Catalog, Row } from './catalog.ts';
import { ChunkHashes } from './chunk-hashes.ts';
import type { IdSet } from './id-set.ts';

/** An object of a volume that is going, on one target. */
export interface LeavingObject {
  id: number;
  volume: number;
  name: string;
  size: number;
  storageClass: string | null;
  /** ISO 8601; null if it was in the run that made the volume. */
  stored: string | null;
  run: string;
}

/** Rows that are held at a time. */
const PAGE = 1000;

export class Forgetting {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** Snapshots are gone, and the entries that only they had. The caller flushes: all of it happens, or nothing. */
  forget(snapshots: readonly { id: string; source: string }[], time: Date): void {
    for (const { id } of snapshots) {
      this.#catalog.run('INSERT OR IGNORE INTO forgotten (snapshot, time) VALUES (?, ?)', id, time.toISOString());
      this.#catalog.run('DELETE FROM snapshots WHERE id = ?', id);
    }
    for (const source of new Set(snapshots.map((snapshot) => snapshot.source))) this.#dropEntries(source);
  }

  /** True for a snapshot that was forgotten: should a manifest of it turn up, nothing needs it. */
  isForgotten(id: string): boolean {
    return this.#catalog.get('SELECT 1 FROM forgotten WHERE snapshot = ?', id) !== undefined;
  }

  /** Begins a new list of volumes that are to go; it is there until the catalog is closed. */
  listLeaving(volumes: Iterable<number>): void {
    this.#catalog.scratch('DELETE FROM leaving');
    for (const volume of volumes) this.#catalog.scratch('INSERT OR IGNORE INTO leaving (volume) VALUES (?)', volume);
  }

  /** What a target holds of the volumes on the list. */
  *leavingOn(target: string): Generator<LeavingObject> {
    const sql = `SELECT o.id, o.volume, o.name, o.size, r.storage_class, r.stored, v.run FROM leaving l CROSS JOIN objects o ON o.volume = l.volume
      JOIN receipts r ON r.object = o.id AND r.target = ? JOIN volumes v ON v.id = o.volume WHERE o.id > ? ORDER BY o.id LIMIT ${PAGE}`;
    for (let last = 0; ; ) {
      const rows = this.#catalog.all(sql, target, last);
      yield* rows.map(toLeaving);
      if (rows.length < PAGE) return;
      last = rows.at(-1)!['id'] as number;
    }
  }

  /** The volumes on the list count as stored no more, whatever becomes of their objects; any others that were going are kept. */
  markGoing(): void {
    this.#catalog.run(`UPDATE volumes SET state = 'stored', draining = 1 WHERE state = 'going' AND id NOT IN (SELECT volume FROM leaving)`);
    this.#catalog.run(`UPDATE volumes SET state = 'going' WHERE state = 'stored' AND id IN (SELECT volume FROM leaving)`);
    this.#catalog.scratch('DELETE FROM usable WHERE volume IN (SELECT volume FROM leaving)');
  }

  /** What is alive of these volumes is stored again by the next run, where no other has it. One that was going stays for what still has a use for it. */
  drain(volumes: readonly number[]): void {
    for (const id of volumes) {
      this.#catalog.run(`UPDATE volumes SET draining = 1, state = CASE state WHEN 'going' THEN 'stored' ELSE state END WHERE id = ?`, id);
      this.#catalog.scratch('DELETE FROM usable WHERE volume = ?', id);
    }
  }

  /** Volumes that are going and that no target holds any more leave the catalog, and the chunks that lie nowhere and are not needed. Returns how many volumes. */
  dropGone(alive: IdSet): number {
    const gone = this.#catalog
      .all(`SELECT id FROM volumes v WHERE state = 'going' AND NOT EXISTS (SELECT 1 FROM objects o JOIN receipts r ON r.object = o.id WHERE o.volume = v.id)`)
      .map((row) => row['id'] as number);
    for (const volume of gone) {
      this.#catalog.run('DELETE FROM checks WHERE object IN (SELECT id FROM objects WHERE volume = ?)', volume);
      this.#catalog.run('DELETE FROM objects WHERE volume = ?', volume);
      this.#catalog.run('DELETE FROM places WHERE volume = ?', volume);
      this.#catalog.run('DELETE FROM volumes WHERE id = ?', volume);
    }
    if (gone.length > 0) this.#dropChunks(alive);
    return gone.length;
  }

  #dropChunks(alive: IdSet): void {
    const hashes = ChunkHashes.of(this.#catalog);
    const sql = `SELECT id FROM chunks c WHERE id > ? AND NOT EXISTS (SELECT 1 FROM places p WHERE p.chunk = c.id) ORDER BY id LIMIT ${PAGE}`;
    for (let last = 0; ; ) {
      const rows = this.#catalog.all(sql, last);
      for (const row of rows) if (!alive.has(row['id'] as number)) hashes.remove(row['id'] as number);
      if (rows.length < PAGE) return;
      last = rows.at(-1)!['id'] as number;
    }
  }

  /** Entries of a source that none of its snapshots has. The newest one that is left is what the next run compares with. */
  #dropEntries(source: string): void {
    const numbers = this.#catalog.all('SELECT number FROM snapshots WHERE source = ? ORDER BY number', source).map((row) => row['number'] as number);
    const latest = numbers.at(-1) ?? 0;
    const mine = 'EXISTS (SELECT 1 FROM directories d WHERE d.id = entries.directory AND d.source = ?)';
    this.#catalog.run(`DELETE FROM entries WHERE since > ? AND ${mine}`, latest, source);
    this.#catalog.run(`UPDATE entries SET until = NULL WHERE until > ? AND ${mine}`, latest, source);
    let before = 0;
    for (const number of numbers) {
      if (number > before + 1) this.#catalog.run(`DELETE FROM entries WHERE until > ? AND until <= ? AND since > ? AND ${mine}`, before, number, before, source);
      before = number;
    }
    this.#catalog.run(
      `DELETE FROM directories WHERE source = ? AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.directory = directories.id AND e.until IS NULL)
       AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.directory = directories.id AND e.until IS NOT NULL)
       AND NOT EXISTS (SELECT 1 FROM draft t WHERE t.directory = directories.id)`,
      source,
    );
  }
}

function toLeaving(row: Row): LeavingObject {
  return {
    id: row['id'] as number,
    volume: row['volume'] as number,
    name: row['name'] as string,
    size: row['size'] as number,
    storageClass: row['storage_class'] as string | null,
    stored: row['stored'] as string | null,
    run: row['run'] as string,
  };
}
