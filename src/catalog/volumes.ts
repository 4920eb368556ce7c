/** Which chunks lie in which volumes, and which volumes count as stored. What they became is in objects.ts, and who holds it in receipts.ts. */
import type { Place } from '../core/content.ts';
import type { Catalog } from './catalog.ts';
import { ChunkHashes } from './chunk-hashes.ts';
import { readable, readableBy } from './readable.ts';

/** What a target must hold for a volume to count as there. */
export interface Need {
  target: string;
  /** Whom the object must be readable by (one of them is enough), or null if it must be plain. */
  recipients: readonly string[] | null;
}

export class Volumes {
  readonly #catalog: Catalog;
  readonly #hashes: ChunkHashes;
  /** The hash that was looked up last, if no chunk has it. */
  #absent: Buffer | null = null;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
    this.#hashes = ChunkHashes.of(catalog);
  }

  /** A new volume, `open` until `markStored`: its chunks count as known for the rest of this run. */
  create(maker: string, run: string, source: string): number {
    const volume = this.#catalog.run(`INSERT INTO volumes (maker, run, source, state) VALUES (?, ?, ?, 'open')`, maker, run, source);
    this.#catalog.scratch('INSERT INTO usable (volume) VALUES (?)', volume);
    return volume;
  }

  markStored(volume: number, decoded: number): void {
    this.#catalog.run(`UPDATE volumes SET state = 'stored', decoded = ? WHERE id = ?`, decoded, volume);
  }

  /** Forgets a volume that was not stored, and where chunks would have been in it. */
  discard(volume: number): void {
    this.#catalog.run('DELETE FROM receipts WHERE object IN (SELECT id FROM objects WHERE volume = ?)', volume);
    this.#catalog.run('DELETE FROM objects WHERE volume = ?', volume);
    this.#catalog.run('DELETE FROM places WHERE volume = ?', volume);
    this.#catalog.run('DELETE FROM volumes WHERE id = ?', volume);
    this.#catalog.scratch('DELETE FROM usable WHERE volume = ?', volume);
  }

  /** Volumes that a killed run left open are forgotten, but for those that lie whole in the spool: these are not stored yet, but will be. */
  discardOpen(): void {
    this.#catalog.scratch(`DELETE FROM usable WHERE volume IN (SELECT id FROM volumes WHERE state = 'open')`);
    for (const row of this.#catalog.all(`SELECT id FROM volumes WHERE state = 'open' AND id NOT IN (SELECT volume FROM spooled)`)) this.discard(row['id'] as number);
  }

  /** The chunk's id if a usable volume holds it, else null. */
  knownChunk(sha256: Buffer): number | null {
    const chunk = this.#hashes.find(sha256);
    this.#absent = chunk === null ? sha256 : null;
    if (chunk === null) return null;
    const sql = 'SELECT 1 FROM places p JOIN usable u ON u.volume = p.volume WHERE p.chunk = ? LIMIT 1';
    return this.#catalog.get(sql, chunk) ? chunk : null;
  }

  /** Notes that a chunk lies at this place; returns its id. */
  addPlace(sha256: Buffer, place: Place): number {
    // Most often it was asked for just before.
    const found = sha256 === this.#absent ? null : this.#hashes.find(sha256);
    this.#absent = null;
    const chunk = found ?? this.#hashes.add(sha256, place.length);
    this.#catalog.run('INSERT OR IGNORE INTO places (chunk, volume, offset) VALUES (?, ?, ?)', chunk, place.volume, place.offset);
    return chunk;
  }

  /** Works out, at the start of a run, which volumes count as there: those of this maker that meet every need and are not about to go. */
  refreshUsable(maker: string, needs: readonly Need[]): void {
    this.#catalog.scratch('DELETE FROM usable');
    if (needs.length === 0) return;
    const conditions = needs.map(() => `AND EXISTS (
      SELECT 1 FROM objects o JOIN receipts r ON r.object = o.id WHERE o.volume = v.id AND r.target = ? AND ${readable})`);
    const values = needs.flatMap(({ target, recipients }) => [target, ...readableBy(recipients)]);
    this.#catalog.scratch(`INSERT INTO usable SELECT v.id FROM volumes v WHERE v.state = 'stored' AND v.draining = 0 AND v.maker = ? ${conditions.join(' ')}`, maker, ...values);
  }

  /** Ids of the volumes of this maker that do not count as there, but for those that are about to go, and those that only targets hold which no upload stores to. */
  unusable(maker: string, targets: readonly string[]): number[] {
    const sql = `SELECT v.id FROM volumes v WHERE v.maker = ?1 AND v.state <> 'going' AND v.draining = 0 AND NOT EXISTS (SELECT 1 FROM usable u WHERE u.volume = v.id)
      AND (NOT EXISTS (SELECT 1 FROM objects o JOIN receipts r ON r.object = o.id WHERE o.volume = v.id)
        OR EXISTS (SELECT 1 FROM objects o JOIN receipts r ON r.object = o.id WHERE o.volume = v.id AND r.target IN (SELECT value FROM json_each(?2))))`;
    return this.#catalog.all(sql, maker, JSON.stringify(targets)).map((row) => row['id'] as number);
  }

  /** After a run that stored all there is: what did not count at its beginning is stored again, as far as the sources have it. */
  settleUnusable(volumes: readonly number[]): void {
    this.#catalog.setMeta('stored-again', JSON.stringify(volumes));
  }

  /** The volumes that `settleUnusable` was told of last. */
  settled(): ReadonlySet<number> {
    return new Set(JSON.parse(this.#catalog.getMeta('stored-again') ?? '[]') as number[]);
  }
}
