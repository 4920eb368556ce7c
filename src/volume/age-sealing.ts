/** The payload of a new age file. On node:crypto, since the library's own stream is four times slower. */
import { type CipherGCMOptions, createCipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { chunkNonce, plainChunkSize, tagSize } from './age-payload.ts';

const cipher = 'chacha20-poly1305';
const cipherOptions = { authTagLength: tagSize } as CipherGCMOptions;

/** Seals a payload, chunk by chunk. */
export class PayloadSealer {
  /** A key object: handing the bytes over anew for each chunk costs half as much as the sealing. */
  readonly #key: KeyObject;
  #index = 0;
  /** What is not sealed yet, at most a chunk: whether it is the last is not known until more comes. */
  readonly #pending = Buffer.allocUnsafe(plainChunkSize);
  #pendingSize = 0;
  #isDone = false;

  constructor(payloadKey: Uint8Array) {
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
