/**
 * The identity behind a passphrase. It is made once and kept, wrapped, in the catalog and on the targets; from then on
 * only its public half is needed. A salted hash tells whether the plan still has the same passphrase: a new
 * passphrase makes a new identity, and what only the old one can read is stored again.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Keys, WrappedKey } from '../../catalog/keys.ts';

/** As slow to guess as the wrapped identity itself is at 2^17, in an eighth of the memory. */
const cost = { N: 2 ** 15, r: 8, p: 4, maxmem: 64 * 1024 * 1024 };

const derive = promisify<string, Buffer, number, typeof cost, Buffer>(scrypt);

/** The recipient of the identity that this passphrase opens, or null if none was made yet. */
export async function knownPassphraseKey(passphrase: string, keys: Keys): Promise<string | null> {
  for (const key of keys.list()) {
    if (timingSafeEqual(await derive(passphrase, key.salt, 32, cost), key.verifier)) return key.recipient;
  }
  return null;
}

/** Makes an identity, keeps it wrapped by the passphrase, and returns the recipient to seal to. */
export async function newPassphraseKey(passphrase: string, keys: Keys, now: Date): Promise<string> {
  const { generateIdentity, wrapIdentity } = await import('../../volume/age.ts');
  const { identity, recipient } = await generateIdentity('x25519');
  const wrapped = Buffer.from(await wrapIdentity(identity, passphrase));
  await rememberPassphraseKey(keys, { id: randomBytes(4).toString('hex'), recipient, wrapped }, passphrase, now);
  return recipient;
}

/** Notes an identity that this passphrase opens. */
export async function rememberPassphraseKey(keys: Keys, key: Pick<WrappedKey, 'id' | 'recipient' | 'wrapped'>, passphrase: string, now: Date): Promise<void> {
  const salt = randomBytes(16);
  keys.add({ ...key, salt, verifier: await derive(passphrase, salt, 32, cost), created: now.toISOString() });
}
