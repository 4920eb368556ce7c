/** An object on its way into a bucket: a multipart upload. */
import { BatError } from '../../core/errors.ts';
import type { OpenOptions, Receipt, Upload } from '../target.ts';
import { bodyOf } from './body.ts';
import { checksumOf } from './checksum.ts';
import { abortUpload, isGone } from './list.ts';
import { headObject, putObject, receiptOf } from './objects.ts';
import type { Call, S3Store } from './store.ts';
import { joinId, markKey, newMark } from './upload-id.ts';

/** The limit of S3. */
export const mostParts = 10_000;
/** Milliseconds that joining thousands of parts may take without a word. */
const joiningPatience = 300_000;
/** Milliseconds: giving up is told to the server, but nobody waits long for that. */
const abortPatience = 5000;

interface Part {
  size: number;
  /** What the server called it; it wants that back at the end. */
  etag: string;
}

export interface UploadPlace {
  name: string;
  mark: string;
  uploadId: string;
  options: OpenOptions;
  /** What is there already, by index. */
  parts?: Map<number, Part>;
  /** The object, if the upload was finished already and only its answer got lost. */
  receipt?: Receipt;
}

export async function openUpload(store: S3Store, name: string, options: OpenOptions): Promise<S3Upload> {
  const key = store.key(name);
  const mark = newMark();
  const call: Call = { doing: 'store', what: name, signal: options.signal };
  const uploadId = await store.call(call, async ({ sdk, send }) => {
    const { UploadId } = await send(new sdk.CreateMultipartUploadCommand({ ...store.objectHeaders(options.temperature), Key: key, Metadata: { [markKey]: mark } }));
    return UploadId;
  });
  if (!uploadId) throw new BatError('TARGET_FAILED', `Target "${store.id}" could not store ${name}: the server gave the upload no id.`, { hint: 'Is it an S3 server that can do multipart uploads?', subject: name });
  return new S3Upload(store, { name, mark, uploadId, options });
}

export class S3Upload implements Upload {
  readonly id: string;
  readonly #store: S3Store;
  readonly #place: UploadPlace;
  readonly #key: string;
  readonly #parts: Map<number, Part>;
  readonly #given = new AbortController();
  readonly #writing = new Set<Promise<unknown>>();
  #receipt: Receipt | null;

  constructor(store: S3Store, place: UploadPlace) {
    this.id = joinId(place.mark, place.uploadId);
    this.#store = store;
    this.#place = place;
    this.#key = store.key(place.name);
    this.#parts = place.parts ?? new Map();
    this.#receipt = place.receipt ?? null;
  }

