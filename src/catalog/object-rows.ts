/** Rows of the tables `objects` and `receipts` as values. */
import { asBuffer, unpackFrames } from './columns.ts';
import type { Row } from './catalog.ts';

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

/** All of an object but its frames, which may be many, and its recipients. */
export function toStored(row: Row): Omit<CatalogObject, 'frames' | 'recipients'> {
  return { id: row['id'] as number, ...describe(row) };
}

export function toObject(row: Row): CatalogObject {
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
