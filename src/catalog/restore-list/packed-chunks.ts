/** The chunks of a file of several as one value: volume, offset, length and SHA-256 of each. */
import type { ListedChunk } from './listed.ts';

const placeBytes = 20;
const bytesEach = placeBytes + 32;

export function packChunks(chunks: readonly ListedChunk[]): Buffer {
  const bytes = Buffer.allocUnsafe(chunks.length * bytesEach);
  for (const [index, chunk] of chunks.entries()) {
    const at = index * bytesEach;
    bytes.writeUInt32LE(chunk.volume, at);
    bytes.writeDoubleLE(chunk.offset, at + 4);
    bytes.writeDoubleLE(chunk.length, at + 12);
    chunk.sha256.copy(bytes, at + placeBytes);
  }
  return bytes;
}

export function* unpackChunks(bytes: Buffer): Generator<ListedChunk> {
  for (let at = 0; at < bytes.length; at += bytesEach) {
    yield { volume: bytes.readUInt32LE(at), offset: bytes.readDoubleLE(at + 4), length: bytes.readDoubleLE(at + 12), sha256: bytes.subarray(at + placeBytes, at + bytesEach) };
  }
}
