/** Identities are wrapped by a passphrase. How they are unwrapped: age-passphrase.ts. */
import { Encrypter } from 'age-encryption';
import { parseIdentities } from './age-keys.ts';

/** 256 MiB and about half a second: what age itself uses. */
const workFactor = 18;

export async function wrapIdentity(identityText: string, passphrase: string): Promise<Uint8Array> {
  parseIdentities(identityText);
  const encrypter = new Encrypter();
  encrypter.setScryptWorkFactor(workFactor);
  encrypter.setPassphrase(passphrase);
  return encrypter.encrypt(identityText);
}
