/**
 * `signed/<signer>.json` on a target: which manifests a catalog keeps there, signed by it. It is written after manifests, and
 * before any is removed, so that one that it names and that is gone was taken away by somebody else.
 */
import { sha256 } from '#native/crypto';
import { BatError } from '../core/bat-error.ts';
import { isPublicKey, isSignedBy, signerId } from './signature.ts';

export const listVersion = 1;

export const signedFolder = 'signed/';

export interface SignedList {
  plan: string;
  /** The id of the store, as in bat.json. */
  store: string;
  /** The public key. */
  signer: string;
  /** Counts on with those of manifests. */
  serial: number;
  /** ISO 8601, UTC. */
  time: string;
  /** Lists of other signers that this one takes the place of. */
  succeeds: Succeeded[];
  manifests: SignedManifest[];
}

/** The lists of a signer up to a serial. All that they named was known when this list was written: what it does not name itself was removed by its signer. */
export interface Succeeded {
  /** The public key. */
  signer: string;
  serial: number;
}

export interface SignedManifest {
  name: string;
  size: number;
  /** Of the bytes as they are stored, hex; null where the catalog does not know. */
  sha256: string | null;
  /** Null for one that is not signed itself, or where the catalog does not know. */
  serial: number | null;
}

export function signedListName(publicKey: string): string {
  return `${signedFolder}${signerId(publicKey)}.json`;
}

/** Null for what is no such list. Throws FORMAT_UNSUPPORTED. */
export function decodeSignedList(bytes: Uint8Array, subject: string): { list: SignedList; isGenuine: boolean } | null {
  const document = parsed(bytes);
  if (document === null) return null;
  const { signature, ...rest } = document;
  const { list: version, plan, store, signer, serial, time, succeeds = [], manifests } = rest;
  if (typeof version === 'number' && version > listVersion) {
    throw new BatError('FORMAT_UNSUPPORTED', `${subject} was written by a newer bat (format ${version}).`, { hint: 'Update bat, then try again.', subject });
  }
  if (version !== listVersion || typeof plan !== 'string' || typeof store !== 'string' || typeof time !== 'string') return null;
  if (!isPublicKey(signer) || !isSerial(serial) || !Array.isArray(manifests) || !manifests.every(isSignedManifest)) return null;
  if (!Array.isArray(succeeds) || !succeeds.every(isSucceeded)) return null;
  return { list: { plan, store, signer, serial, time, succeeds, manifests }, isGenuine: typeof signature === 'string' && isSignedBy(signer, 'list', sha256OfList(rest), signature) };
}

/** By signer: the serial up to which its lists have a successor among these. */
export function succeededIn(lists: readonly SignedList[]): Map<string, number> {
  const succeeded = new Map<string, number>();
  for (const list of lists) {
    for (const { signer, serial } of list.succeeds) if (signer !== list.signer && serial > (succeeded.get(signer) ?? -1)) succeeded.set(signer, serial);
  }
  return succeeded;
}

/** Of the document without its signature, as JSON without spaces and with its keys in their order. */
export function sha256OfList(document: object): Uint8Array {
  return sha256(JSON.stringify(document));
}

function isSignedManifest(value: unknown): value is SignedManifest {
  const { name, size, sha256, serial } = (value ?? {}) as Record<string, unknown>;
  return typeof name === 'string' && isSerial(size) && (sha256 === null || (typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256))) && (serial === null || isSerial(serial));
}

function isSucceeded(value: unknown): value is Succeeded {
  const { signer, serial } = (value ?? {}) as Record<string, unknown>;
  return isPublicKey(signer) && isSerial(serial);
}

function isSerial(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function parsed(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
