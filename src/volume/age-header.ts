/** The header of an age file, made and opened by the age library. */
import { randomBytes } from 'node:crypto';
import { Encrypter } from 'age-encryption';
import { BatError } from '../core/errors.ts';
import { type KeyRing, NoKeyFits } from './age-keys.ts';
import { payloadKeyOf, payloadNonceSize, tagSize } from './age-payload.ts';
import { damagedObject } from './damage.ts';

/** The bytes given do not reach to the end of the header: try again with more, or take the object for truncated. */
export class HeaderTooShort extends Error {}

export interface NewHeader {
  /** The header and the nonce of the payload. */
  bytes: Uint8Array;
  payloadKey: Buffer;
}

const versionLine = Buffer.from('age-encryption.org/v1\n');
const macLine = Buffer.from('\n--- ');
/** Hundreds of recipients fit; what is longer is no header. */
const maxHeaderSize = 1024 * 1024;

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

/**
 * Opens the header at the start of an object. Throws KEY_MISSING if the ring is empty, KEY_WRONG if no key of it fits,
 * OBJECT_DAMAGED if this is no age header or was changed, HeaderTooShort if `start` ends before it.
 */
export async function openHeader(
  start: Uint8Array,
  keys: KeyRing,
  subject: string,
): Promise<{ payloadKey: Buffer; payloadOffset: number }> {
  const header = wholeHeader(start, subject);
  if (keys.size === 0) {
    throw new BatError('KEY_MISSING', `${subject} is encrypted, and no key was given`, {
      subject,
      hint: 'Name the identity file with --identity.',
    });
  }
  const payloadOffset = header.length + payloadNonceSize;
  if (start.length < payloadOffset) throw new HeaderTooShort(subject);
  const fileKey = await openWith(() => keys.fileKeyOf(header), subject, 'none of the keys given fits');
  return { payloadKey: payloadKeyOf(fileKey, start.subarray(header.length, payloadOffset)), payloadOffset };
}

/** What the library finds wrong with a header, as an error of ours. */
export async function openWith(
  fileKeyOf: () => Promise<Uint8Array>,
  subject: string,
  misfit: string,
): Promise<Uint8Array> {
  try {
    return await fileKeyOf();
  } catch (error) {
    if (error instanceof BatError) throw error;
    if (error instanceof NoKeyFits) {
      throw new BatError('KEY_WRONG', `${subject} cannot be opened: ${misfit}`, {
        subject,
        hint: 'Use the identity or passphrase of a recipient that the plan had when the object was written.',
      });
    }
    throw damagedHeader(subject, error);
  }
}

/** The header without the nonce behind it, cut out but not yet understood. */
export function wholeHeader(start: Uint8Array, subject: string): Uint8Array {
  const bytes = Buffer.from(start.buffer, start.byteOffset, Math.min(start.length, maxHeaderSize));
  const compared = Math.min(bytes.length, versionLine.length);
  if (bytes.compare(versionLine, 0, compared, 0, compared) !== 0) throw damagedHeader(subject);
  // No other line of a header can begin so: arguments begin with "->", and base64 has no dash.
  const macAt = bytes.indexOf(macLine);
  const end = macAt === -1 ? -1 : bytes.indexOf('\n', macAt + macLine.length);
  if (end !== -1) return bytes.subarray(0, end + 1);
  if (start.length >= maxHeaderSize) throw damagedHeader(subject);
  throw new HeaderTooShort(subject);
}

function damagedHeader(subject: string, cause?: unknown): BatError {
  return damagedObject(subject, 'it has no valid age header', cause);
}