  async write(index: number, bytes: Uint8Array): Promise<void> {
    this.#confirmOpen();
    if (bytes.length === 0 || this.#receipt) return;
    if (bytes.length > this.#place.options.partSize) throw new RangeError(`A part of ${bytes.length} bytes is longer than ${this.#place.options.partSize}.`);
    if (index >= mostParts) throw this.#tooManyParts();
    const writing = this.#send(index, bytes);
    this.#writing.add(writing);
    try {
      this.#parts.set(index, { size: bytes.length, etag: await writing });
    } finally {
      this.#writing.delete(writing);
    }
  }

  async finish(size: number): Promise<Receipt> {
    this.#confirmOpen();
    if (this.#receipt && this.#receipt.size === size) return this.#receipt;
    this.#confirmParts(size);
    const { name, options } = this.#place;
    if (size > 0) return (this.#receipt = await this.#join(size));
    // An upload of no parts cannot be finished.
    const receipt = await putObject(this.#store, name, new Uint8Array(0), options);
    await this.#discard();
    return (this.#receipt = receipt);
  }

  /** An object that is whole stays: it may have replaced another. */
  async abort(): Promise<void> {
    if (this.#receipt || this.#given.signal.aborted) return;
    this.#given.abort(this.#gaveUp());
    // A part that is still on its way could come to lie there after the upload was aborted.
    await Promise.allSettled(this.#writing);
    await this.#discard();
  }

  #send(index: number, bytes: Uint8Array): Promise<string> {
    const { uploadId, options } = this.#place;
    const signal = options.signal ? AbortSignal.any([options.signal, this.#given.signal]) : this.#given.signal;
    return this.#store.call(this.#call(signal), async (tools) => {
      const body = bodyOf(bytes, tools, this.#store.pace);
      const { ETag } = await tools.send(new tools.sdk.UploadPartCommand({ Bucket: this.#store.bucket, Key: this.#key, UploadId: uploadId, PartNumber: index + 1, ...body }));
      if (!ETag) throw Object.assign(new Error('a part without a tag'), { code: 'ECONNRESET' });
      return ETag;
    });
  }

  /** The answer may get lost, so that the upload is gone when the end is sent again: then the object itself is asked. */
  async #join(size: number): Promise<Receipt> {
    const call = { ...this.#call(this.#place.options.signal), patience: joiningPatience };
    const Parts = [...this.#parts].sort(([a], [b]) => a - b).map(([index, { etag }]) => ({ PartNumber: index + 1, ETag: etag }));
    const etag = await this.#store.call(call, async ({ sdk, send }) => {
      try {
        const { ETag } = await send(new sdk.CompleteMultipartUploadCommand({ Bucket: this.#store.bucket, Key: this.#key, UploadId: this.#place.uploadId, MultipartUpload: { Parts } }));
        return ETag;
      } catch (error) {
        if (!isGone(error)) throw error;
        return undefined;
      }
    });
    const { name, options } = this.#place;
    return etag ? receiptOf(this.#store, name, size, options.temperature, checksumOf(etag, null)) : await this.#confirmJoined(size);
  }

  async #confirmJoined(size: number): Promise<Receipt> {
    const { name, mark, options } = this.#place;
    const receipt = await findFinished(this.#store, name, mark, options);
    if (receipt?.size === size) return receipt;
    throw new BatError('TARGET_FAILED', `Target "${this.#store.id}" could not store ${name}: the server does not know the upload any more.`, {
      hint: 'Something has aborted it: a lifecycle rule for unfinished uploads, or another program. The next run begins it anew.',
      subject: name,
    });
  }

  async #discard(): Promise<void> {
    await abortUpload(this.#store, this.#key, this.#place.uploadId, { ...this.#call(undefined), patience: abortPatience }).catch(() => false);
  }

  #confirmOpen(): void {
    this.#place.options.signal?.throwIfAborted();
    this.#given.signal.throwIfAborted();
  }

  /** Every part is there, each but the last of the full size. */
  #confirmParts(size: number): void {
    const { name, options } = this.#place;
    const expected = Math.ceil(size / options.partSize);
    let sum = 0;
    for (let index = 0; index < expected; index++) sum += this.#parts.get(index)?.size ?? 0;
    if (sum === size && this.#parts.size === expected) return;
    throw new BatError('TARGET_FAILED', `Target "${this.#store.id}" was given ${sum} bytes of ${name} in ${this.#parts.size} parts and needs ${size} in ${expected}.`, {
      hint: 'This is a mistake in bat: please report it.',
      subject: name,
    });
  }

  #tooManyParts(): BatError {
    return new BatError('TARGET_FULL', `Target "${this.#store.id}" takes no more than ${mostParts} parts of ${this.#place.name}.`, {
      hint: 'Set a larger part-size for this target, or a smaller `volume` in the tar step.',
      subject: this.#place.name,
    });
  }

  #gaveUp(): BatError {
    return new BatError('TARGET_FAILED', `The upload of ${this.#place.name} to target "${this.#store.id}" was given up.`, { subject: this.#place.name });
  }

  #call(signal: AbortSignal | undefined): Call {
    return { doing: 'store', what: this.#place.name, signal };
  }
}

/** The receipt of the object that the upload of this mark made, or null if there is none. */
export async function findFinished(store: S3Store, name: string, mark: string, { temperature, signal }: OpenOptions): Promise<Receipt | null> {
  const head = await headObject(store, name, { doing: 'store', what: name, signal });
  if (head?.metadata[markKey] !== mark) return null;
  return receiptOf(store, name, head.size, temperature, checksumOf(head.etag, null));
}
