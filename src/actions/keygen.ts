/** Makes a key pair: `bat keygen`. The identity file is what age-keygen writes, and age reads it. */
import { identityText } from './key-file.ts';

export interface KeygenOptions {
  kind: 'x25519' | 'pq';
  /** Encrypts the identity file; null for a plain one. */
  passphrase: string | null;
  now: Date;
}

/** The text of an identity file, armored if it is encrypted, and the public key that belongs to it. Ends in a newline. */
export async function keygen({ kind, passphrase, now }: KeygenOptions): Promise<{ text: string; recipient: string }> {
  const { generateIdentity, wrapIdentity } = await import('../volume/age.ts');
  const { identity, recipient } = await generateIdentity(kind);
  const text = identityText(identity, recipient, now);
  return { text: passphrase === null ? text : armor(await wrapIdentity(text, passphrase)), recipient };
}

/** https://c2sp.org/age#ascii-armor */
function armor(bytes: Uint8Array): string {
  const lines = Buffer.from(bytes).toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN AGE ENCRYPTED FILE-----', ...lines, '-----END AGE ENCRYPTED FILE-----', ''].join('\n');
}
