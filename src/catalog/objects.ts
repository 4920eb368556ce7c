/** What volumes became as objects, and which targets gave a receipt for them. */
import { asBuffer, packFrames, unpackFrames } from './columns.ts';
import type { Catalog, Row } from './catalog.ts';
import { readable, readableBy } from './readable.ts';
import type { Need } from './volumes.ts';

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

/** With the receipts of the targets that were asked for, by target. */
export type HeldObject = CatalogObject & {
  receipts: Map<string, ObjectReceipt>;
  /** The name of the volume's first object, where this one was made of it later under a name of its own. */
  copyOf?: string;
};

/** An object that another target can give. `seal`: as it is there it is plain, and has to be sealed on the way. */
export type MissingObject = Omit<CatalogObject, 'frames' | 'recipients'> & { from: string; seal: boolean };

/** Whether a target can give objects of a storage class at once; null if the receipt names none. */
export type CanRead = (target: string, storageClass: string | null) => boolean;

export type NamedObject = Pick<CatalogObject, 'id' | 'volume' | 'name' | 'size'>;

export class Objects {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
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

  /** `stored`: when the target got it, where that was not in the run that made the volume. */
  addReceipt(object: number, target: string, receipt: ObjectReceipt, stored?: Date): void {
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
  removeReceipt(object: number, target: string): void {
    this.#catalog.run('DELETE FROM receipts WHERE object = ? AND target = ?', object, target);
  }

  /** The target holds nothing any more. */
  forgetTarget(target: string): void {
    this.#catalog.run('DELETE FROM receipts WHERE target = ?', target);
    this.#catalog.run('DELETE FROM manifests WHERE target = ?', target);
  }

  /** The id of an object that has the same name and the same bytes, or null. */
  sameObject(name: string, sha256: Buffer): number | null {
    return (this.#catalog.get('SELECT id FROM objects WHERE name = ? AND sha256 = ?', name, sha256)?.['id'] as number | undefined) ?? null;
  }

  sizeOf(object: number): number {
    return this.#catalog.get('SELECT size FROM objects WHERE id = ?', object)!['size'] as number;
  }

  /** The name of an object that has these bytes, or null. Goes through all of them. */
  nameOf(sha256: Buffer): string | null {
    return (this.#catalog.get('SELECT name FROM objects WHERE sha256 = ? LIMIT 1', sha256)?.['name'] as string | undefined) ?? null;
  }

  named(name: string): NamedObject | null {
    return (this.#catalog.get('SELECT id, volume, name, size FROM objects WHERE name = ?', name) as NamedObject | undefined) ?? null;
  }

  /** Names of the same folder, a few hundred at the most. */
  namesLike(name: string): string[] {
    const folder = name.slice(0, name.lastIndexOf('/') + 1);
    return this.#catalog.all('SELECT name FROM objects WHERE name >= ? AND name < ? LIMIT 500', folder, `${folder}\u{10ffff}`).map((row) => row['name'] as string);
  }

  /** The targets that hold anything of a volume, and which object of it. */
  holdersOf(volume: number): { object: number; target: string }[] {
    return this.#catalog.all('SELECT r.object, r.target FROM objects o JOIN receipts r ON r.object = o.id WHERE o.volume = ? ORDER BY r.target', volume) as { object: number; target: string }[];
  }

  /** The volumes with a chunk in them that some target holds. */
  heldPlacesOf(chunk: number): number[] {
    const sql = 'SELECT p.volume FROM places p WHERE p.chunk = ? AND EXISTS (SELECT 1 FROM objects o JOIN receipts r ON r.object = o.id WHERE o.volume = p.volume)';
    return this.#catalog.all(sql, chunk).map((row) => row['volume'] as number);
  }

  framesOf(object: number): CatalogObject['frames'] {
    return unpackFrames(this.#catalog.get('SELECT frames FROM objects WHERE id = ?', object)!['frames']);
  }

  /** True if a target holds an object of the volume. */
  isHeld(volume: number, target: string): boolean {
    return this.#catalog.get('SELECT 1 FROM objects o JOIN receipts r ON r.object = o.id WHERE o.volume = ? AND r.target = ?', volume, target) !== undefined;
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

  /** True if a target holds an object of each of these volumes. */
  holdsVolumes(target: string, volumes: readonly number[]): boolean {
    const sql = `SELECT 1 FROM json_each(?) w WHERE NOT EXISTS (SELECT 1 FROM objects o JOIN receipts r ON r.object = o.id WHERE o.volume = w.value AND r.target = ?) LIMIT 1`;
    return this.#catalog.get(sql, JSON.stringify(volumes), target) === undefined;
  }

  /** The newest object of a volume that these recipients can read, whether a target holds it or not. */
  objectOf(volume: number, recipients: readonly string[] | null): HeldObject | null {
    const row = this.#catalog.get(
      `SELECT o.*, v.decoded FROM objects o JOIN volumes v ON v.id = o.volume WHERE o.volume = ? AND ${readable} ORDER BY o.id DESC LIMIT 1`,
      volume, ...readableBy(recipients),
    );
    return row ? { ...toObject(row), receipts: new Map() } : null;
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

  /** True if a target holds every object that the other one holds, but for those that are to be removed. */
  holdsAllOf(target: string, other: string): boolean {
    const sql = `SELECT 1 FROM receipts r JOIN objects o ON o.id = r.object JOIN volumes v ON v.id = o.volume WHERE r.target = ? AND v.state <> 'going' AND NOT EXISTS (
      SELECT 1 FROM receipts t WHERE t.object = r.object AND t.target = ?) LIMIT 1`;
    return this.#catalog.get(sql, other, target) === undefined;
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

  /** True if these targets hold some volume as different objects: one of them was brought up to date from another lane, and sealed the volume once more. */
  holdDifferent(targets: readonly string[]): boolean {
    if (targets.length < 2) return false;
    const sql = `SELECT 1 FROM (SELECT volume FROM objects GROUP BY volume HAVING count(*) > 1) v JOIN objects o ON o.volume = v.volume
      JOIN receipts r ON r.object = o.id AND r.target IN (SELECT value FROM json_each(?)) GROUP BY v.volume HAVING count(DISTINCT o.id) > 1 LIMIT 1`;
    return this.#catalog.get(sql, JSON.stringify(targets)) !== undefined;
  }

  /** An object of a volume that no target gives any more: what is left of it may still lie there. Null if there never was one like that. */
  remainsOf(volume: number, isSealed: boolean): HeldObject | null {
    const row = this.#catalog.get(
      'SELECT o.*, v.decoded FROM objects o JOIN volumes v ON v.id = o.volume WHERE o.volume = ? AND (o.recipients IS NOT NULL) = ? ORDER BY o.id DESC LIMIT 1',
      volume,
      isSealed ? 1 : 0,
    );
    return row ? { ...toObject(row), receipts: new Map() } : null;
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

/** All of an object but its frames, which may be many, and its recipients. */
function toStored(row: Row): Omit<CatalogObject, 'frames' | 'recipients'> {
  return { id: row['id'] as number, ...describe(row) };
}

function toObject(row: Row): CatalogObject {
  return { id: row['id'] as number, ...toNewObject(row) };
}

/** Of a row that has the columns of an object, whatever else it has. */
export function toNewObject(row: Row): NewObject {
  return {
    ...describe(row),
    frames: unpackFrames(row['frames']),
    recipients: row['recipients'] === null ? null : (JSON.parse(row['recipients'] as string) as string[]),
  };
}

function describe(row: Row): Omit<NewObject, 'frames' | 'recipients'> {
  return {
    volume: row['volume'] as number,
    name: row['name'] as string,
    size: row['size'] as number,
    sha256: asBuffer(row['sha256']),
    decoded: row['decoded'] as number,
    codec: row['codec'] as CatalogObject['codec'],
    level: row['level'] as number,
  };
}

export function toReceipt(row: Row): ObjectReceipt {
  return {
    parts: row['parts'] as number,
    ...(row['checksum'] === null ? {} : { checksum: row['checksum'] as string }),
    ...(row['storage_class'] === null ? {} : { storageClass: row['storage_class'] as string }),
  };
}
