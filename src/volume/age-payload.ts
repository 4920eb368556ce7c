/**
 * The payload of an age file: chunks of 64 KiB, each sealed with ChaCha20-Poly1305 under a counter and a mark on the
 * last one. On node:crypto, since the library's own stream is four times slower.
 */
import { type CipherGCMOptions, createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { freeBytes } from '../core/free-bytes.ts';
import { damagedObject } from './damage.ts';

export const plainChunkSize = 64 * 1024;
export const tagSize = 16;
/** What a full chunk takes in the object. */
export const sealedChunkSize = plainChunkSize + tagSize;
export const payloadNonceSize = 16;

const cipher = 'chacha20-poly1305';
const cipherOptions = { authTagLength: tagSize } as CipherGCMOptions;

export function payloadKeyOf(fileKey: Uint8Array, nonce: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
}

/** Seals a payload, chunk by chunk. */
export class PayloadSealer {
  /** A key object: handing the bytes over anew for each chunk costs half as much as the sealing. */
  readonly #key: KeyObject;
  #index = 0;
  /** What is not sealed yet, at most a chunk: whether it is the last is not known until more comes. */
  readonly #pending = Buffer.allocUnsafe(plainChunkSize);
  #pendingSize = 0;
  #isDone = false;

  constructor(payloadKey: Buffer) {
    this.#key = createSecretKey(payloadKey);
  }

  /** What is ready, each piece in memory of its own; `bytes` are not kept. */
  update(bytes: Uint8Array): Uint8Array[] {
    if (this.#isDone) throw new Error('the payload is sealed');
    const sealed: Uint8Array[] = [];
    let rest = bytes;
    if (this.#pendingSize > 0) rest = this.#fill(rest);
    if (this.#pendingSize === plainChunkSize && rest.length > 0) {
      this.#seal(this.#pending, false, sealed);
      this.#pendingSize = 0;
    }
    for (; rest.length > plainChunkSize; rest = rest.subarray(plainChunkSize)) this.#seal(rest.subarray(0, plainChunkSize), false, sealed);
    this.#fill(rest);
    return sealed;
  }

  final(): Uint8Array[] {
    if (this.#isDone) throw new Error('the payload is sealed');
    this.#isDone = true;
    const sealed: Uint8Array[] = [];
    this.#seal(this.#pending.subarray(0, this.#pendingSize), true, sealed);
    return sealed;
  }

  /** Copies what fits; returns the rest. */
  #fill(bytes: Uint8Array): Uint8Array {
    const count = Math.min(plainChunkSize - this.#pendingSize, bytes.length);
    this.#pending.set(bytes.subarray(0, count), this.#pendingSize);
    this.#pendingSize += count;
    return bytes.subarray(count);
  }

  #seal(chunk: Uint8Array, isLast: boolean, sealed: Uint8Array[]): void {
    const encryption = createCipheriv(cipher, this.#key, chunkNonce(this.#index++, isLast), cipherOptions);
    sealed.push(encryption.update(chunk));
    encryption.final();
    sealed.push(encryption.getAuthTag());
  }
}

/**
 * Decrypts whole consecutive chunks, the first of them number `firstChunk`; with `isEnd` the last one is the last of the
 * object, and only then it may be shorter. Gives bytes only if every chunk is genuine.
 */
export function openChunks(
  payloadKey: Buffer,
  firstChunk: number,
  bytes: Uint8Array,
  isEnd: boolean,
  subject: string,
): Uint8Array {
  const count = Math.ceil(bytes.length / sealedChunkSize);
  const rest = bytes.length % sealedChunkSize;
  if (isEnd ? count === 0 : rest !== 0) throw damagedObject(subject, 'a piece of it is missing');
  if (rest > 0 && rest < tagSize) throw damagedObject(subject, 'its end is missing');
  const lastIndex = firstChunk + count - 1;
  // The one empty chunk there may be is that of an empty payload.
  if (isEnd && rest === tagSize && lastIndex > 0) throw damagedObject(subject, 'its last piece is empty');

  const key = createSecretKey(payloadKey);
  const plain = Buffer.allocUnsafe(bytes.length - count * tagSize);
  for (let chunk = 0; chunk < count; chunk++) {
    const sealed = bytes.subarray(chunk * sealedChunkSize, (chunk + 1) * sealedChunkSize);
    const isLast = isEnd && chunk === count - 1;
    const decryption = createDecipheriv(cipher, key, chunkNonce(firstChunk + chunk, isLast), cipherOptions);
    decryption.setAuthTag(sealed.subarray(sealed.length - tagSize));
    const opened = decryption.update(sealed.subarray(0, sealed.length - tagSize));
    plain.set(opened, chunk * plainChunkSize);
    freeBytes(opened);
    try {
      decryption.final();
    } catch (error) {
      throw damagedObject(subject, `piece ${firstChunk + chunk} of it was changed`, error);
    }
  }
  return plain;
}

/** The size of the object that seals `plain` bytes behind a header (with its nonce) of this length. */
export function sealedSize(plain: number, headerLength: number): number {
  return headerLength + plain + tagSize * Math.max(1, Math.ceil(plain / plainChunkSize));
}

/** The inverse: how many bytes an object of `sealed` bytes holds. A RangeError if no object has that size. */
export function plainSize(sealed: number, payloadOffset: number): number {
  const payload = sealed - payloadOffset;
  const rest = payload % sealedChunkSize;
  const isShort = rest > 0 && (rest < tagSize || (rest === tagSize && payload !== tagSize));
  if (payload < tagSize || isShort) throw new RangeError(`no age payload is ${payload} bytes long`);
  return payload - tagSize * Math.ceil(payload / sealedChunkSize);
}

/** The number of the chunk in 11 bytes, big-endian, and a byte that is 1 for the last. */
function chunkNonce(index: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(index, 5, 6);
  if (isLast) nonce[11] = 1;
  return nonce;
}
