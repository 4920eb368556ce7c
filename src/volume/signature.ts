/**
 * Signatures: anyone can encrypt to a public key, so a store must prove who wrote it. Each catalog has a pair of Ed25519
 * keys. docs/format.md, "Signatures", is the description for a second reader.
 */
import { decodeBase64, isEd25519, sha256 } from '#native/crypto';
import { hexOf } from './hex.ts';

/** What is signed: a signature of one kind is none of another. */
export type SignedKind = 'manifest' | 'list';

/** `ed25519:` and 32 bytes in base64: 43 characters and an equals sign. */
export const publicKeyPattern = '^ed25519:[A-Za-z0-9+/]{43}=$';

export const publicKeyPrefix = 'ed25519:';

/** False for whatever is not that signature by that key, a malformed key or signature included. */
export function isSignedBy(publicKey: string, kind: SignedKind, hash: Uint8Array, signature: string): boolean {
  return isPublicKey(publicKey) && isEd25519(keyBytes(publicKey), signedMessage(kind, hash), decodeBase64(signature));
}

/** Short and good as a name: the first 16 hex digits of the SHA-256 of the 32 bytes. */
export function signerId(publicKey: string): string {
  return hexOf(sha256(keyBytes(publicKey))).slice(0, 16);
}

export function isPublicKey(text: unknown): text is string {
  return typeof text === 'string' && new RegExp(publicKeyPattern).test(text);
}

/** The bytes that a signature of this SHA-256 is made of. */
export function signedMessage(kind: SignedKind, hash: Uint8Array): Uint8Array {
  const kindLine = new TextEncoder().encode(`bat ${kind} 1\n`);
  const message = new Uint8Array(kindLine.length + hash.length);
  message.set(kindLine);
  message.set(hash, kindLine.length);
  return message;
}

function keyBytes(publicKey: string): Uint8Array {
  return decodeBase64(publicKey.slice(publicKeyPrefix.length));
}
