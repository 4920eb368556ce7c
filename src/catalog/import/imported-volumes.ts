/** Volumes, objects and receipts that come from manifests. The plain and the sealed object of one volume are found to be that. */
import type { Catalog, Row } from '../catalog.ts';
import { packFrames } from '../columns.ts';
import type { ObjectReceipt } from '../object-rows.ts';

export interface ImportedObject {
  name: string;
  maker: string;
  size: number;
  sha256: Buffer;
  decoded: number;
  codec: 'zstd' | 'gzip' | 'none';
  frames: readonly { decoded: number; stored: number }[];
  /** Null for a plain one. */
  recipients: readonly string[] | null;
  /** The run that made it, and the source, as far as its name and the first manifest that speaks of it say so. */
  run: string;
  source: string;
  /** The name of another object that it was made of. */
  copyOf?: string | undefined;
}

const codecSuffixes: Readonly<Record<string, string>> = { none: '', zstd: '.zst', gzip: '.gz' };
const suffixes = Object.values(codecSuffixes).flatMap((codec) => [codec, `${codec}.age`]);

export class ImportedVolumes {
  readonly #catalog: Catalog;
  readonly #replaces: boolean;

  /** `replaces`: of two manifests that say different things of an object, the one that comes later is right. */
  constructor(catalog: Catalog, { replaces }: { replaces: boolean }) {
    this.#catalog = catalog;
    this.#replaces = replaces;
  }

  /** The ids of the object and its volume; null if the catalog knows other bytes under that name. */
  add(object: ImportedObject): { id: number; volume: number } | null {
    const { name, size, sha256, decoded, copyOf = name } = object;
    const stem = stemOf(name, object.codec, object.recipients !== null);
    const names = suffixes.map((suffix) => stem + suffix);
    const known = this.#catalog.all(
      `SELECT o.id, o.volume, o.name, o.size, o.sha256, o.codec, o.recipients IS NOT NULL AS sealed, v.maker, v.decoded FROM objects o JOIN volumes v ON v.id = o.volume WHERE o.name IN (?, ?, ?, ?, ?, ?, ?) ORDER BY o.id`,
      ...names,
      copyOf,
    );
    const isTwin = (row: Row): boolean =>
      row['decoded'] === decoded && row['maker'] === object.maker && (row['name'] === copyOf || stemOf(row['name'] as string, row['codec'] as string, row['sealed'] === 1) === stem);
    const twin = known.find(isTwin);
    const own = known.find((row) => row['name'] === name);
    if (!own) {
      const volume = (twin?.['volume'] as number | undefined) ?? this.#addVolume(object);
      return { id: this.#addObject(object, volume), volume };
    }
    const id = own['id'] as number;
    const isSame = own['decoded'] === decoded && own['size'] === size && sha256.equals(own['sha256'] as Uint8Array);
    if (isSame) return { id, volume: own['volume'] as number };
    if (!this.#replaces) return null;
    // It was made once more: sealing never gives the same bytes twice.
    const volume = own['decoded'] === decoded ? (own['volume'] as number) : this.#addVolume(object);
    this.#catalog.run(
      'UPDATE objects SET volume = ?, size = ?, sha256 = ?, codec = ?, frames = ?, recipients = ? WHERE id = ?',
      volume, size, sha256, object.codec, packFrames(object.frames), object.recipients && JSON.stringify(object.recipients), id,
    );
    return { id, volume };
  }

  /** That a target held an object when a manifest was written. */
  claim(object: number, target: string, { parts, checksum, storageClass }: ObjectReceipt): void {
    this.#catalog.run(
      'INSERT OR REPLACE INTO receipts (object, target, parts, checksum, storage_class) VALUES (?, ?, ?, ?, ?)',
      object, target, parts, checksum ?? null, storageClass ?? null,
    );
  }

  #addVolume({ maker, run, source, decoded }: ImportedObject): number {
    return this.#catalog.run(`INSERT INTO volumes (maker, run, source, decoded, state) VALUES (?, ?, ?, ?, 'stored')`, maker, run, source, decoded);
  }

  /** Its level is in no manifest: 0 stands for that. */
  #addObject({ name, size, sha256, codec, frames, recipients }: ImportedObject, volume: number): number {
    return this.#catalog.run(
      'INSERT INTO objects (volume, name, folded, size, sha256, codec, level, frames, recipients) VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)',
      volume, name, name.toLowerCase(), size, sha256, codec, packFrames(frames), recipients && JSON.stringify(recipients),
    );
  }
}

/** The name without what the steps behind the maker added. A file may be called `a.zst` itself. */
function stemOf(name: string, codec: string, sealed: boolean): string {
  return name.slice(0, name.length - (codecSuffixes[codec] ?? '').length - (sealed ? '.age'.length : 0));
}
