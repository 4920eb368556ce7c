/**
 * What reading the format needs of a machine's own decoders, on node:zlib. In a browser web/backups/native/codecs.ts stands in its
 * place: package.json, "imports".
 */
import { promisify } from 'node:util';
import zlib from 'node:zlib';

const zstdDecompress = promisify(zlib.zstdDecompress);

/** Of a single whole frame that says that it has `decoded` bytes; more are never allocated. Throws if it does not decode, its checksum included. */
export function decompressZstd(frame: Uint8Array, decoded: number): Promise<Uint8Array> {
  return zstdDecompress(frame, outputLimit(decoded));
}

/**
 * Of a deflate stream at the start of `bytes`, behind which there may be more: what it holds, at most `limit` bytes, and how many it
 * takes. Throws if it does not decode.
 */
export function inflateRaw(bytes: Uint8Array, limit: number): Promise<{ content: Uint8Array; consumed: number }> {
  return new Promise((resolve, reject) => {
    // Deflate shrinks by 1032 at the most: no more room than these bytes can need, whatever the limit is.
    const chunkSize = roomFor(Math.min(limit, bytes.length * 1032));
    zlib.inflateRaw(bytes, { ...outputLimit(limit), chunkSize, info: true }, (error, result) => {
      if (error) return reject(error);
      // With `info`, Node gives the engine too, which knows where the deflate stream ended; the types do not say so.
      const { buffer, engine } = result as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
      return resolve({ content: buffer, consumed: engine.bytesWritten });
    });
  });
}

export function crc32(bytes: Uint8Array): number {
  return zlib.crc32(bytes);
}

function outputLimit(decoded: number): { chunkSize: number; maxOutputLength: number } {
  return { chunkSize: roomFor(decoded), maxOutputLength: Math.max(1, decoded) };
}

/** 64 is the least zlib takes. Once it has filled its room it makes as much again, though nothing may be left to put there. */
function roomFor(decoded: number): number {
  return decoded + 64;
}
