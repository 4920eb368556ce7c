/** An object without the age around it, any range of which can be read. */
import { freeBytes } from '../core/free-bytes.ts';
import type { KeyRing } from './age-keys.ts';
import { openChunks, plainChunkSize, plainSize, sealedChunkSize, sealedSize, tagSize } from './age-payload.ts';
import { readAgain } from '../core/read-again.ts';
import { damagedObject } from './damage.ts';

/** Gives exactly `length` bytes of the object from `offset` on, or throws. `again`: what it gave before came damaged; what it has at hand will not do. */
export type Fetch = (offset: number, length: number, again?: boolean) => Promise<Uint8Array>;

export interface ReaderOptions {
  /** Nobody else uses the bytes that `fetch` gives: their memory is given back as soon as they have been decoded. */
  ownsFetched?: boolean;
}

/** Bytes of an object as it is stored. */
export interface StoredRange {
  offset: number;
  length: number;
}

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
  readonly #payloadKey: Uint8Array | null;
  readonly #payloadOffset: number;
  /** Bytes that came with the header. */
  readonly #there: number;
  readonly #ownsFetched: boolean;

  private constructor(object: StoredObject, fetch: Fetch, size: number, payloadKey: Uint8Array | null, payloadOffset: number, there: number, ownsFetched: boolean) {
    this.size = size;
    this.#ownsFetched = ownsFetched;
    this.#object = object;
    this.#fetch = fetch;
    this.#payloadKey = payloadKey;
    this.#payloadOffset = payloadOffset;
    this.#there = there;
  }

  /** Fetches the header of a sealed object, and nothing of a plain one. */
  static async open(object: StoredObject, fetch: Fetch, keys: KeyRing, { ownsFetched = false }: ReaderOptions = {}): Promise<PlainReader> {
    const exact = exactFetch(object.name, fetch);
    if (!object.sealed) return new PlainReader(object, exact, object.size, null, 0, 0, ownsFetched);
    const { start, payloadKey, payloadOffset } = await fetchHeader(object, exact, keys);
    // What came with the header is not fetched again: a small object is read with one request.
    const fetchRest: Fetch = async (offset, length, again) =>
      !again && offset + length <= start.length ? start.subarray(offset, offset + length) : exact(offset, length, again);
    const size = plainSizeOf(object, payloadOffset);
    // No read would find out that the rest of the object was cut off and only looks as if it had been empty.
    if (size === 0) await readAgain(async (again) => openChunks(payloadKey, 0, await fetchRest(payloadOffset, tagSize, again), true, object.name));
    return new PlainReader(object, fetchRest, size, payloadKey, payloadOffset, start.length, ownsFetched);
  }

  /** One that only says what it would fetch. `size`: bytes without age. */
  static planned(object: StoredObject, size: number): PlainReader {
    const nothing: Fetch = () => Promise.reject(new Error(`${object.name} is not read`));
    if (!object.sealed) return new PlainReader(object, nothing, size, null, 0, 0, false);
    return new PlainReader(object, nothing, size, new Uint8Array(0), object.size - sealedSize(size, 0), headerFetch(object).length, false);
  }

  /** What `read` gives is the reader's alone: who is done with it may give its memory back. */
  get givesOwn(): boolean {
    return this.#payloadKey !== null || this.#ownsFetched;
  }

  /** The bytes [start, end), in one fetch of the age chunks that hold them; what comes damaged is fetched again. */
  async read(start: number, end: number, isAgain = false): Promise<Uint8Array> {
    if (start === end) return new Uint8Array(0);
    const key = this.#payloadKey;
    if (key === null) return this.#fetch(start, end - start, isAgain);
    const { offset, length, firstChunk, endChunk } = this.#sealedRange(start, end);
    const isEnd = endChunk * plainChunkSize >= this.size;
    const bytes = await readAgain(async (again) => {
      const isFresh = isAgain || again;
      const sealed = await this.#fetch(offset, length, isFresh);
      const opened = openChunks(key, firstChunk, sealed, isEnd, this.#object.name);
      if (this.#ownsFetched && (isFresh || offset + length > this.#there)) freeBytes(sealed);
      return opened;
    });
    return bytes.subarray(start - firstChunk * plainChunkSize, end - firstChunk * plainChunkSize);
  }

  /** What `read` of the same bytes fetches, or null if they have come already. */
  fetchFor(start: number, end: number): StoredRange | null {
    if (start === end) return null;
    if (this.#payloadKey === null) return { offset: start, length: end - start };
    const { offset, length } = this.#sealedRange(start, end);
    return offset + length <= this.#there ? null : { offset, length };
  }

  /** The age chunks that hold the bytes [start, end). */
  #sealedRange(start: number, end: number): StoredRange & { firstChunk: number; endChunk: number } {
    const firstChunk = Math.floor(start / plainChunkSize);
    const endChunk = Math.ceil(end / plainChunkSize);
    const from = this.#payloadOffset + firstChunk * sealedChunkSize;
    const to = Math.min(this.#object.size, this.#payloadOffset + endChunk * sealedChunkSize);
    return { offset: from, length: to - from, firstChunk, endChunk };
  }
}

/** What `open` fetches of a sealed object, unless its header is a long one. */
export function headerFetch({ size }: StoredObject): StoredRange {
  return { offset: 0, length: Math.min(size, firstFetch) };
}

async function fetchHeader(
  object: StoredObject,
  fetch: Fetch,
  keys: KeyRing,
): Promise<{ start: Uint8Array; payloadKey: Uint8Array; payloadOffset: number }> {
  // The age library is slow to load, and who writes documents or reads plain objects does without.
  const { HeaderTooShort, openHeader } = await import('./age-header.ts');
  for (let { length } = headerFetch(object); ; length = Math.min(object.size, length * 8)) {
    try {
      return await readAgain(async (again) => {
        const start = await fetch(0, length, again);
        return { start, ...(await openHeader(start, keys, object.name)) };
      });
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
  return async (offset, length, again) => {
    const bytes = await fetch(offset, length, again);
    if (bytes.length === length) return bytes;
    throw damagedObject(name, `${bytes.length} bytes came where ${length} were asked for, from byte ${offset} on`);
  };
}
