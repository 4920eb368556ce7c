/** The key by which a catalog signs what it writes: a file beside it, which only its owner can read. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Catalog } from '../../catalog/catalog.ts';
import { BatError, systemCode, systemReason } from '../../core/errors.ts';
import { newSigningKey, openSigner, type Signer } from '../../volume/signing.ts';

const metaSigner = 'signer';
const metaSerial = 'serial';

/** No clock comes to this: who signs by such a number leaves others none to go on counting from. */
const highestTaken = 2 ** 45;

const opened = new WeakMap<Catalog, Signer>();

/** In the folder of a plan's state. */
export function signingKeyFile(folder: string): string {
  return join(folder, 'signing-key.pem');
}

/** The catalog's signer; made if there is none yet, so under the plan's lock only. Throws STATE_FAILED. */
export function signerOf(catalog: Catalog): Signer {
  const known = opened.get(catalog);
  if (known) return known;
  const file = signingKeyFile(dirname(catalog.file));
  const signer = readSigner(file) ?? makeSigner(file);
  opened.set(catalog, signer);
  return signer;
}

/** Null if the catalog has signed nothing yet. Makes nothing. Throws STATE_FAILED. */
export function publicKeyOf(catalog: Catalog): string | null {
  return readSigner(signingKeyFile(dirname(catalog.file)))?.publicKey ?? null;
}

/** Null if there is no such file. Throws STATE_FAILED for one that holds no key or cannot be read. */
export function readSigner(file: string): Signer | null {
  let pem: string;
  try {
    pem = readFileSync(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw failed(`The signing key ${file} cannot be read: ${systemReason(error)}.`, file, error);
  }
  const signer = openSigner(pem);
  if (signer) return signer;
  throw failed(`${file} holds no signing key.`, file);
}

/** Where the catalog has signed by another key before, that one; what it signs from now on has another signer. */
export function replacedSigner(catalog: Catalog): string | null {
  const { publicKey } = signerOf(catalog);
  const before = catalog.getMeta(metaSigner);
  if (before === publicKey) return null;
  catalog.setMeta(metaSigner, publicKey);
  catalog.flush();
  return before;
}

/**
 * The number of the next manifest or list that this catalog signs; never given twice, as it survives a kill at once. It is at least
 * the time in seconds, so that it goes on counting where the catalog was lost, or is an old copy of itself, and the key was not.
 */
export function nextSerial(catalog: Catalog): number {
  const serial = Math.max(Number(catalog.getMeta(metaSerial) ?? 0) + 1, Math.floor(Date.now() / 1000));
  catalog.setMeta(metaSerial, String(serial));
  catalog.flush();
  return serial;
}

/** Whatever this catalog signs from now on is later than what bears this number. */
export function raiseSerial(catalog: Catalog, serial: number): void {
  if (serial <= highestTaken && serial > Number(catalog.getMeta(metaSerial) ?? 0)) catalog.setMeta(metaSerial, String(serial));
}

function makeSigner(file: string): Signer {
  const pem = newSigningKey();
  try {
    writeFileAtomic.sync(file, pem, { mode: 0o600 });
  } catch (error) {
    throw failed(`The signing key ${file} cannot be written: ${systemReason(error)}.`, file, error);
  }
  return openSigner(pem)!;
}

function failed(message: string, file: string, cause?: unknown): BatError {
  return new BatError('STATE_FAILED', message, {
    hint: 'Check the file, or move it away: the next run makes a new key, and readers have to be told of it (`signer:` in the plan, or --accept).',
    cause,
    subject: file,
  });
}
