/** An object on its way to the server, in parts that it holds against their sums as they arrive. */
import { hash } from 'node:crypto';
import { BatError } from '../../core/errors.ts';
import type { OpenOptions, Receipt, ResumedUpload, Upload } from '../target.ts';
import { isRefusal } from './answers.ts';
import { digest, type HttpStore, type StoredAnswer } from './store.ts';

/** The limit of the server. */
export const mostParts = 100_000;
/** Milliseconds: giving up is told to the server, but nobody waits long for that. */
const abortPatience = 5000;

interface Part {
  size: number;
  /** In hexadecimal. */
  sha256: string;
}

interface Begun {
  name: string;
  id: string;
  options: OpenOptions;
  parts?: Map<number, Part>;
}

export async function openUpload(store: HttpStore, name: string, options: OpenOptions, writer: string): Promise<HttpUpload> {
  store.objectPath(name);
  const { partSize, signal } = options;
  const { id } = await store.caller.json<{ id: string }>({ method: 'POST', path: store.path('uploads'), json: { name, partSize, writer }, doing: 'store', what: name, signal });
  return new HttpUpload(store, { name, id, options });
}

/** Null if the server knows it no more, or knows it as something else. */
export async function resumeUpload(store: HttpStore, name: string, id: string, options: OpenOptions): Promise<ResumedUpload | null> {
  try {
    const call = { method: 'GET' as const, path: store.path('uploads', id), doing: 'store', what: name, signal: options.signal };
    const found = await store.caller.json<{ name: string; partSize: number; parts: ({ index: number } & Part)[] }>(call);
    if (found.name !== name || found.partSize !== options.partSize) return null;
    if (!Array.isArray(found.parts) || !found.parts.every(isPart)) throw store.noServer();
    const parts = new Map(found.parts.map(({ index, size, sha256 }) => [index, { size, sha256 }]));
    const told = new Map(found.parts.map(({ index, size, sha256 }) => [index, { size, checksum: `sha256:${sha256}` }]));
    return { upload: new HttpUpload(store, { name, id, options, parts }), parts: told };
  } catch (error) {
    if (isRefusal(error, 'NOT_FOUND')) return null;
    throw error;
  }
}

function isPart(part: { [Key in 'index' | keyof Part]?: unknown } | null): boolean {
  const isNumber = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  return isNumber(part?.index) && isNumber(part?.size) && typeof part?.sha256 === 'string';
}

class HttpUpload implements Upload {
  readonly id: string;
  readonly #store: HttpStore;
  readonly #name: string;
  readonly #options: OpenOptions;
  readonly #parts: Map<number, Part>;
  readonly #given = new AbortController();
  /** The server has said that it let go of it. */
  #isForgotten = false;
  readonly #writing = new Set<Promise<unknown>>();
  #receipt: Receipt | null = null;

  constructor(store: HttpStore, { name, id, options, parts = new Map() }: Begun) {
    this.id = id;
    this.#store = store;
    this.#name = name;
    this.#options = options;
    this.#parts = parts;
  }

  async write(index: number, bytes: Uint8Array): Promise<void> {
    this.#confirmOpen();
    if (bytes.length === 0 || this.#receipt) return;
    if (bytes.length > this.#options.partSize) throw new RangeError(`A part of ${bytes.length} bytes is longer than ${this.#options.partSize}.`);
    const sum = hash('sha256', bytes, 'buffer');
    const { signal } = this.#options;
    const sending = this.#store.caller.json<{ sha256: string } | undefined>({
      method: 'PUT',
      path: this.#store.path('uploads', this.id, 'parts', String(index)),
      headers: digest(sum.toString('base64')),
      body: [bytes],
      doing: 'store',
      what: this.#name,
      signal: signal ? AbortSignal.any([signal, this.#given.signal]) : this.#given.signal,
    });
    this.#writing.add(sending);
    try {
      const sha256 = sum.toString('hex');
      if ((await sending)?.sha256 !== sha256) throw this.#store.noServer();
      this.#parts.set(index, { size: bytes.length, sha256 });
    } catch (error) {
      throw isRefusal(error, 'NOT_FOUND') ? this.#unknown(error) : error;
    } finally {
      this.#writing.delete(sending);
    }
  }

  /** Where the answer to it got lost, the server finds the object by the sums of its parts when it is asked again. */
  async finish(size: number): Promise<Receipt> {
    this.#confirmOpen();
    if (this.#receipt?.size === size) return this.#receipt;
    const parts = this.#sums(size);
    const { partSize, signal } = this.#options;
    try {
      const answer = await this.#store.caller.json<StoredAnswer>({ method: 'POST', path: this.#store.path('uploads', this.id, 'finish'), json: { name: this.#name, size, partSize, parts }, doing: 'store', what: this.#name, signal });
      this.#store.confirmStored(answer, this.#name, size);
    } catch (error) {
      throw isRefusal(error, 'NOT_FOUND') ? this.#unknown(error) : error;
    }
    return (this.#receipt = { name: this.#name, size, parts: 1 });
  }

  /** An object that is whole stays: it may have replaced another. */
  async abort(): Promise<void> {
    if (this.#receipt || this.#isForgotten) return;
    this.#given.abort(new BatError('TARGET_FAILED', `The upload of ${this.#name} to target "${this.#store.id}" was given up.`, { subject: this.#name }));
    await Promise.allSettled(this.#writing);
    const call = { method: 'DELETE' as const, path: this.#store.path('uploads', this.id), idle: abortPatience, doing: 'store', what: this.#name };
    // Told once more where the line broke. What the server does not hear of at all is swept away later.
    for (let tries = 0; tries < 2 && !this.#isForgotten; tries++) {
      this.#isForgotten = await this.#store.caller.json(call).then(() => true, () => false);
    }
  }

  #confirmOpen(): void {
    this.#options.signal?.throwIfAborted();
    this.#given.signal.throwIfAborted();
  }

  /** Of every part, in order. */
  #sums(size: number): string[] {
    const expected = Math.ceil(size / this.#options.partSize);
    const parts = Array.from({ length: expected }, (_, index) => this.#parts.get(index));
    const sum = parts.reduce((total, part) => total + (part?.size ?? 0), 0);
    if (sum === size && this.#parts.size === expected) return parts.map((part) => part!.sha256);
    throw new BatError('TARGET_FAILED', `Target "${this.#store.id}" was given ${sum} bytes of ${this.#name} in ${this.#parts.size} parts and needs ${size} in ${expected}.`, {
      hint: 'This is a mistake in bat: please report it.',
      subject: this.#name,
    });
  }

  #unknown(cause: unknown): BatError {
    return new BatError('TARGET_FAILED', `Target "${this.#store.id}" could not store ${this.#name}: the server does not know the upload any more.`, {
      hint: 'Somebody has removed it there. The next run begins it anew.',
      cause,
      subject: this.#name,
    });
  }
}
