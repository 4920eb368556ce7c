/**
 * Signatures: anyone can encrypt to a public key, so a store must prove who wrote it. Each catalog has a pair of Ed25519
 * keys. docs/format.md, "Signatures", is the description for a second reader.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, sign, verify, type KeyObject } from 'node:crypto';

/** What is signed: a signature of one kind is none of another. */
export type SignedKind = 'manifest' | 'list';

export interface Signer {
  /** `ed25519:` and the 32 bytes of the public key in base64. */
  readonly publicKey: string;
  /** The signature of a SHA-256, in base64. */
  sign(kind: SignedKind, sha256: Uint8Array): string;
}

/** `ed25519:` and 32 bytes in base64: 43 characters and an equals sign. */
export const publicKeyPattern = '^ed25519:[A-Za-z0-9+/]{43}=$';

const prefix = 'ed25519:';

/** A new private key as PKCS#8, in PEM. */
export function newSigningKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** Null if the text is no such key. */
export function openSigner(pem: string): Signer | null {
  const key = orNull(() => createPrivateKey(pem));
  if (key?.asymmetricKeyType !== 'ed25519') return null;
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  return {
    publicKey: prefix + Buffer.from(x!, 'base64url').toString('base64'),
    sign: (kind, sha256) => sign(null, message(kind, sha256), key).toString('base64'),
  };
}

/** False for whatever is not that signature by that key, a malformed key or signature included. */
export function isSignedBy(publicKey: string, kind: SignedKind, sha256: Uint8Array, signature: string): boolean {
  const key = openPublicKey(publicKey);
  return key !== null && (orNull(() => verify(null, message(kind, sha256), key, Buffer.from(signature, 'base64'))) ?? false);
}

/** Short and good as a name: the first 16 hex digits of the SHA-256 of the 32 bytes. */
export function signerId(publicKey: string): string {
  return hash('sha256', Buffer.from(publicKey.slice(prefix.length), 'base64')).slice(0, 16);
}

export function isPublicKey(text: unknown): text is string {
  return typeof text === 'string' && new RegExp(publicKeyPattern).test(text);
}

function openPublicKey(text: string): KeyObject | null {
  if (!isPublicKey(text)) return null;
  const x = Buffer.from(text.slice(prefix.length), 'base64').toString('base64url');
  return orNull(() => createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }));
}

function message(kind: SignedKind, sha256: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`bat ${kind} 1\n`), sha256]);
}

function orNull<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null;
  }
}
