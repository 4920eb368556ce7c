/** The chunks of a file as one value: volume, offset, length and SHA-256 of each; the only chunk of a file has the file's own hash. */
import type { ListedChunk } from './listed.ts';

const placeBytes = 20;
const hashBytes = 32;

export function packChunks(chunks: readonly ListedChunk[]): Buffer {
  const bytesEach = placeBytes + (chunks.length === 1 ? 0 : hashBytes);
  const bytes = Buffer.allocUnsafe(chunks.length * bytesEach);
  for (const [index, chunk] of chunks.entries()) {
    const at = index * bytesEach;
    bytes.writeUInt32LE(chunk.volume, at);
    bytes.writeDoubleLE(chunk.offset, at + 4);
    bytes.writeDoubleLE(chunk.length, at + 12);
    if (chunks.length > 1) chunk.sha256.copy(bytes, at + placeBytes);
  }
  return bytes;
}

export function* unpackChunks(bytes: Buffer, fileHash: Buffer): Generator<ListedChunk> {
  const bytesEach = bytes.length === placeBytes ? placeBytes : placeBytes + hashBytes;
  for (let at = 0; at < bytes.length; at += bytesEach) {
    const sha256 = bytesEach === placeBytes ? fileHash : bytes.subarray(at + placeBytes, at + bytesEach);
    yield { volume: bytes.readUInt32LE(at), offset: bytes.readDoubleLE(at + 4), length: bytes.readDoubleLE(at + 12), sha256 };
  }
}
