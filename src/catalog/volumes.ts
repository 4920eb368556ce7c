/** Which chunks lie in which volumes, what the volumes became as objects, and which targets gave a receipt for them. */
import type { Place } from '../core/entry.ts';
import { asBuffer, packFrames, unpackFrames } from './columns.ts';
import type { Catalog, Row } from './catalog.ts';

export interface CatalogObject {
  id: number;
  volume: number;
  name: string;
  size: number;
  sha256: Buffer;
  decoded: number;
  codec: 'zstd' | 'gzip' | 'none';
  level: number;
  /** Lengths of each frame, decoded and stored, in turn. */
  frames: { decoded: number; stored: number }[];
  recipients: string[] | null;
}

export interface ObjectReceipt {
  parts: number;
  checksum?: string;
  storageClass?: string;
}

export type NewObject = Omit<CatalogObject, 'id'>;

/** An object that another target can give. `seal`: as it is there it is plain, and has to be sealed on the way. */
export type MissingObject = Omit<CatalogObject, 'frames' | 'recipients'> & { from: string; seal: boolean };

/** Whether a target can give objects of a storage class at once; null if the receipt names none. */
export type CanRead = (target: string, storageClass: string | null) => boolean;

/** What a target must hold for a volume to count as there. */
export interface Need {
  target: string;
  /** Whom the object must be readable by (one of them is enough), or null if it must be plain. */
  recipients: readonly string[] | null;
}

export class Volumes {
  readonly #catalog: Catalog;
  /** The hash that was looked up last, if no chunk has it. */
  #absent: Buffer | null = null;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** A new volume, `open` until `markStored`: its chunks count as known for the rest of this run. */
  create(maker: string, run: string, source: string): number {
    const volume = this.#catalog.run(`INSERT INTO volumes (maker, run, source, state) VALUES (?, ?, ?, 'open')`, maker, run, source);
    this.#catalog.scratch('INSERT INTO usable (volume) VALUES (?)', volume);
    return volume;
  }

  /** Bytes that a target holds of what a source was the first to store. */
  storedBytes(source: string, target: string): number {
    const sql = `SELECT coalesce(sum(o.size), 0) AS bytes FROM volumes v JOIN objects o ON o.volume = v.id JOIN receipts r ON r.object = o.id
      WHERE v.source = ? AND r.target = ?`;
    return this.#catalog.get(sql, source, target)!['bytes'] as number;
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
    const chunk = this.#catalog.get('SELECT id FROM chunks WHERE sha256 = ?', sha256);
    this.#absent = chunk ? null : sha256;
    if (!chunk) return null;
    const sql = 'SELECT 1 FROM places p JOIN usable u ON u.volume = p.volume WHERE p.chunk = ? LIMIT 1';
    return this.#catalog.get(sql, chunk['id'] as number) ? (chunk['id'] as number) : null;
  }

  /** Notes that a chunk lies at this place; returns its id. */
  addPlace(sha256: Buffer, place: Place): number {
    // Most often it was asked for just before.
    const found = sha256 === this.#absent ? undefined : this.#catalog.get('SELECT id FROM chunks WHERE sha256 = ?', sha256);
    this.#absent = null;
    const chunk = (found?.['id'] as number | undefined) ?? this.#catalog.run('INSERT INTO chunks (sha256, length) VALUES (?, ?)', sha256, place.length);
    this.#catalog.run('INSERT OR IGNORE INTO places (chunk, volume, offset) VALUES (?, ?, ?)', chunk, place.volume, place.offset);
    return chunk;
  }

