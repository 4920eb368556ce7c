/**
 * Documents: objects that bat writes and reads whole, as a stream, like manifests. Nothing outside them says where
 * their frames lie: zstd has the seek table, gzip ends with an empty member. How they are written: document-writing.ts.
 */
import { readAgain } from '../core/read-again.ts';
import type { KeyRing } from './age-keys.ts';
import { damagedObject } from './damage.ts';
import { type Codec, decodeGzipMember, type Frame } from './frames.ts';
import { type Fetch, PlainReader } from './plain-reader.ts';
import { ObjectReader } from './range-reader.ts';
import { decodeSeekTable, seekTableLength } from './seek-table.ts';

/** What a frame of a document holds; the last one may hold less. */
export const documentFrameSize = 1024 * 1024;

/** More than a frame can take that does not compress. */
const maxMemberSize = documentFrameSize + 64 * 1024;
/** How much of a gzip document is decrypted at a time. */
const windowSize = 8 * documentFrameSize;
const footerSize = 9;

/**
 * What a whole document in memory holds. Throws OBJECT_DAMAGED where it was cut off, added to or changed; only a
 * document without codec and encryption has nothing to find that by. `fetchAgain`: what comes damaged is fetched once more
 * from where the bytes came from.
 */
export async function* decodeDocument(
  bytes: Uint8Array,
  codec: Codec,
  sealed: boolean,
  keys: KeyRing,
  name: string,
  fetchAgain?: Fetch,
): AsyncGenerator<Uint8Array> {
  const object = { name, size: bytes.length, sealed };
  const fetch: Fetch = async (offset, length, again) => (again && fetchAgain ? fetchAgain(offset, length) : bytes.subarray(offset, offset + length));
  const plain = await PlainReader.open(object, fetch, keys);
  if (codec === 'gzip') return yield* decodeMembers(plain, name);
  const frames = codec === 'zstd' ? await readAgain((again) => readFrameTable(plain, name, documentFrameSize, again)) : [];
  const decoded = codec === 'zstd' ? frames.reduce((sum, frame) => sum + frame.decoded, 0) : plain.size;
  return yield* new ObjectReader({ ...object, codec, frames, decoded }, plain).read(0, decoded);
}

/** Of a zstd object, by its seek table. `largest`: what no frame may decode to more than. */
export async function readFrameTable(plain: PlainReader, name: string, largest: number, again: boolean): Promise<Frame[]> {
  const length = seekTableLength(await plain.read(Math.max(0, plain.size - footerSize), plain.size, again));
  if (length === null || length > plain.size) throw damagedObject(name, 'its seek table is missing: it is cut off');
  const table = decodeSeekTable(await plain.read(plain.size - length, plain.size, again));
  if (table === null) throw damagedObject(name, 'its seek table is malformed');
  const stored = table.frames.reduce((sum, frame) => sum + frame.stored, length);
  if (stored !== plain.size) throw damagedObject(name, 'its seek table speaks of another length');
  if (table.frames.some(({ decoded }) => decoded > largest)) {
    throw damagedObject(name, 'its seek table speaks of larger frames than there can be');
  }
  return table.frames;
}

async function* decodeMembers(plain: PlainReader, name: string): AsyncGenerator<Uint8Array> {
  let window: Uint8Array = new Uint8Array(0);
  let windowEnd = 0;
  for (let at = 0; at < plain.size; ) {
    if (window.length < maxMemberSize && windowEnd < plain.size) {
      windowEnd = Math.min(plain.size, at + windowSize);
      window = await plain.read(at, windowEnd);
    }
    const { content, length } = await readAgain(async (again) => {
      if (again) window = await plain.read(at, windowEnd, true);
      return decodeGzipMember(window, documentFrameSize, name);
    });
    at += length;
    window = window.subarray(length);
    if (content.length > 0) yield content;
    else if (at < plain.size) throw damagedObject(name, 'there are bytes behind its end');
    else return;
  }
  throw damagedObject(name, 'its end is missing: it is cut off');
}
