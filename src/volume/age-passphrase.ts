/** Identities wrapped by a passphrase: age files with a scrypt recipient. */
import { decodeBase64, cipherKey, openSealed, scrypt } from '#native/crypto';
import { Decrypter, type Identity, type Stanza } from 'age-encryption';
import { HeaderTooShort, openWith, wholeHeader } from './age-header.ts';
import { noneFits } from './age-keys.ts';
import { openChunks, payloadKeyOf, payloadNonceSize, tagSize } from './age-payload.ts';
import { damagedObject } from './damage.ts';

/** 4 GiB. More is no work factor but an attack on whoever opens the file; age stops here too. */
const maxWorkFactor = 22;
const stanzaType = 'scrypt';
const saltLabel = new TextEncoder().encode('age-encryption.org/v1/scrypt');
const saltSize = 16;
const fileKeySize = 16;

/** The identity file in `bytes`. KEY_WRONG for another passphrase, OBJECT_DAMAGED for a file that was changed. */
export async function unwrapIdentity(bytes: Uint8Array, passphrase: string, subject: string): Promise<string> {
  return new TextDecoder().decode(await openWithPassphrase(bytes, passphrase, subject));
}

/** What a whole age file in memory holds that a passphrase opens. */
export async function openWithPassphrase(bytes: Uint8Array, passphrase: string, subject: string): Promise<Uint8Array> {
  let header: Uint8Array;
  try {
    header = wholeHeader(bytes, subject);
  } catch (error) {
    throw error instanceof HeaderTooShort ? damagedObject(subject, 'it ends within its header') : error;
  }
  const payloadOffset = header.length + payloadNonceSize;
  if (bytes.length < payloadOffset) throw damagedObject(subject, 'it ends within its header');
  const decrypter = new Decrypter();
  decrypter.addIdentity(passphraseIdentity(passphrase, subject));
  decrypter.addIdentity(noneFits);
  const fileKey = await openWith(() => decrypter.decryptHeader(header), subject, 'the passphrase is wrong');
  const payloadKey = payloadKeyOf(fileKey, bytes.subarray(header.length, payloadOffset));
  return openChunks(payloadKey, 0, bytes.subarray(payloadOffset), true, subject);
}

/** Not the library's: that one runs scrypt on the main thread, and stops at a work factor of 20. */
function passphraseIdentity(passphrase: string, subject: string): Identity {
  return {
    async unwrapFileKey(stanzas) {
      const stanza = stanzas.find(({ args }) => args[0] === stanzaType);
      if (stanza === undefined) return null;
      // Anyone who knows the passphrase could have added it to the file of another.
      if (stanzas.length !== 1) throw damagedObject(subject, 'its passphrase is not the only key');
      const { salt, factor } = readStanza(stanza, subject);
      const wrappingKey = await scrypt(passphrase, Uint8Array.of(...saltLabel, ...salt), factor);
      return unwrapFileKey(wrappingKey, stanza.body);
    },
  };
}

function readStanza({ args, body }: Stanza, subject: string): { salt: Uint8Array; factor: number } {
  const [, saltText = '', factorText = ''] = args;
  const salt = decodeBase64(saltText);
  const isCanonical = btoa(String.fromCharCode(...salt)).replace(/=+$/, '') === saltText;
  if (args.length !== 3 || !isCanonical || salt.length !== saltSize || body.length !== fileKeySize + tagSize) {
    throw damagedObject(subject, 'its passphrase stanza is malformed');
  }
  if (!/^[1-9][0-9]*$/.test(factorText)) throw damagedObject(subject, 'its work factor is no number');
  const factor = Number(factorText);
  if (factor > maxWorkFactor) {
    throw damagedObject(subject, `its work factor of ${factorText} is above ${maxWorkFactor}, which no honest file has`);
  }
  return { salt, factor };
}

function unwrapFileKey(wrappingKey: Uint8Array, body: Uint8Array): Uint8Array | null {
  const fileKey = new Uint8Array(fileKeySize);
  return openSealed(cipherKey(wrappingKey), new Uint8Array(12), body, fileKey) ? fileKey : null;
}