  addObject(object: NewObject): number {
    this.#catalog.run('DELETE FROM sending WHERE folded = ?', object.name.toLowerCase());
    return this.#catalog.run(
      'INSERT INTO objects (volume, name, folded, size, sha256, codec, level, frames, recipients) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      object.volume,
      object.name,
      object.name.toLowerCase(),
      object.size,
      object.sha256,
      object.codec,
      object.level,
      packFrames(object.frames),
      object.recipients && JSON.stringify(object.recipients),
    );
  }

  addReceipt(object: number, target: string, receipt: ObjectReceipt): void {
    this.#catalog.run(
      'INSERT OR REPLACE INTO receipts (object, target, parts, checksum, storage_class) VALUES (?, ?, ?, ?, ?)',
      object,
      target,
      receipt.parts,
      receipt.checksum ?? null,
      receipt.storageClass ?? null,
    );
  }

  /** The target does not hold the object any more. */
  removeReceipt(object: number, target: string): void {
    this.#catalog.run('DELETE FROM receipts WHERE object = ? AND target = ?', object, target);
  }

  /** The target holds nothing any more. */
  forgetTarget(target: string): void {
    this.#catalog.run('DELETE FROM receipts WHERE target = ?', target);
    this.#catalog.run('DELETE FROM manifests WHERE target = ?', target);
  }

  /** True if an object's name, whatever its case, is taken, or lies above or below one that is. */
  nameIsTaken(name: string): boolean {
    const folded = name.toLowerCase();
    const parts = folded.split('/');
    const at = `SELECT 1 FROM objects WHERE folded = ?1 UNION ALL SELECT 1 FROM sending WHERE folded = ?1
      UNION ALL SELECT 1 FROM foreign_names WHERE folded = ?1 LIMIT 1`;
    for (let length = 1; length <= parts.length; length++) {
      if (this.#catalog.get(at, parts.slice(0, length).join('/'))) return true;
    }
    // '0' is the character after '/': everything below the name, as a folder.
    const below = `SELECT 1 FROM objects WHERE folded >= ?1 AND folded < ?2
      UNION ALL SELECT 1 FROM sending WHERE folded >= ?1 AND folded < ?2
      UNION ALL SELECT 1 FROM foreign_names WHERE folded >= ?1 AND folded < ?2 LIMIT 1`;
    return this.#catalog.get(below, `${folded}/`, `${folded}0`) !== undefined;
  }

  /** Takes names for objects that are about to be sent. Survives a kill, so that what is left of them can be told as ours. */
  reserveNames(names: readonly string[], run: string): void {
    for (const name of names) this.#catalog.run('INSERT OR REPLACE INTO sending (folded, run) VALUES (?, ?)', name.toLowerCase(), run);
    this.#catalog.flush();
  }

  /** True for a name that a run took and no object came to have. */
  isLeftover(name: string): boolean {
    return this.#catalog.get('SELECT 1 FROM sending WHERE folded = ?', name.toLowerCase()) !== undefined;
  }

  /** What killed runs left has been removed everywhere. */
  forgetLeftovers(run: string): void {
    this.#catalog.run('DELETE FROM sending WHERE run <> ?', run);
  }

  /** A name that something on a target has which is not ours: never to be written over. */
  avoidName(name: string): void {
    this.#catalog.scratch('INSERT OR IGNORE INTO foreign_names (folded) VALUES (?)', name.toLowerCase());
  }

  /** The id of an object that has the same name and the same bytes, or null. */
  sameObject(name: string, sha256: Buffer): number | null {
    return (this.#catalog.get('SELECT id FROM objects WHERE name = ? AND sha256 = ?', name, sha256)?.['id'] as number | undefined) ?? null;
  }

  framesOf(object: number): CatalogObject['frames'] {
    return unpackFrames(this.#catalog.get('SELECT frames FROM objects WHERE id = ?', object)!['frames']);
  }

  /** How many objects a target holds, and their bytes. */
  holdings(target: string): { objects: number; bytes: number } {
    const sql = 'SELECT count(*) AS objects, coalesce(sum(o.size), 0) AS bytes FROM receipts r JOIN objects o ON o.id = r.object WHERE r.target = ?';
    return this.#catalog.get(sql, target) as unknown as { objects: number; bytes: number };
  }

  /** The same by storage class; null where the receipts name none. */
  holdingsByClass(target: string): { storageClass: string | null; objects: number; bytes: number }[] {
    const sql = `SELECT r.storage_class, count(*) AS objects, sum(o.size) AS bytes FROM receipts r JOIN objects o ON o.id = r.object
      WHERE r.target = ? GROUP BY r.storage_class ORDER BY r.storage_class`;
    return this.#catalog.all(sql, target).map((row) => ({
      storageClass: row['storage_class'] as string | null,
      objects: row['objects'] as number,
      bytes: row['bytes'] as number,
    }));
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

  /** True if a target holds an object of every volume that was made up to a run. */
  holdsAllUpTo(target: string, maker: string, run: string): boolean {
    const sql = `SELECT 1 FROM volumes v WHERE v.state = 'stored' AND v.maker = ? AND v.run <= ? AND NOT EXISTS (
      SELECT 1 FROM objects o JOIN receipts r ON r.object = o.id WHERE o.volume = v.id AND r.target = ?) LIMIT 1`;
    return this.#catalog.get(sql, maker, run, target) === undefined;
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

  /** The object was made once more: sealing never gives the same bytes twice. */
  remakeObject(object: number, size: number, sha256: Buffer): void {
    this.#catalog.run('UPDATE objects SET size = ?, sha256 = ? WHERE id = ?', size, sha256, object);
  }

  /** True if a target holds every object that the other one holds. */
  holdsAllOf(target: string, other: string): boolean {
    const sql = `SELECT 1 FROM receipts r WHERE r.target = ? AND NOT EXISTS (
      SELECT 1 FROM receipts t WHERE t.object = r.object AND t.target = ?) LIMIT 1`;
    return this.#catalog.get(sql, other, target) === undefined;
  }

  /** The object of a volume that one of these targets holds, with its receipts; null if none does. */
  objectFor(volume: number, targets: readonly string[]): (CatalogObject & { receipts: Map<string, ObjectReceipt> }) | null {
    const rows = this.#catalog.all(
      `SELECT o.*, v.decoded, r.target, r.parts, r.checksum, r.storage_class FROM objects o JOIN receipts r ON r.object = o.id
       JOIN volumes v ON v.id = o.volume WHERE o.volume = ? AND r.target IN (SELECT value FROM json_each(?)) ORDER BY o.id DESC`,
      volume,
      JSON.stringify(targets),
    );
    if (rows.length === 0) return null;
    const object = toObject(rows[0]!);
    const receipts = new Map(rows.filter((row) => row['id'] === object.id).map((row) => [row['target'] as string, toReceipt(row)]));
    return { ...object, receipts };
  }

  /**
   * Works out, at the start of a run, which volumes count as there: those of this maker that meet every need. Returns how
   * many of its stored volumes do not.
   */
  refreshUsable(maker: string, needs: readonly Need[]): number {
    this.#catalog.scratch('DELETE FROM usable');
    if (needs.length > 0) {
      const conditions = needs.map(() => `AND EXISTS (
        SELECT 1 FROM objects o JOIN receipts r ON r.object = o.id WHERE o.volume = v.id AND r.target = ? AND ${readable})`);
      const values = needs.flatMap(({ target, recipients }) => [target, ...readableBy(recipients)]);
      this.#catalog.scratch(`INSERT INTO usable SELECT v.id FROM volumes v WHERE v.state = 'stored' AND v.maker = ? ${conditions.join(' ')}`, maker, ...values);
    }
    const sql = 'SELECT count(*) AS count FROM volumes v WHERE v.maker = ? AND NOT EXISTS (SELECT 1 FROM usable u WHERE u.volume = v.id)';
    return this.#catalog.get(sql, maker)!['count'] as number;
  }

  /** How many objects of a target one of these recipients, or more, cannot read. */
  sealedToOthers(target: string, recipients: readonly string[]): number {
    const sql = `SELECT count(*) AS count FROM objects o JOIN receipts r ON r.object = o.id WHERE r.target = ? AND o.recipients IS NOT NULL
      AND EXISTS (SELECT 1 FROM json_each(?) b WHERE b.value NOT IN (SELECT value FROM json_each(o.recipients)))`;
    return this.#catalog.get(sql, target, JSON.stringify(recipients))!['count'] as number;
  }
}

