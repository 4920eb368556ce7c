/** An object without the age around it, any range of which can be read. */
import { HeaderTooShort, type KeyRing, openChunks, openHeader, plainSize } from './age.ts';
import { plainChunkSize, sealedChunkSize, tagSize } from './age-payload.ts';
import { damagedObject } from './damage.ts';

/** Gives exactly `length` bytes of the object from `offset` on, or throws. */
export type Fetch = (offset: number, length: number) => Promise<Uint8Array>;

export interface StoredObject {
  name: string;
  /** Bytes stored. */
  size: number;
  sealed: boolean;
}

/** Enough for the header of a dozen recipients, or two post-quantum ones; and for the whole of a small object. */
const firstFetch = 4 * 1024;

export class PlainReader {
  /** Bytes without age. */
  readonly size: number;
  readonly #object: StoredObject;
  readonly #fetch: Fetch;
  /** Null for an object that is not sealed. */
  readonly #payloadKey: Buffer | null;
  readonly #payloadOffset: number;

  private constructor(object: StoredObject, fetch: Fetch, size: number, payloadKey: Buffer | null, payloadOffset: number) {
    this.size = size;
    this.#object = object;
    this.#fetch = fetch;
    this.#payloadKey = payloadKey;
    this.#payloadOffset = payloadOffset;
  }

  /** Fetches the header of a sealed object, and nothing of a plain one. */
  static async open(object: StoredObject, fetch: Fetch, keys: KeyRing): Promise<PlainReader> {
    const exact = exactFetch(object.name, fetch);
    if (!object.sealed) return new PlainReader(object, exact, object.size, null, 0);
    const { start, payloadKey, payloadOffset } = await fetchHeader(object, exact, keys);
    // What came with the header is not fetched again: a small object is read with one request.
    const fetchRest: Fetch = async (offset, length) =>
      offset + length <= start.length ? start.subarray(offset, offset + length) : exact(offset, length);
    const size = plainSizeOf(object, payloadOffset);
    // No read would find out that the rest of the object was cut off and only looks as if it had been empty.
    if (size === 0) openChunks(payloadKey, 0, await fetchRest(payloadOffset, tagSize), true, object.name);
    return new PlainReader(object, fetchRest, size, payloadKey, payloadOffset);
  }

  /** The bytes [start, end), in one fetch of the age chunks that hold them. */
  async read(start: number, end: number): Promise<Uint8Array> {
    if (start === end) return new Uint8Array(0);
    if (this.#payloadKey === null) return this.#fetch(start, end - start);
    const firstChunk = Math.floor(start / plainChunkSize);
    const endChunk = Math.ceil(end / plainChunkSize);
    const from = this.#payloadOffset + firstChunk * sealedChunkSize;
    const to = Math.min(this.#object.size, this.#payloadOffset + endChunk * sealedChunkSize);
    const sealed = await this.#fetch(from, to - from);
    const isEnd = endChunk * plainChunkSize >= this.size;
    const bytes = openChunks(this.#payloadKey, firstChunk, sealed, isEnd, this.#object.name);
    return bytes.subarray(start - firstChunk * plainChunkSize, end - firstChunk * plainChunkSize);
  }
}

async function fetchHeader(
  object: StoredObject,
  fetch: Fetch,
  keys: KeyRing,
): Promise<{ start: Uint8Array; payloadKey: Buffer; payloadOffset: number }> {
  for (let length = Math.min(object.size, firstFetch); ; length = Math.min(object.size, length * 8)) {
    const start = await fetch(0, length);
    try {
      return { start, ...(await openHeader(start, keys, object.name)) };
    } catch (error) {
      if (!(error instanceof HeaderTooShort)) throw error;
      if (length === object.size) throw damagedObject(object.name, 'it ends within its age header', error);
    }
  }
}

function plainSizeOf({ name, size }: StoredObject, payloadOffset: number): number {
  try {
    return plainSize(size, payloadOffset);
  } catch (error) {
    throw damagedObject(name, 'it is cut off', error);
  }
}

/** A target that gives another number of bytes than it was asked for gives damaged objects. */
function exactFetch(name: string, fetch: Fetch): Fetch {
  return async (offset, length) => {
    const bytes = await fetch(offset, length);
    if (bytes.length === length) return bytes;
    throw damagedObject(name, `${bytes.length} bytes came where ${length} were asked for, from byte ${offset} on`);
  };
}
