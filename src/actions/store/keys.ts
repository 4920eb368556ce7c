/** The keys of a restore: identities that a person gives, and those on the target that a passphrase unwraps. */
import { BatError } from '../../core/errors.ts';
import type { Target } from '../../targets/target.ts';
import type { KeyRing } from '../../volume/age.ts';

export interface KeyInputs {
  /** The contents of identity files. One that is itself encrypted by a passphrase is given as bytes, or armored. */
  identities: readonly (string | Uint8Array)[];
  /** Asks for the passphrase, or null if there is nobody to ask. Called once at the most, and only if it is needed. */
  passphrase?: (() => Promise<string | null>) | undefined;
}

const ageHeader = 'age-encryption.org/v1\n';
const armorHeader = '-----BEGIN AGE ENCRYPTED FILE-----';
const largestKey = 1024 * 1024;

/**
 * The identities given, and where the target holds wrapped ones and a passphrase can be had, those that it opens: one is
 * enough, since the others may be of an older passphrase. Throws KEY_WRONG if it opens none or an identity file is
 * none, KEY_MISSING if there is no key at all.
 */
export async function openKeys(target: Target, inputs: KeyInputs, signal?: AbortSignal): Promise<KeyRing> {
  const { openKeyRing } = await import('../../volume/age.ts');
  const passphrase = once(inputs.passphrase ?? (async () => null));
  const texts: string[] = [];
  for (const identity of inputs.identities) texts.push(await identityText(identity, passphrase));
  const wrapped = await listKeys(target, signal);
  if (wrapped.length > 0) {
    const phrase = await passphrase();
    if (phrase !== null) texts.push(...(await unwrapAll(target, wrapped, phrase, signal)));
  }
  const ring = openKeyRing(texts);
  if (ring.size > 0) return ring;
  if (inputs.identities.length > 0) {
    throw new BatError('KEY_MISSING', 'The identity file holds no key.', { hint: 'An identity is a line that begins with AGE-SECRET-KEY-; `bat keygen` makes one.' });
  }
  throw new BatError('KEY_MISSING', `What is stored on ${target.location} is encrypted, and no key was given.`, {
    hint: wrapped.length > 0 ? "Give the plan's passphrase, or an identity file with --identity." : 'Name the identity file with --identity.',
    subject: target.id,
  });
}

/** The identities given, and nothing else; none if there is none. Throws KEY_MISSING and KEY_WRONG for one that is encrypted itself and cannot be opened. */
export async function openIdentities(inputs: KeyInputs): Promise<KeyRing> {
  const { openKeyRing } = await import('../../volume/age.ts');
  const passphrase = once(inputs.passphrase ?? (async () => null));
  const texts: string[] = [];
  for (const identity of inputs.identities) texts.push(await identityText(identity, passphrase));
  return openKeyRing(texts);
}

/** The same question, asked only once. */
export function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => (answer ??= ask());
}

async function identityText(identity: string | Uint8Array, passphrase: () => Promise<string | null>): Promise<string> {
  const text = typeof identity === 'string' ? identity : Buffer.from(identity).toString('latin1');
  const isArmored = text.trimStart().startsWith(armorHeader);
  if (!isArmored && !text.startsWith(ageHeader)) return typeof identity === 'string' ? identity : Buffer.from(identity).toString();
  const phrase = await passphrase();
  if (phrase === null) {
    throw new BatError('KEY_MISSING', 'The identity file is encrypted with a passphrase, and there is nobody to ask for it.', {
      hint: 'Give the passphrase, or an identity file that is not encrypted.',
    });
  }
  const { unwrapIdentity } = await import('../../volume/age.ts');
  const bytes = isArmored ? Buffer.from(text.replace(/-----.*?-----/g, ''), 'base64') : Buffer.from(text, 'latin1');
  return unwrapIdentity(bytes, phrase, 'the identity file');
}

async function listKeys(target: Target, signal?: AbortSignal): Promise<{ name: string; size: number }[]> {
  const keys: { name: string; size: number }[] = [];
  for await (const { name, size } of target.list('keys/', signal)) {
    if (name.endsWith('.age') && size <= largestKey) keys.push({ name, size });
  }
  return keys.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function unwrapAll(target: Target, keys: readonly { name: string; size: number }[], phrase: string, signal?: AbortSignal): Promise<string[]> {
  const { unwrapIdentity } = await import('../../volume/age.ts');
  const texts: string[] = [];
  let failure: unknown;
  for (const { name, size } of keys) {
    try {
      const bytes = await target.read(name, 0, size, signal);
      texts.push(
        await unwrapIdentity(bytes, phrase, name).catch(async (error: unknown) => {
          // A passphrase is slow to try: it is tried again only if the bytes had come damaged.
          const again = await target.read(name, 0, size, signal);
          if (Buffer.from(again).equals(bytes)) throw error;
          return unwrapIdentity(again, phrase, name);
        }),
      );
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof BatError)) throw error;
      failure ??= error;
    }
  }
  if (texts.length === 0) throw failure;
  return texts;
}
