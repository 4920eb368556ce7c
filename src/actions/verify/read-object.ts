/** Reads one object whole: are its bytes those that were stored, and does what is in them decode. */
import { hash } from 'node:crypto';
import type { ObjectToCheck } from '../../catalog/verify-list.ts';
import type { PlacedChunk } from '../../catalog/sufferers.ts';
import { BatError, type ErrorCode } from '../../core/errors.ts';
import type { KeyRing } from '../../volume/age.ts';
import type { Frame } from '../../volume/frames.ts';
import { ObjectReader } from '../../volume/object-reader.ts';
import { ExtentReader } from '../restore/extent-reader.ts';
import { FrameTable } from '../restore/extents.ts';
import { StoredBytes } from './stored-bytes.ts';

/** How an object is decoded. */
export interface Decoding {
  keys: KeyRing;
  frames: readonly Frame[];
  chunks: readonly PlacedChunk[];
}

export interface ReadOutcome {
  /** The SHA-256 of what lies there; null if the object cannot be read to its end. */
  sha256: Buffer | null;
  isRight: boolean;
  /** Whether it was decoded: not if no key opens it. */
  isDecoded: boolean;
  /** Ids of the chunks that cannot be had; null if that was not looked at. */
  lost: number[] | null;
  /** Why, in the words of the first that failed. */
  reason: string;
}

type Read = (offset: number, length: number) => Promise<Uint8Array>;

const mostReads = 4;
const keyCodes: ReadonlySet<ErrorCode> = new Set(['KEY_WRONG', 'KEY_MISSING']);

/**
 * `decoding`: null to look at the stored bytes alone. Bytes that come damaged are read again: only what comes the same twice is taken for
 * what lies there. Throws what the target throws, OBJECT_MISSING and OBJECT_COLD among it.
 */
export async function readObject(object: ObjectToCheck, read: Read, decoding: Decoding | null): Promise<ReadOutcome> {
  let before: ReadOutcome | null = null;
  for (let reads = 1; ; reads++) {
    const outcome = await readOnce(object, read, decoding);
    const isSame = before !== null && before.sha256 !== null && outcome.sha256 !== null && before.sha256.equals(outcome.sha256);
    if (outcome.isRight || isSame || reads >= mostReads) return outcome;
    before = outcome;
  }
}

async function readOnce(object: ObjectToCheck, read: Read, decoding: Decoding | null): Promise<ReadOutcome> {
  const bytes = new StoredBytes(object.size, read);
  const decoded = decoding && (await decode(object, bytes, decoding));
  let sha256: Buffer | null = null;
  let reason = decoded?.reason ?? '';
  try {
    sha256 = await bytes.finish();
  } catch (error) {
    if (!(error instanceof BatError) || error.code !== 'OBJECT_DAMAGED') throw error;
    reason = error.message;
  }
  return { sha256, isRight: sha256?.equals(object.sha256) ?? false, isDecoded: decoded?.isDecoded ?? false, lost: decoded?.lost ?? null, reason };
}

async function decode(object: ObjectToCheck, bytes: StoredBytes, { keys, frames, chunks }: Decoding): Promise<Pick<ReadOutcome, 'isDecoded' | 'lost' | 'reason'>> {
  const { name, size, sealed, codec, decoded } = object;
  const layout = { name, size, sealed, codec, frames, decoded };
  let reader: ObjectReader;
  try {
    reader = await ObjectReader.open(layout, bytes.fetch, keys, { ownsFetched: true });
  } catch (error) {
    if (!(error instanceof BatError)) throw error;
    if (keyCodes.has(error.code)) return { isDecoded: false, lost: null, reason: '' };
    if (error.code !== 'OBJECT_DAMAGED') throw error;
    return { isDecoded: true, lost: chunks.map(({ id }) => id), reason: error.message };
  }
  const source = new ExtentReader(reader, new FrameTable(layout), { start: 0, end: decoded });
  const lost: number[] = [];
  let reason = '';
  try {
    for (const chunk of chunks) {
      const wrong = await takeChunk(source, name, chunk);
      if (wrong === null) continue;
      lost.push(chunk.id);
      reason ||= wrong;
    }
  } finally {
    await source.end();
  }
  return { isDecoded: true, lost, reason };
}

/** What is wrong with a chunk, or null. */
async function takeChunk(source: ExtentReader, name: string, { offset, length, sha256 }: PlacedChunk): Promise<string | null> {
  try {
    return hash('sha256', await source.take(offset, length), 'buffer').equals(sha256) ? null : `${name} holds other bytes than it should at ${offset}`;
  } catch (error) {
    if (!(error instanceof BatError) || error.code !== 'OBJECT_DAMAGED') throw error;
    return error.message;
  }
}
