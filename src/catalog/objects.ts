/** What volumes became: objects, by name, bytes, frames and readers, whoever holds them. Which targets do is in receipts.ts. */
import { packFrames, unpackFrames } from './columns.ts';
import type { Catalog } from './catalog.ts';
import { toObject, type CatalogObject, type HeldObject, type NewObject } from './object-rows.ts';
import { readable, readableBy } from './readable.ts';

export type NamedObject = Pick<CatalogObject, 'id' | 'volume' | 'name' | 'size'>;

export class Objects {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  add(object: NewObject): number {
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

  /** The id of an object that has the same name and the same bytes, or null. */
  sameObject(name: string, sha256: Buffer): number | null {
    return (this.#catalog.get('SELECT id FROM objects WHERE name = ? AND sha256 = ?', name, sha256)?.['id'] as number | undefined) ?? null;
  }

  named(name: string): NamedObject | null {
    return (this.#catalog.get('SELECT id, volume, name, size FROM objects WHERE name = ?', name) as NamedObject | undefined) ?? null;
  }

  /** Names of the same folder, a few hundred at the most. */
  namesLike(name: string): string[] {
    const folder = name.slice(0, name.lastIndexOf('/') + 1);
    return this.#catalog.all('SELECT name FROM objects WHERE name >= ? AND name < ? LIMIT 500', folder, `${folder}\u{10ffff}`).map((row) => row['name'] as string);
  }

  /** The name of an object that has these bytes, or null. Goes through all of them. */
  nameOf(sha256: Buffer): string | null {
    return (this.#catalog.get('SELECT name FROM objects WHERE sha256 = ? LIMIT 1', sha256)?.['name'] as string | undefined) ?? null;
  }

  sizeOf(object: number): number {
    return this.#catalog.get('SELECT size FROM objects WHERE id = ?', object)!['size'] as number;
  }

  framesOf(object: number): CatalogObject['frames'] {
    return unpackFrames(this.#catalog.get('SELECT frames FROM objects WHERE id = ?', object)!['frames']);
  }

  /** The newest object of a volume that these recipients can read, whether a target holds it or not. */
  objectOf(volume: number, recipients: readonly string[] | null): HeldObject | null {
    const row = this.#catalog.get(
      `SELECT o.*, v.decoded FROM objects o JOIN volumes v ON v.id = o.volume WHERE o.volume = ? AND ${readable} ORDER BY o.id DESC LIMIT 1`,
      volume, ...readableBy(recipients),
    );
    return row ? { ...toObject(row), receipts: new Map() } : null;
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

  /** The object was made once more: sealing never gives the same bytes twice. */
  remake(object: number, size: number, sha256: Buffer): void {
    this.#catalog.run('UPDATE objects SET size = ?, sha256 = ? WHERE id = ?', size, sha256, object);
  }
}
