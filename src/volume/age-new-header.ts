/** The header of a new age file, made by the age library. */
import { randomBytes } from 'node:crypto';
import { Encrypter } from 'age-encryption';
import { payloadKeyOf, payloadNonceSize, tagSize } from './age-payload.ts';

export interface NewHeader {
  /** The header and the nonce of the payload. */
  bytes: Uint8Array;
  payloadKey: Uint8Array;
}

/** A header with a new file key for these recipients. */
export async function makeHeader(recipients: readonly string[]): Promise<NewHeader> {
  let fileKey: Uint8Array | undefined;
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  // A recipient that writes no stanza: it only takes the file key, so that the payload can be ours.
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = Uint8Array.from(key);
      return [];
    },
  });
  // As a stream: of bytes the library makes a Response, and Node would load all of fetch for it.
  const empty = Buffer.concat(await Array.fromAsync(await encrypter.encrypt(new Blob([]).stream())));
  const header = empty.subarray(0, empty.length - payloadNonceSize - tagSize);
  // Not the nonce of the library's empty payload: a key must never seal two payloads.
  const nonce = randomBytes(payloadNonceSize);
  return { bytes: Buffer.concat([header, nonce]), payloadKey: payloadKeyOf(fileKey!, nonce) };
}
