/** How values stand in columns: names as TEXT or BLOB, lists of chunk ids and frames as packed integers. */
import { decodePath, encodePath } from '../core/paths.ts';

/** SQLite keeps text as UTF-8; a name that is not goes in as its bytes. */
export function toName(path: string): string | Buffer {
  return path.isWellFormed() ? path : encodePath(path);
}

export function fromName(value: unknown): string {
  return typeof value === 'string' ? value : decodePath(value as Uint8Array);
}

/** 32-bit unsigned integers, little-endian. */
export function packIds(ids: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(ids.length * 4);
  ids.forEach((id, index) => bytes.writeUInt32LE(id, index * 4));
  return bytes;
}

export function unpackIds(value: unknown): number[] {
  if (value === null) return [];
  const bytes = asBuffer(value);
  // Most files are one chunk.
  if (bytes.length === 4) return [bytes.readUInt32LE(0)];
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32LE(index * 4));
}

export function asBuffer(value: unknown): Buffer {
  const bytes = value as Uint8Array;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The directory and the last part of a path; the directory is empty at the top. */
export function splitPath(path: string): [directory: string, name: string] {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? ['', path] : [path.slice(0, slash), path.slice(slash + 1)];
}

export function joinPath(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

/** The lengths of each frame, decoded and stored, in turn. */
export function packFrames(frames: readonly { decoded: number; stored: number }[]): Buffer {
  return packIds(frames.flatMap(({ decoded, stored }) => [decoded, stored]));
}

export function unpackFrames(value: unknown): { decoded: number; stored: number }[] {
  const packed = asBuffer(value);
  return Array.from({ length: packed.length / 8 }, (_, index) => ({ decoded: packed.readUInt32LE(index * 8), stored: packed.readUInt32LE(index * 8 + 4) }));
}
