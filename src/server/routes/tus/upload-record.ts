/** What the server knows of an upload that goes on over several requests: a small file beside its bytes. */
import { readFile, stat } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';
import { systemCode } from '../../../core/errors.ts';

export interface UploadRecord {
  version: 1;
  id: string;
  /** Who began it: nobody else may go on with it. */
  user: string;
  /** Where it is to be placed: `photos/2024/a.jpg`. */
  name: string;
  /** Bytes in all. */
  size: number;
  /** `sha256:…` or `md5:…`, if the client said so. */
  hash?: string;
  /** Seconds since 1970, if the client said so. */
  mtime?: string;
  /** Bytes that would survive a power cut. */
  durable: number;
  /** When something last came: ISO 8601. */
  touched: string;
  /** Once it is placed. Kept for a while, for a client that lost the answer. */
  placed?: PlacedUpload;
}

export interface PlacedUpload {
  path: string;
  sha256: string;
  stored: boolean;
}

/** How the names of all files of uploads begin. */
export const uploadPrefix = 'tus-';

const form = /^tus-([0-9a-f]{32})(\.json)?$/;

export function looksLikeId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

/** The name of the file with its bytes. */
export function bytesName(id: string): string {
  return `tus-${id}`;
}

export function recordName(id: string): string {
  return `tus-${id}.json`;
}

/** The id in the name of a file, and whether it is the record; null for any other file. */
export function parseUploadName(name: string): { id: string; isRecord: boolean } | null {
  const match = form.exec(name);
  return match && { id: match[1]!, isRecord: match[2] !== undefined };
}

/** Null if there is none, or it was cut off by a power cut. Bytes that are not there any more have to come again. Throws the system's error. */
export async function readRecord(folder: string, id: string): Promise<UploadRecord | null> {
  try {
    const record = JSON.parse(await readFile(`${folder}/${recordName(id)}`, 'utf8')) as UploadRecord;
    if (record.version !== 1 || record.id !== id) return null;
    // One that is whole may have its name already.
    return record.durable < record.size ? { ...record, durable: Math.min(record.durable, await sizeOf(`${folder}/${bytesName(id)}`)) } : record;
  } catch (error) {
    if (error instanceof SyntaxError || systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 0;
    throw error;
  }
}

/** Not flushed: what a power cut takes back says less than is true, and is sent once more. */
export async function writeRecord(folder: string, record: UploadRecord): Promise<void> {
  await writeFileAtomic(`${folder}/${recordName(record.id)}`, JSON.stringify(record), { fsync: false, mode: 0o600 });
}
