/**
 * The payload of an age file: chunks of 64 KiB, each sealed with ChaCha20-Poly1305 under a counter and a mark on the
 * last one. On node:crypto, since the library's own stream is four times slower.
 */
import { type CipherGCMOptions, createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
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
  readonly #key: Buffer;
  #index = 0;
  /** The chunk that is not yet sealed, in the pieces it came in: whether it is the last is not known until more comes. */
  #pending: Uint8Array[] = [];
  #pendingSize = 0;
  #isDone = false;

  constructor(payloadKey: Buffer) {
    this.#key = payloadKey;
  }

  /** `bytes` must not change afterwards: up to a chunk of them is kept, uncopied, until the next call. */
  update(bytes: Uint8Array): Uint8Array[] {
    if (this.#isDone) throw new Error('the payload is sealed');
    const sealed: Uint8Array[] = [];
    for (let rest = bytes; rest.length > 0; ) {
      if (this.#pendingSize === plainChunkSize) this.#seal(false, sealed);
      const piece = rest.subarray(0, plainChunkSize - this.#pendingSize);
      this.#pending.push(piece);
      this.#pendingSize += piece.length;
      rest = rest.subarray(piece.length);
    }
    return sealed;
  }

  final(): Uint8Array[] {
    if (this.#isDone) throw new Error('the payload is sealed');
    this.#isDone = true;
    const sealed: Uint8Array[] = [];
    this.#seal(true, sealed);
    return sealed;
  }

  #seal(isLast: boolean, sealed: Uint8Array[]): void {
    const encryption = createCipheriv(cipher, this.#key, chunkNonce(this.#index++, isLast), cipherOptions);
    for (const piece of this.#pending) sealed.push(encryption.update(piece));
    encryption.final();
    sealed.push(encryption.getAuthTag());
    this.#pending = [];
    this.#pendingSize = 0;
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

  const plain = Buffer.allocUnsafe(bytes.length - count * tagSize);
  for (let chunk = 0; chunk < count; chunk++) {
    const sealed = bytes.subarray(chunk * sealedChunkSize, (chunk + 1) * sealedChunkSize);
    const isLast = isEnd && chunk === count - 1;
    const decryption = createDecipheriv(cipher, payloadKey, chunkNonce(firstChunk + chunk, isLast), cipherOptions);
    decryption.setAuthTag(sealed.subarray(sealed.length - tagSize));
    plain.set(decryption.update(sealed.subarray(0, sealed.length - tagSize)), chunk * plainChunkSize);
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
