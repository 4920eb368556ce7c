/**
 * Documents: objects that bat writes and reads whole, as a stream, like manifests. Nothing outside them says where
 * their frames lie: zstd has the seek table, gzip ends with an empty member.
 */
import { freeBytes } from '../core/free-bytes.ts';
import { readAgain } from '../core/read-again.ts';
import type { KeyRing, Sealer } from './age.ts';
import { damagedObject } from './damage.ts';
import { FrameEncoder } from './frame-encoder.ts';
import { type Codec, decodeGzipMember, type Frame } from './frames.ts';
import { type Fetch, PlainReader } from './plain-reader.ts';
import { ObjectReader } from './range-reader.ts';
import { decodeSeekTable, encodeSeekTable, seekTableLength } from './seek-table.ts';

export interface DocumentOptions {
  codec: Codec;
  level: number;
  /** Null for a document that is not encrypted. */
  newSealer: (() => Promise<Sealer>) | null;
}

/** What a frame of a document holds; the last one may hold less. */
export const documentFrameSize = 1024 * 1024;

/** More than a frame can take that does not compress. */
const maxMemberSize = documentFrameSize + 64 * 1024;
/** How much of a gzip document is decrypted at a time. */
const windowSize = 8 * documentFrameSize;
const footerSize = 9;

/** The bytes of the object that holds `chunks`. */
export async function* encodeDocument(
  chunks: AsyncIterable<Uint8Array>,
  { codec, level, newSealer }: DocumentOptions,
): AsyncGenerator<Uint8Array> {
  if (newSealer === null) return yield* encodeFrames(chunks, codec, level);
  const sealer = await newSealer();
  yield sealer.header;
  for await (const bytes of encodeFrames(chunks, codec, level)) yield* sealer.update(bytes);
  return yield* sealer.final();
}

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

/** A frame is made on the thread pool while the content of the next one is gathered. */
async function* encodeFrames(chunks: AsyncIterable<Uint8Array>, codec: Codec, level: number): AsyncGenerator<Uint8Array> {
  const encoder = new FrameEncoder(codec, level);
  const frames: Frame[] = [];
  const finish = async ({ content, encoding }: { content: Uint8Array; encoding: Promise<Uint8Array> }): Promise<Uint8Array> => {
    const frame = await encoding;
    frames.push({ decoded: content.length, stored: frame.length });
    if (frame !== content) freeBytes(content);
    return frame;
  };
  let atWork: { content: Uint8Array; encoding: Promise<Uint8Array> } | null = null;
  try {
    for await (const content of regroup(chunks)) {
      const encoding = encoder.encode(content);
      encoding.catch(() => {}); // thrown where it is waited for
      if (atWork) yield await finish(atWork);
      atWork = { content, encoding };
    }
    if (atWork) yield await finish(atWork);
    if (codec === 'zstd') yield encodeSeekTable(frames);
    if (codec === 'gzip') yield await encoder.encode(new Uint8Array(0));
  } finally {
    encoder.close();
  }
}

/** The same bytes in pieces of the size of a frame, none of them empty. */
async function* regroup(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let size = 0;
  for await (let rest of chunks) {
    while (rest.length > 0) {
      const piece = rest.subarray(0, documentFrameSize - size);
      pieces.push(piece);
      size += piece.length;
      rest = rest.subarray(piece.length);
      if (size < documentFrameSize) continue;
      yield Buffer.concat(pieces);
      pieces = [];
      size = 0;
    }
  }
  if (size > 0) yield Buffer.concat(pieces);
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
