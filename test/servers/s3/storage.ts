/** What the server holds, in memory: buckets, their objects and their unfinished uploads. */
import { S3Error } from './error.ts';

/** What a request for an object or upload says about it, and every later answer repeats. */
export interface Attributes {
  storageClass: string;
  /** Headers that an answer repeats: the type, `x-amz-meta-…`. */
  headers: Record<string, string>;
  /** Headers about encryption, which answers to writes repeat too. */
  encryption: Record<string, string>;
  tags: [name: string, value: string][];
}

export interface Piece {
  bytes: Buffer;
  /** The MD5 of the bytes in hexadecimal. */
  etag: string;
  modified: Date;
}

export interface StoredObject {
  pieces: readonly Buffer[];
  size: number;
  etag: string;
  modified: Date;
  attributes: Attributes;
}

export interface UnfinishedUpload {
  id: string;
  key: string;
  begun: Date;
  attributes: Attributes;
  parts: Map<number, Piece>;
}

export class Bucket {
  readonly region: string;
  readonly uploads = new Map<string, UnfinishedUpload>();
  readonly #objects = new Map<string, StoredObject>();
  #sorted: string[] | undefined;

  constructor(region: string) {
    this.region = region;
  }

  get isEmpty(): boolean {
    return this.#objects.size === 0;
  }

  find(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  get(key: string): StoredObject {
    const object = this.#objects.get(key);
    if (!object) throw new S3Error(404, 'NoSuchKey', 'The key does not exist.', { Key: key });
    return object;
  }

  set(key: string, object: StoredObject): void {
    if (!this.#objects.has(key)) this.#sorted = undefined;
    this.#objects.set(key, object);
  }

  delete(key: string): void {
    if (this.#objects.delete(key)) this.#sorted = undefined;
  }

  /** The places of all keys, in order. */
  places(): readonly string[] {
    return (this.#sorted ??= [...this.#objects.keys()].map(placeOf).sort());
  }

  upload(key: string, id: string): UnfinishedUpload {
    const upload = this.uploads.get(id);
    if (upload?.key !== key) throw new S3Error(404, 'NoSuchUpload', 'The upload does not exist: the id is wrong, or it was completed or aborted.', { UploadId: id });
    return upload;
  }
}

/** A key as a string that JavaScript sorts as S3 does: by the bytes of its UTF-8. */
export function placeOf(key: string): string {
  return Buffer.from(key).toString('latin1');
}

export function keyAt(place: string): string {
  return Buffer.from(place, 'latin1').toString();
}
