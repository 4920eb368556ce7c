/** Which targets hold which objects: each gave a receipt for what it took. How much that is, is in holdings.ts. */
import type { Catalog, Row } from './catalog.ts';
import { toObject, toReceipt, toStored, type CatalogObject, type HeldObject, type ObjectReceipt } from './object-rows.ts';
import { readable, readableBy } from './readable.ts';
import type { Need } from './volumes.ts';

/** An object that another target can give. `seal`: as it is there it is plain, and has to be sealed on the way. */
export type MissingObject = Omit<CatalogObject, 'frames' | 'recipients'> & { from: string; seal: boolean };

/** Whether a target can give objects of a storage class at once; null if the receipt names none. */
export type CanRead = (target: string, storageClass: string | null) => boolean;

export class Receipts {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** `stored`: when the target got it, where that was not in the run that made the volume. */
  add(object: number, target: string, receipt: ObjectReceipt, stored?: Date): void {
    this.#catalog.run(
      'INSERT OR REPLACE INTO receipts (object, target, parts, checksum, storage_class, stored) VALUES (?, ?, ?, ?, ?, ?)',
      object,
      target,
      receipt.parts,
      receipt.checksum ?? null,
      receipt.storageClass ?? null,
      stored?.toISOString() ?? null,
    );
  }

  /** The target does not hold the object any more. */
  remove(object: number, target: string): void {
    this.#catalog.run('DELETE FROM receipts WHERE object = ? AND target = ?', object, target);
  }

  /** The target holds nothing any more. */
  forgetTarget(target: string): void {
    this.#catalog.run('DELETE FROM receipts WHERE target = ?', target);
    this.#catalog.run('DELETE FROM manifests WHERE target = ?', target);
  }

  /** The targets that hold anything of a volume, and which object of it. */
  holdersOf(volume: number): { object: number; target: string }[] {
    return this.#catalog.all('SELECT r.object, r.target FROM objects o JOIN receipts r ON r.object = o.id WHERE o.volume = ? ORDER BY r.target', volume) as { object: number; target: string }[];
  }

  /** True if a target holds an object of the volume. */
  isHeld(volume: number, target: string): boolean {
    return this.#catalog.get('SELECT 1 FROM objects o JOIN receipts r ON r.object = o.id WHERE o.volume = ? AND r.target = ?', volume, target) !== undefined;
  }

  /** The volumes with a chunk in them that some target holds. */
  heldPlacesOf(chunk: number): number[] {
    const sql = 'SELECT p.volume FROM places p WHERE p.chunk = ? AND EXISTS (SELECT 1 FROM objects o JOIN receipts r ON r.object = o.id WHERE o.volume = p.volume)';
    return this.#catalog.all(sql, chunk).map((row) => row['volume'] as number);
  }

  /** The object of a volume that one of these targets holds, with its receipts; null if none does. */
  objectFor(volume: number, targets: readonly string[]): HeldObject | null {
    const rows = this.#catalog.all(
      `SELECT o.*, v.decoded, r.target, r.parts, r.checksum, r.storage_class, (SELECT f.name FROM objects f WHERE f.volume = v.id ORDER BY f.id LIMIT 1) AS first
       FROM objects o JOIN receipts r ON r.object = o.id JOIN volumes v ON v.id = o.volume WHERE o.volume = ? AND r.target IN (SELECT value FROM json_each(?)) ORDER BY o.id DESC`,
      volume,
      JSON.stringify(targets),
    );
    if (rows.length === 0) return null;
    const object = toObject(rows[0]!);
    const receipts = new Map(rows.filter((row) => row['id'] === object.id).map((row) => [row['target'] as string, toReceipt(row)]));
    const first = rows[0]!['first'] as string;
    return { ...object, receipts, ...(isFellow(object.name, first) ? {} : { copyOf: first }) };
  }

  /** An object of this name and volume, sealed to just these recipients, that no target holds any more; or null. */
  vanishedObject(name: string, volume: number, recipients: readonly string[]): number | null {
    const row = this.#catalog.get(
      'SELECT id, recipients FROM objects o WHERE name = ? AND volume = ? AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.object = o.id)',
      name,
      volume,
    );
    if (!row || row['recipients'] === null) return null;
    const before = JSON.parse(row['recipients'] as string) as string[];
    return before.length === recipients.length && before.every((one) => recipients.includes(one)) ? (row['id'] as number) : null;
  }

  /**
   * Stored volumes that a target has no readable object of, and an object that another target could give for it: one that
   * is readable as it is, else a plain one of this codec that need only be sealed. The plain ones come last. What `canRead` refuses is no help.
   */
  missingOn(maker: string, need: Need, codec: string, others: readonly string[], canRead: CanRead = () => true): MissingObject[] {
    const names = JSON.stringify(others);
    const rows = this.#catalog.all(
      `SELECT o.id, o.volume, o.name, o.size, o.sha256, o.codec, o.level, v.decoded, r.target AS source, r.storage_class, (${readable}) AS fits FROM volumes v JOIN objects o ON o.volume = v.id JOIN receipts r ON r.object = o.id
       WHERE v.state = 'stored' AND v.maker = ? AND r.target IN (SELECT value FROM json_each(?)) AND ((${readable}) OR (o.recipients IS NULL AND o.codec = ?))
       AND NOT EXISTS (SELECT 1 FROM objects mine JOIN receipts t ON t.object = mine.id WHERE mine.volume = v.id AND t.target = ? AND ${readable.replaceAll('o.', 'mine.')})
       ORDER BY v.id, fits DESC, o.id DESC`,
      ...readableBy(need.recipients), maker, names, ...readableBy(need.recipients), codec, need.target, ...readableBy(need.recipients),
    );
    const first = new Map<number, Row>();
    for (const row of rows) {
      if (first.has(row['volume'] as number) || !canRead(row['source'] as string, row['storage_class'] as string | null)) continue;
      first.set(row['volume'] as number, row);
    }
    return [...first.values()].map((row) => Object.assign(toStored(row), { from: row['source'] as string, seal: row['fits'] === 0 }));
  }

  /** True if a target holds an object of each of these volumes. */
  holdsVolumes(target: string, volumes: readonly number[]): boolean {
    const sql = `SELECT 1 FROM json_each(?) w WHERE NOT EXISTS (SELECT 1 FROM objects o JOIN receipts r ON r.object = o.id WHERE o.volume = w.value AND r.target = ?) LIMIT 1`;
    return this.#catalog.get(sql, JSON.stringify(volumes), target) === undefined;
  }

  /** True if a target holds an object of every volume that was made up to a run. */
  holdsAllUpTo(target: string, maker: string, run: string): boolean {
    const sql = `SELECT 1 FROM volumes v WHERE v.state = 'stored' AND v.maker = ? AND v.run <= ? AND NOT EXISTS (
      SELECT 1 FROM objects o JOIN receipts r ON r.object = o.id WHERE o.volume = v.id AND r.target = ?) LIMIT 1`;
    return this.#catalog.get(sql, maker, run, target) === undefined;
  }

  /** True if a target holds every object that the other one holds, but for those that are to be removed. */
  holdsAllOf(target: string, other: string): boolean {
    const sql = `SELECT 1 FROM receipts r JOIN objects o ON o.id = r.object JOIN volumes v ON v.id = o.volume WHERE r.target = ? AND v.state <> 'going' AND NOT EXISTS (
      SELECT 1 FROM receipts t WHERE t.object = r.object AND t.target = ?) LIMIT 1`;
    return this.#catalog.get(sql, other, target) === undefined;
  }

  /** True if these targets hold some volume as different objects: one of them was brought up to date from another lane, and sealed the volume once more. */
  holdDifferent(targets: readonly string[]): boolean {
    if (targets.length < 2) return false;
    const sql = `SELECT 1 FROM (SELECT volume FROM objects GROUP BY volume HAVING count(*) > 1) v JOIN objects o ON o.volume = v.volume
      JOIN receipts r ON r.object = o.id AND r.target IN (SELECT value FROM json_each(?)) GROUP BY v.volume HAVING count(DISTINCT o.id) > 1 LIMIT 1`;
    return this.#catalog.get(sql, JSON.stringify(targets)) !== undefined;
  }

  /** How many objects of a target one of these recipients, or more, cannot read. */
  sealedToOthers(target: string, recipients: readonly string[]): number {
    const sql = `SELECT count(*) AS count FROM objects o JOIN receipts r ON r.object = o.id WHERE r.target = ? AND o.recipients IS NOT NULL
      AND EXISTS (SELECT 1 FROM json_each(?) b WHERE b.value NOT IN (SELECT value FROM json_each(o.recipients)))`;
    return this.#catalog.get(sql, target, JSON.stringify(recipients))!['count'] as number;
  }
}

/** Objects of a volume that were made together have the same name but for what their steps added to it. */
function isFellow(name: string, other: string): boolean {
  return bare(name) === bare(other);
}

function bare(name: string): string {
  return name.replace(/\.age$/, '').replace(/\.(zst|gz)$/, '');
}