/** True for objects `o` that these recipients can read: one of them is enough; null stands for plain objects. */
const readable = `CASE WHEN ? IS NULL THEN o.recipients IS NULL ELSE o.recipients IS NOT NULL AND EXISTS (
  SELECT 1 FROM json_each(o.recipients) a JOIN json_each(?) b ON a.value = b.value) END`;

function readableBy(recipients: readonly string[] | null): [string | null, string | null] {
  const json = recipients && JSON.stringify(recipients);
  return [json, json];
}

/** All of an object but its frames, which may be many, and its recipients. */
function toStored(row: Row): Omit<CatalogObject, 'frames' | 'recipients'> {
  return {
    id: row['id'] as number,
    volume: row['volume'] as number,
    name: row['name'] as string,
    size: row['size'] as number,
    sha256: asBuffer(row['sha256']),
    decoded: row['decoded'] as number,
    codec: row['codec'] as CatalogObject['codec'],
    level: row['level'] as number,
  };
}

function toObject(row: Row): CatalogObject {
  return {
    ...toStored(row),
    frames: unpackFrames(row['frames']),
    recipients: row['recipients'] === null ? null : (JSON.parse(row['recipients'] as string) as string[]),
  };
}

function toReceipt(row: Row): ObjectReceipt {
  return {
    parts: row['parts'] as number,
    ...(row['checksum'] === null ? {} : { checksum: row['checksum'] as string }),
    ...(row['storage_class'] === null ? {} : { storageClass: row['storage_class'] as string }),
  };
}
