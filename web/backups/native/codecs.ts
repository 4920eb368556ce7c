/** What reading the format needs of decoders, in a browser: src/volume/native/codecs.ts says what each of these does. */
import { decompress } from 'fzstd';
import { checksumOf } from './xxhash64.ts';

const checksumBytes = 4;
/** Each is fixed: src/volume/frames.ts. */
const gzipHeader = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
const gzipTrailerBytes = 8;
/** The ten bytes of a header stand in compressed data by chance once in 2^80: more than a few times is an attack. */
const mostAttempts = 8;

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

export async function decompressZstd(frame: Uint8Array, decoded: number): Promise<Uint8Array> {
  const content = decompress(frame, new Uint8Array(decoded));
  // The library passes over the checksum.
  const { buffer, byteOffset, length } = frame;
  const expected = new DataView(buffer, byteOffset + length - checksumBytes, checksumBytes).getUint32(0, true);
  if (checksumOf(content) !== expected) throw new Error('its checksum is wrong');
  return content;
}

/**
 * The browser's own decoder does not say where a stream ended, and takes nothing behind it. So the end is looked for: the next member begins with a
 * header that is known, or there is none.
 */
export async function inflateRaw(bytes: Uint8Array, limit: number): Promise<{ content: Uint8Array; consumed: number }> {
  let attempts = 0;
  let failure: unknown = new Error('it ends too early');
  for (const end of memberEnds(bytes)) {
    const consumed = end - gzipTrailerBytes;
    if (consumed <= 0) continue;
    if (++attempts > mostAttempts) break;
    try {
      return { content: await inflateWhole(bytes.subarray(0, consumed), limit), consumed };
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Where the member may end that these bytes begin in, nearest first. */
function* memberEnds(bytes: Uint8Array): Generator<number> {
  for (let at = bytes.indexOf(gzipHeader[0]!); at !== -1; at = bytes.indexOf(gzipHeader[0]!, at + 1)) {
    if (gzipHeader.every((byte, index) => bytes[at + index] === byte)) yield at;
  }
  yield bytes.length;
}

async function inflateWhole(bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  const decoder = new DecompressionStream('deflate-raw');
  const writer = decoder.writable.getWriter();
  const writing = writer.write(bytes as Uint8Array<ArrayBuffer>).then(() => writer.close());
  writing.catch(() => undefined); // thrown where it is read
  const reader = decoder.readable.getReader();
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      size += next.value.length;
      if (size > limit) throw new Error('it holds more than it may');
      pieces.push(next.value);
    }
    await writing;
  } finally {
    reader.cancel().catch(() => undefined);
  }
  const content = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    content.set(piece, at);
    at += piece.length;
  }
  return content;
}
