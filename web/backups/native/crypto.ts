/**
 * What reading the format needs of cryptography, in a browser: src/volume/native/crypto.ts says what each of these does. On the libraries
 * that age-encryption is built of, and not on WebCrypto: that cannot decipher ChaCha20, hash a stream, or work at all on a page that
 * came without TLS from another machine at home.
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { scryptAsync } from '@noble/hashes/scrypt.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { BatError } from '../../../src/core/bat-error.ts';

export const tagSize = 16;

export type CipherKey = Uint8Array;

export interface Sha256 {
  update(data: Uint8Array | string): void;
  digest(): Uint8Array;
}

/** 1 GiB: what a page may hold, and four times what age and bat write. */
const largestFactor = 20;

export function allocate(size: number): Uint8Array {
  return new Uint8Array(size);
}

export function cipherKey(bytes: Uint8Array): CipherKey {
  return bytes;
}

export function openSealed(key: CipherKey, nonce: Uint8Array, sealed: Uint8Array, plain: Uint8Array): boolean {
  try {
    plain.set(chacha20poly1305(key, nonce).decrypt(sealed));
    return true;
  } catch {
    return false;
  }
}

export function hkdfSha256(key: Uint8Array, salt: Uint8Array, info: string, length: number): Uint8Array {
  return hkdf(nobleSha256, key, salt, utf8(info), length);
}

export function newSha256(): Sha256 {
  const hash = nobleSha256.create();
  return { update: (data) => void hash.update(typeof data === 'string' ? utf8(data) : data), digest: () => hash.digest() };
}

export function sha256(data: Uint8Array | string): Uint8Array {
  return nobleSha256(typeof data === 'string' ? utf8(data) : data);
}

export function isEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
}

export function scrypt(passphrase: string, salt: Uint8Array, factor: number): Promise<Uint8Array> {
  if (factor > largestFactor) {
    throw new BatError('KEY_WRONG', `The passphrase was made so that it takes ${2 ** (factor - largestFactor)} GiB of memory to open, which a page does not have.`, { hint: 'Open it with the age program, and give the identity that is in it.' });
  }
  return scryptAsync(passphrase, salt, { N: 2 ** factor, r: 8, p: 1, dkLen: 32, maxmem: 2 ** factor * 1024 + 2 ** 21 });
}

export function decodeBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array(0);
  }
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
