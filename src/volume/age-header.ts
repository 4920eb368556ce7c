/** The header of an age file, opened by the age library. */
import { BatError } from '../core/bat-error.ts';
import { type KeyRing, NoKeyFits } from './age-keys.ts';
import { payloadKeyOf, payloadNonceSize } from './age-payload.ts';
import { damagedObject } from './damage.ts';

/** The bytes given do not reach to the end of the header: try again with more, or take the object for truncated. */
export class HeaderTooShort extends Error {}

const versionLine = new TextEncoder().encode('age-encryption.org/v1\n');
const macLine = new TextEncoder().encode('\n--- ');
const newline = macLine[0]!;
/** Hundreds of recipients fit; what is longer is no header. */
const maxHeaderSize = 1024 * 1024;

/**
 * Opens the header at the start of an object. Throws KEY_MISSING if the ring is empty, KEY_WRONG if no key of it fits,
 * OBJECT_DAMAGED if this is no age header or was changed, HeaderTooShort if `start` ends before it.
 */
export async function openHeader(
  start: Uint8Array,
  keys: KeyRing,
  subject: string,
): Promise<{ payloadKey: Uint8Array; payloadOffset: number }> {
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
  const bytes = start.subarray(0, maxHeaderSize);
  if (bytes.subarray(0, versionLine.length).some((byte, index) => byte !== versionLine[index])) throw damagedHeader(subject);
  // No other line of a header can begin so: arguments begin with "->", and base64 has no dash.
  const macAt = indexOfLine(bytes, macLine);
  const end = macAt === -1 ? -1 : bytes.indexOf(newline, macAt + macLine.length);
  if (end !== -1) return bytes.subarray(0, end + 1);
  if (start.length >= maxHeaderSize) throw damagedHeader(subject);
  throw new HeaderTooShort(subject);
}

/** Where `line` begins, which begins with a newline itself; -1 if it is not there. */
function indexOfLine(bytes: Uint8Array, line: Uint8Array): number {
  for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) {
    if (line.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}

function damagedHeader(subject: string, cause?: unknown): BatError {
  return damagedObject(subject, 'it has no valid age header', cause);
}
