/** Identities wrapped by a passphrase: age files with a scrypt recipient. */
import { createDecipheriv, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { Decrypter, Encrypter, type Identity, type Stanza } from 'age-encryption';
import { HeaderTooShort, openWith, wholeHeader } from './age-header.ts';
import { noneFits, parseIdentities } from './age-keys.ts';
import { openChunks, payloadKeyOf, payloadNonceSize, tagSize } from './age-payload.ts';
import { damagedObject } from './damage.ts';

/** 256 MiB and about half a second: what age itself uses. */
const workFactor = 18;
/** 4 GiB. More is no work factor but an attack on whoever opens the file; age stops here too. */
const maxWorkFactor = 22;
const blockSize = 8;
const stanzaType = 'scrypt';
const saltLabel = Buffer.from('age-encryption.org/v1/scrypt');
const saltSize = 16;
const fileKeySize = 16;

const runScrypt = promisify<string, Buffer, number, object, Buffer>(scrypt);

export async function wrapIdentity(identityText: string, passphrase: string): Promise<Uint8Array> {
  parseIdentities(identityText);
  const encrypter = new Encrypter();
  encrypter.setScryptWorkFactor(workFactor);
  encrypter.setPassphrase(passphrase);
  return encrypter.encrypt(identityText);
}

/** The identity file in `bytes`. KEY_WRONG for another passphrase, OBJECT_DAMAGED for a file that was changed. */
export async function unwrapIdentity(bytes: Uint8Array, passphrase: string, subject: string): Promise<string> {
  return Buffer.from(await openWithPassphrase(bytes, passphrase, subject)).toString();
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
      const wrappingKey = await runScrypt(passphrase, Buffer.concat([saltLabel, salt]), 32, {
        N: 2 ** factor,
        r: blockSize,
        p: 1,
        maxmem: 2 ** factor * blockSize * 128 + 2 ** 20,
      });
      return unwrapFileKey(wrappingKey, stanza.body);
    },
  };
}

function readStanza({ args, body }: Stanza, subject: string): { salt: Buffer; factor: number } {
  const [, saltText = '', factorText = ''] = args;
  const salt = Buffer.from(saltText, 'base64');
  const isCanonical = salt.toString('base64').replace(/=+$/, '') === saltText;
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

function unwrapFileKey(wrappingKey: Buffer, body: Uint8Array): Uint8Array | null {
  const decryption = createDecipheriv('chacha20-poly1305', wrappingKey, Buffer.alloc(12), { authTagLength: tagSize });
  decryption.setAuthTag(body.subarray(fileKeySize));
  const fileKey = decryption.update(body.subarray(0, fileKeySize));
  try {
    decryption.final();
  } catch {
    return null;
  }
  return fileKey;
}
