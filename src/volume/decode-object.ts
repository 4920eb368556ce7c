/** What a whole object holds, as a stream, for those who have nothing but the object: no manifest says where its frames lie. */
import { Readable } from 'node:stream';
import zlib from 'node:zlib';
import { readAgain } from '../core/read-again.ts';
import type { KeyRing } from './age.ts';
import { damagedObject } from './damage.ts';
import { readFrameTable } from './document.ts';
import type { Codec } from './frames.ts';
import { type Fetch, PlainReader, type StoredObject } from './plain-reader.ts';
import { ObjectReader } from './range-reader.ts';

/** No frame holds more, by the format. */
const largestFrame = 64 * 1024 * 1024;
const windowSize = 4 * 1024 * 1024;

/** Throws OBJECT_DAMAGED where it was cut off or changed, as far as that can be told; KEY_MISSING, KEY_WRONG, and what `fetch` does. */
export async function* decodeObject(object: StoredObject, codec: Codec, fetch: Fetch, keys: KeyRing): AsyncGenerator<Uint8Array> {
  const plain = await PlainReader.open(object, fetch, keys);
  if (codec === 'gzip') return yield* gunzip(plain, object.name);
  const frames = codec === 'zstd' ? await readAgain((again) => readFrameTable(plain, object.name, largestFrame, again)) : [];
  const decoded = codec === 'zstd' ? frames.reduce((sum, frame) => sum + frame.decoded, 0) : plain.size;
  return yield* new ObjectReader({ ...object, codec, frames, decoded }, plain).read(0, decoded);
}

async function* gunzip(plain: PlainReader, name: string): AsyncGenerator<Uint8Array> {
  const source = Readable.from(windows(plain), { objectMode: false });
  const decoder = source.pipe(zlib.createGunzip({ chunkSize: 1024 * 1024 }));
  // A pipe does not hand errors on.
  source.on('error', (error) => decoder.destroy(error));
  try {
    for await (const piece of decoder) yield piece as Buffer;
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    throw typeof code === 'string' && code.startsWith('Z_') ? damagedObject(name, 'it does not decode', error) : error;
  } finally {
    source.destroy();
  }
}

async function* windows(plain: PlainReader): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < plain.size; at += windowSize) yield plain.read(at, Math.min(plain.size, at + windowSize));
}
