/** The keys that a person gives: identities, or the passphrase that opens one that lies beside the backups. */
import { decodeBase64 } from '#native/crypto';
import { BatError } from '../../../src/core/bat-error.ts';
import { parseIdentities } from '../../../src/volume/age-keys.ts';
import { unwrapIdentity } from '../../../src/volume/age-passphrase.ts';
import type { ManifestPlace } from '../../../src/volume/snapshot-reading.ts';
import type { StoredObject } from './backup-place.ts';

export interface GivenKeys {
  /** What was pasted, or the content of an identity file. Empty for none. */
  identity: Uint8Array;
  /** Empty for none. */
  passphrase: string;
}

const largestKey = 1024 * 1024;
const ageHeader = 'age-encryption.org/v1\n';
const armor = /-----BEGIN AGE ENCRYPTED FILE-----([A-Za-z0-9+/=\s]*)-----END AGE ENCRYPTED FILE-----/;

/**
 * The identities, as lines AGE-SECRET-KEY-…; at least one. `wrapped`: keys/… of the place that the passphrase may open. Throws KEY_WRONG,
 * KEY_MISSING, OBJECT_DAMAGED, and what the place does.
 */
export async function openKeys({ identity, passphrase }: GivenKeys, place: ManifestPlace, wrapped: readonly StoredObject[]): Promise<string[]> {
  const found = identity.length > 0 ? parseIdentities(await identityText(identity, passphrase)) : [];
  if (found.length === 0 && passphrase !== '') found.push(...(await unwrapAny(place, wrapped, passphrase)));
  if (found.length > 0) return [...new Set(found)];
  throw new BatError('KEY_MISSING', identity.length > 0 ? 'There is no key in this.' : 'No key was given.', { hint: 'An identity is a line that begins with AGE-SECRET-KEY-.' });
}

/** An identity file may itself be sealed by a passphrase. */
async function identityText(identity: Uint8Array, passphrase: string): Promise<string> {
  const text = new TextDecoder().decode(identity);
  const armored = armor.exec(text);
  if (!armored && !text.startsWith(ageHeader)) return text;
  if (passphrase === '') throw new BatError('KEY_MISSING', 'The identity file is encrypted with a passphrase.', { hint: 'Give that passphrase, too.' });
  return unwrapIdentity(armored ? decodeBase64(armored[1]!.replaceAll(/\s/g, '')) : identity, passphrase, 'the identity file');
}

/** One is enough: the others may be of an older passphrase. */
async function unwrapAny(place: ManifestPlace, wrapped: readonly StoredObject[], passphrase: string): Promise<string[]> {
  const texts: string[] = [];
  let failure: unknown = new BatError('KEY_MISSING', `No key lies in ${place.location} that a passphrase could open.`, { hint: 'The plan has no passphrase: give its identity, a line AGE-SECRET-KEY-….' });
  for (const { name, size } of wrapped) {
    if (size > largestKey) continue;
    try {
      texts.push(...parseIdentities(await unwrapIdentity(await place.read(name, 0, size), passphrase, name)));
    } catch (error) {
      if (!(error instanceof BatError)) throw error;
      failure = error;
    }
  }
  if (texts.length === 0) throw failure;
  return texts;
}
