/** Recipients and identities: the texts a person puts into a plan and into a key file. Secrets are never echoed. */
import { Decrypter, Encrypter, generateHybridIdentity, generateX25519Identity, type Identity, identityToRecipient } from 'age-encryption';
import { BatError } from '../core/bat-error.ts';

const postQuantumRecipient = 'age1pq1';
const identityHint = 'An identity is a line AGE-SECRET-KEY-1… or AGE-SECRET-KEY-PQ-1…, as age-keygen or `bat keygen` writes it.';

/** A ring of secret keys, opaque so that no log or inspection can show them. */
export class KeyRing {
  readonly size: number;
  readonly #decrypter: Decrypter;
  readonly #identities: readonly string[];

  constructor(identities: readonly string[]) {
    this.size = identities.length;
    this.#identities = identities;
    this.#decrypter = new Decrypter();
    for (const identity of identities) this.#decrypter.addIdentity(identity);
    this.#decrypter.addIdentity(noneFits);
  }

  /** The file key of an age header. Throws NoKeyFits if no key of the ring opens it. */
  fileKeyOf(header: Uint8Array): Promise<Uint8Array> {
    return this.#decrypter.decryptHeader(header);
  }

  /** The public halves. */
  recipients(): Promise<string[]> {
    return Promise.all(this.#identities.map((identity) => identityToRecipient(identity)));
  }
}

export class NoKeyFits extends Error {}

/** The last identity that is tried: being asked means that no other one fitted. */
export const noneFits: Identity = {
  unwrapFileKey() {
    throw new NoKeyFits('no key fits');
  },
};

/** Throws PLAN_INVALID for anything that is no recipient bat can write for. Shows the text only if it can be no secret. */
export function checkRecipient(text: string): void {
  if (isRecipient(text)) return;
  if (/AGE-(SECRET-KEY|PLUGIN)-/i.test(text)) {
    throw invalidRecipient(
      'An identity (a secret key) stands where a recipient belongs.',
      'Take the public key, age1…, that `age-keygen -y` prints for it, and treat the secret one as disclosed if the plan was shared.',
    );
  }
  if (/^\s*(ssh-|ecdsa-sha2-|sk-ssh-|sk-ecdsa-)/.test(text)) {
    throw invalidRecipient('SSH keys are not supported as recipients.', 'Make a key for bat with `bat keygen`.');
  }
  if (/^age1(?!pq1)[a-z]+1/.test(text)) {
    throw invalidRecipient(
      `The recipient "${text}" needs an age plugin or a hardware key, which bat does not support.`,
      'Take a recipient age1… or age1pq1…, as `bat keygen` makes them.',
    );
  }
  throw invalidRecipient(
    text.startsWith('age1') ? `"${text}" is no age recipient.` : 'A recipient begins with age1, and this text does not.',
    'A recipient is the public key, age1… or age1pq1…, that `age-keygen -y` prints. Check that it is complete.',
  );
}

/** Post-quantum recipients together with others would be only as strong as the others; age refuses it, so does bat. */
export function checkRecipients(recipients: readonly string[]): void {
  if (recipients.length === 0) throw invalidRecipient('Encryption needs at least one recipient.', 'Name one in `to`.');
  for (const recipient of recipients) checkRecipient(recipient);
  if (new Set(recipients.map((recipient) => recipient.startsWith(postQuantumRecipient))).size > 1) {
    throw invalidRecipient(
      'Post-quantum recipients (age1pq1…) and classic ones (age1…) cannot be mixed.',
      'Give every reader a post-quantum key, or none.',
    );
  }
}

/**
 * The keys of identity files; each text is the content of one: comments (#), blank lines, several keys.
 * Throws KEY_WRONG for any other line, without showing it.
 */
export function openKeyRing(identityTexts: readonly string[]): KeyRing {
  return new KeyRing([...new Set(identityTexts.flatMap(parseIdentities))]);
}

/** The public keys of an identity file. */
export function recipientsOf(identityText: string): Promise<string[]> {
  return Promise.all(parseIdentities(identityText).map((identity) => identityToRecipient(identity)));
}

export async function generateIdentity(kind: 'x25519' | 'pq'): Promise<{ identity: string; recipient: string }> {
  const identity = await (kind === 'pq' ? generateHybridIdentity() : generateX25519Identity());
  return { identity, recipient: await identityToRecipient(identity) };
}

/** The identities in the text of an identity file; KEY_WRONG names the first line that is none. */
export function parseIdentities(text: string): string[] {
  const identities: string[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    if (!isIdentity(line)) {
      throw new BatError('KEY_WRONG', `Line ${index + 1} of the identity file is no identity.`, { hint: hintFor(line) });
    }
    identities.push(line);
  }
  return identities;
}

function isRecipient(text: string): boolean {
  // The library takes hardware recipients (age1tag1…) too, which it cannot decrypt for.
  if (text.startsWith('age1tag')) return false;
  try {
    new Encrypter().addRecipient(text);
    return true;
  } catch {
    return false;
  }
}

function isIdentity(text: string): boolean {
  try {
    new Decrypter().addIdentity(text);
    return true;
  } catch {
    return false;
  }
}

function hintFor(line: string): string {
  if (line.startsWith('age1')) return `It is a recipient, the public half. ${identityHint}`;
  if (line.startsWith('AGE-PLUGIN-')) return `Plugins are not supported. ${identityHint}`;
  if (line.startsWith('-----BEGIN ')) return `SSH keys and armored files are not supported. ${identityHint}`;
  if (line.startsWith('age-encryption.org/')) return `The file is encrypted with a passphrase. ${identityHint}`;
  return `${identityHint} Check that it is complete.`;
}

function invalidRecipient(message: string, hint: string): BatError {
  return new BatError('PLAN_INVALID', message, { hint });
}
