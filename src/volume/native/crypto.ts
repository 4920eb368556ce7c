/**
 * What reading the format needs of a machine's own cryptography, on node:crypto. In a browser web/backups/native/crypto.ts stands in
 * its place: package.json, "imports".
 */
import { type CipherGCMOptions, createDecipheriv, createHash, createPublicKey, createSecretKey, hash, hkdfSync, scrypt as nodeScrypt, verify, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { freeBytes } from '../../core/free-bytes.ts';

/** Bytes that ChaCha20-Poly1305 adds. */
export const tagSize = 16;

/** A key that is at hand for many pieces: handing the bytes over anew for each costs half as much as the deciphering. */
export type CipherKey = KeyObject;

export interface Sha256 {
  /** Text as UTF-8. */
  update(data: Uint8Array | string): void;
  digest(): Uint8Array;
}

const cipher = 'chacha20-poly1305';
const cipherOptions = { authTagLength: tagSize } as CipherGCMOptions;
const runScrypt = promisify<string, Uint8Array, number, object, Buffer>(nodeScrypt);

/** Memory with anything in it, for who fills all of it. */
export function allocate(size: number): Uint8Array {
  return Buffer.allocUnsafe(size);
}

export function cipherKey(bytes: Uint8Array): CipherKey {
  return createSecretKey(bytes);
}

/** Deciphers a piece with its tag at the end into `plain`, which has room for just that. False if it is not genuine: what is in `plain` then is nothing. */
export function openSealed(key: CipherKey, nonce: Uint8Array, sealed: Uint8Array, plain: Uint8Array): boolean {
  const decryption = createDecipheriv(cipher, key, nonce, cipherOptions);
  decryption.setAuthTag(sealed.subarray(plain.length));
  const opened = decryption.update(sealed.subarray(0, plain.length));
  plain.set(opened);
  freeBytes(opened);
  try {
    decryption.final();
    return true;
  } catch {
    return false;
  }
}

export function hkdfSha256(key: Uint8Array, salt: Uint8Array, info: string, length: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, salt, info, length));
}

export function newSha256(): Sha256 {
  return createHash('sha256');
}

/** Text as UTF-8. */
export function sha256(data: Uint8Array | string): Uint8Array {
  return hash('sha256', data, 'buffer');
}

/** `publicKey`: its 32 bytes. */
export function isEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const x = Buffer.from(publicKey).toString('base64url');
  try {
    return verify(null, message, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }), signature);
  } catch {
    return false;
  }
}

/** 32 bytes; r = 8, p = 1. On the thread pool: it takes 2^factor KiB and, for the usual 18, half a second. */
export function scrypt(passphrase: string, salt: Uint8Array, factor: number): Promise<Uint8Array> {
  const blockSize = 8;
  return runScrypt(passphrase, salt, 32, { N: 2 ** factor, r: blockSize, p: 1, maxmem: 2 ** factor * blockSize * 128 + 2 ** 20 });
}

/** What is no base64 is passed over. */
export function decodeBase64(text: string): Uint8Array {
  return Buffer.from(text, 'base64');
}
