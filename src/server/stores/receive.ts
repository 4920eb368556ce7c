/** The body of a request into a file: in pieces as they come, with its SHA-256, in little memory. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { BufferPool } from '../../core/buffer-pool.ts';
import { freeBytes } from '../../core/free-bytes.ts';
import { formatBytes } from '../../core/units.ts';
import { ServerError } from '../errors.ts';

/** What a body is said to be, before it is read. */
export interface Announced {
  /** Bytes. */
  length: number;
  /** In hexadecimal; null where nobody says it. */
  sha256: string | null;
}

/** Written at a time, by each request; and how many buffers are kept for the next ones. */
const writeSize = 512 * 1024;
const pool = new BufferPool(writeSize, 8);
/** A body that is refused is read to its end if it is no longer than this: else the refusal itself could be lost with the connection. */
const mostDiscarded = 64 * 2 ** 20;

/** Throws ServerError BAD_REQUEST for a body of unknown length or a digest that is none, TOO_LARGE for one above `most`. */
export function announced({ headers }: IncomingMessage, most: number): Announced {
  const length = Number(headers['content-length'] ?? NaN);
  if (!Number.isSafeInteger(length) || length < 0) throw new ServerError('BAD_REQUEST', 'The length of the body must be said before it comes.', { hint: 'Send Content-Length, and no chunks.' });
  if (length > most) throw new ServerError('TOO_LARGE', `The server takes no more than ${formatBytes(most)} at a time.`, { hint: 'Set a smaller `volume` in the tar step, or a larger `limits: upload` in the settings of the server.' });
  return { length, sha256: digestOf(headers['content-digest']) };
}

/** `sha-256=:<base64>:`, as RFC 9530 has it. */
function digestOf(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  const match = /^sha-256=:([A-Za-z0-9+/]{43}=):$/.exec(String(header).trim());
  if (!match) throw new ServerError('BAD_REQUEST', 'Content-Digest must be sha-256=:…: with 32 bytes in base64.');
  return Buffer.from(match[1]!, 'base64').toString('hex');
}

/** Returns the SHA-256 in hexadecimal. Throws ServerError HASH_MISMATCH, BAD_REQUEST for a body that ends early. Nothing is flushed. */
export async function receiveInto(handle: FileHandle, position: number, incoming: IncomingMessage, { length, sha256 }: Announced): Promise<string> {
  const hash = createHash('sha256');
  // What comes is copied at once: to hold pieces of 64 KiB until they are written keeps the garbage collector busier than all else.
  const buffer = pool.take();
  let held = 0;
  let done = 0;
  const write = async (): Promise<void> => {
    await writeAll(handle, buffer.subarray(0, held), position + done);
    done += held;
    held = 0;
  };
  try {
    // Left early, the connection stays: an answer still has to go out.
    for await (const chunk of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      for (let taken = 0; taken < chunk.length; ) {
        const count = chunk.copy(buffer, held, taken);
        taken += count;
        held += count;
        if (held === buffer.length) await write();
      }
      // Its memory is its own where nothing else lies in it.
      if (chunk.length === chunk.buffer.byteLength) freeBytes(chunk);
    }
    if (held > 0) await write();
  } catch (error) {
    throw incoming.destroyed && !incoming.complete ? new ServerError('BAD_REQUEST', 'The request ended before it was whole.', { cause: error }) : error;
  } finally {
    pool.give(buffer);
  }
  if (done !== length) throw new ServerError('BAD_REQUEST', `The body has ${done} bytes, and should have ${length}.`);
  const found = hash.digest('hex');
  if (sha256 !== null && found !== sha256) throw new ServerError('HASH_MISMATCH', 'The bytes arrived damaged: they have another SHA-256 than was said.', { hint: 'Send them again.' });
  return found;
}

/** A write may be cut short by the system and is gone on with. */
async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    if (bytesWritten === 0) throw Object.assign(new Error('The system wrote nothing.'), { code: 'EIO' });
    done += bytesWritten;
  }
}

/** What is left of a body that nobody wants. */
export async function discardBody(incoming: IncomingMessage): Promise<void> {
  // Who waits for a word before sending gets the refusal instead.
  if (incoming.complete || incoming.headers.expect !== undefined || !(Number(incoming.headers['content-length'] ?? NaN) <= mostDiscarded)) return;
  try {
    for await (const _ of incoming.iterator({ destroyOnReturn: false }));
  } catch {
    // Whoever sent it has gone.
  }
}
