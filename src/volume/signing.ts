/** Keys that sign, and what they sign. How it is checked: signature.ts. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { publicKeyPrefix, signedMessage, type SignedKind } from './signature.ts';

export interface Signer {
  /** `ed25519:` and the 32 bytes of the public key in base64. */
  readonly publicKey: string;
  /** The signature of a SHA-256, in base64. */
  sign(kind: SignedKind, sha256: Uint8Array): string;
}

/** A new private key as PKCS#8, in PEM. */
export function newSigningKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** Null if the text is no such key. */
export function openSigner(pem: string): Signer | null {
  const key = openPrivateKey(pem);
  if (key?.asymmetricKeyType !== 'ed25519') return null;
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  return {
    publicKey: publicKeyPrefix + Buffer.from(x!, 'base64url').toString('base64'),
    sign: (kind, sha256) => sign(null, signedMessage(kind, sha256), key).toString('base64'),
  };
}

function openPrivateKey(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}
