/**
 * The payload of an age file: chunks of 64 KiB, each sealed with ChaCha20-Poly1305 under a counter and a mark on the
 * last one. Any of them can be opened without the others. How they are made: age-sealing.ts.
 */
import { allocate, cipherKey, hkdfSha256, openSealed, tagSize } from '#native/crypto';
import { damagedObject } from './damage.ts';

export { tagSize };

export const plainChunkSize = 64 * 1024;
/** What a full chunk takes in the object. */
export const sealedChunkSize = plainChunkSize + tagSize;
export const payloadNonceSize = 16;

export function payloadKeyOf(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return hkdfSha256(fileKey, nonce, 'payload', 32);
}

/**
 * Decrypts whole consecutive chunks, the first of them number `firstChunk`; with `isEnd` the last one is the last of the
 * object, and only then it may be shorter. Gives bytes only if every chunk is genuine.
 */
export function openChunks(
  payloadKey: Uint8Array,
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

  const key = cipherKey(payloadKey);
  const plain = allocate(bytes.length - count * tagSize);
  for (let chunk = 0; chunk < count; chunk++) {
    const sealed = bytes.subarray(chunk * sealedChunkSize, (chunk + 1) * sealedChunkSize);
    const isLast = isEnd && chunk === count - 1;
    const isGenuine = openSealed(key, chunkNonce(firstChunk + chunk, isLast), sealed, plain.subarray(chunk * plainChunkSize, chunk * plainChunkSize + sealed.length - tagSize));
    if (!isGenuine) throw damagedObject(subject, `piece ${firstChunk + chunk} of it was changed`);
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
export function chunkNonce(index: number, isLast: boolean): Uint8Array {
  const nonce = new Uint8Array(12);
  const view = new DataView(nonce.buffer);
  view.setUint16(5, Math.floor(index / 2 ** 32));
  view.setUint32(7, index % 2 ** 32);
  if (isLast) nonce[11] = 1;
  return nonce;
}
