/** What a target should hold, in the order in which it is looked at: what was not looked at for the longest time first. */
import type { CheckHow } from './checks.ts';
import { asBuffer, unpackIds } from './columns.ts';
import type { Catalog, Row } from './catalog.ts';
import { IdSet } from './id-set.ts';
import type { CatalogObject } from './object-rows.ts';

/** `unseen`: not looked at yet. `sound`: as far as is known. `doubtful`: what the store says of it has changed, and only its bytes can tell. */
export type VerifyState = 'unseen' | 'sound' | 'doubtful' | 'bad';

/** An object that a target gave a receipt for. */
export interface ObjectToCheck extends Pick<CatalogObject, 'id' | 'volume' | 'name' | 'size' | 'sha256' | 'decoded' | 'codec'> {
  /** Counts the list. */
  number: number;
  sealed: boolean;
  checksum: string | undefined;
  storageClass: string | null;
  /** When it was last read in the way that was asked for; ISO 8601. */
  read: string | null;
  /** What the target's own listing says of it; null if it was not listed. */
  listed: { size: number; checksum: string | undefined } | null;
}

/** An object that manifests on a target speak of and that is known to be gone from there. */
export interface LackingObject {
  volume: number;
  name: string;
  size: number;
}

const page = 500;

export class VerifyList {
  readonly #catalog: Catalog;
  readonly #target: string;
  /** Volumes that manifests there speak of. */
  #needed = new IdSet();

  /** Begins anew; one target at a time. */
  constructor(catalog: Catalog, target: string) {
    this.#catalog = catalog;
    this.#target = target;
    catalog.scratch('DELETE FROM verifying');
  }

  /** `sources`: only what their snapshots need; empty for everything. `ways`: the checks that count as having read an object. */
  fill(sources: readonly string[], ways: readonly CheckHow[]): void {
    this.#needed = this.#neededBy(sources);
    this.#catalog.scratch(
      `INSERT INTO verifying (object, read, state) SELECT r.object, max(c.time) AS read, 'unseen' FROM receipts r JOIN objects o ON o.id = r.object JOIN volumes v ON v.id = o.volume AND v.state <> 'going'
       LEFT JOIN checks c ON c.object = r.object AND c.target = r.target AND c.how IN (SELECT value FROM json_each(?))
       WHERE r.target = ? GROUP BY r.object ORDER BY read, r.object`,
      JSON.stringify(ways),
      this.#target,
    );
    if (sources.length === 0) return;
    for (const object of this.objects('unseen')) {
      if (!this.#needed.has(object.volume)) this.#catalog.scratch('DELETE FROM verifying WHERE number = ?', object.number);
    }
  }

  totals(): { objects: number; bytes: number } {
    return this.#catalog.get('SELECT count(*) AS objects, coalesce(sum(o.size), 0) AS bytes FROM verifying l JOIN objects o ON o.id = l.object') as unknown as { objects: number; bytes: number };
  }

  /** Those in this state, which may be changed on the way. */
  *objects(state: VerifyState): Generator<ObjectToCheck> {
    for (let last = 0; ; ) {
      const rows = this.#catalog.all(
        `SELECT l.number, l.read, o.id, o.volume, o.name, o.size, o.sha256, o.codec, o.recipients, v.decoded, r.checksum, r.storage_class,
         f.size AS listed_size, f.checksum AS listed_checksum
         FROM verifying l JOIN objects o ON o.id = l.object JOIN volumes v ON v.id = o.volume JOIN receipts r ON r.object = o.id AND r.target = ?
         LEFT JOIN listed f ON f.name = o.name WHERE l.state = ? AND l.number > ? ORDER BY l.number LIMIT ?`,
        this.#target, state, last, page,
      );
      if (rows.length === 0) return;
      for (const row of rows) yield toHeld(row);
      last = rows.at(-1)!['number'] as number;
    }
  }

  setState(number: number, state: VerifyState): void {
    this.#catalog.scratch('UPDATE verifying SET state = ? WHERE number = ?', state, number);
  }

  /** False for an object that was removed, or made once more, while it was looked at: a run may have been at work. */
  isStillHeld({ id, sha256 }: Pick<ObjectToCheck, 'id' | 'sha256'>): boolean {
    return this.#catalog.get('SELECT 1 FROM receipts r JOIN objects o ON o.id = r.object WHERE r.object = ? AND r.target = ? AND o.sha256 = ?', id, this.#target, sha256) !== undefined;
  }

  /** Of volumes that manifests there speak of without the target holding any object of them. */
  *lacking(): Generator<LackingObject> {
    const held = new IdSet();
    for (const row of this.#catalog.each('SELECT o.volume FROM receipts r JOIN objects o ON o.id = r.object WHERE r.target = ?', this.#target)) held.add(row['volume'] as number);
    for (const volume of this.#needed) {
      if (held.has(volume)) continue;
      const row = this.#catalog.get('SELECT name, size FROM objects WHERE volume = ? ORDER BY id DESC LIMIT 1', volume);
      if (row) yield { volume, name: row['name'] as string, size: row['size'] as number };
    }
  }

  /** Ids of other targets that hold an object of the same volume. */
  othersWith(volume: number): string[] {
    const sql = 'SELECT DISTINCT r.target FROM objects o JOIN receipts r ON r.object = o.id WHERE o.volume = ? AND r.target <> ? ORDER BY r.target';
    return this.#catalog.all(sql, volume, this.#target).map((row) => row['target'] as string);
  }

  /** True if something on the target can be read by this recipient. */
  isSealedTo(recipient: string): boolean {
    const sql = `SELECT 1 FROM receipts r JOIN objects o ON o.id = r.object WHERE r.target = ?1 AND EXISTS (SELECT 1 FROM json_each(o.recipients) WHERE value = ?2)
      UNION ALL SELECT 1 FROM manifests m WHERE m.target = ?1 AND EXISTS (SELECT 1 FROM json_each(m.recipients) WHERE value = ?2) LIMIT 1`;
    return this.#catalog.get(sql, this.#target, recipient) !== undefined;
  }

  #neededBy(sources: readonly string[]): IdSet {
    const needed = new IdSet();
    const rows = this.#catalog.each(
      `SELECT m.volumes FROM manifests m JOIN snapshots s ON s.id = m.snapshot
       WHERE m.target = ? AND m.volumes IS NOT NULL AND (? = 0 OR s.source IN (SELECT value FROM json_each(?)))`,
      this.#target, sources.length, JSON.stringify(sources),
    );
    for (const row of rows) for (const volume of unpackIds(row['volumes'])) needed.add(volume);
    return needed;
  }
}

function toHeld(row: Row): ObjectToCheck {
  return {
    number: row['number'] as number,
    id: row['id'] as number,
    volume: row['volume'] as number,
    name: row['name'] as string,
    size: row['size'] as number,
    sha256: asBuffer(row['sha256']),
    decoded: row['decoded'] as number,
    codec: row['codec'] as ObjectToCheck['codec'],
    sealed: row['recipients'] !== null,
    checksum: (row['checksum'] as string | null) ?? undefined,
    storageClass: row['storage_class'] as string | null,
    read: row['read'] as string | null,
    listed: row['listed_size'] === null ? null : { size: row['listed_size'] as number, checksum: (row['listed_checksum'] as string | null) ?? undefined },
  };
}
