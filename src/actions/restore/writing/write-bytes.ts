/** Writes bytes to an open file, and leaves holes where a file had them. */
import fs from 'node:fs';

const holeSize = 4096;
const zeros = Buffer.alloc(holeSize);

/** `asHoles`: blocks of zeros are left out; the file must be brought to its length afterwards. */
export function writeBytes(file: number, bytes: Uint8Array, position: number, asHoles: boolean): void {
  if (!asHoles) writeAll(file, bytes, position);
  else for (const [start, end] of dataIn(bytes, position)) writeAll(file, bytes.subarray(start, end), position + start);
}

/** The stretches that are not blocks of zeros, blocks being counted from the start of the file. */
function* dataIn(bytes: Uint8Array, position: number): Generator<[start: number, end: number]> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let dataStart = -1;
  for (let at = 0; at < view.length; ) {
    const end = Math.min(view.length, at + holeSize - ((position + at) % holeSize));
    const isHole = end - at === holeSize && zeros.equals(view.subarray(at, end));
    if (!isHole && dataStart < 0) dataStart = at;
    if (isHole && dataStart >= 0) {
      yield [dataStart, at];
      dataStart = -1;
    }
    at = end;
  }
  if (dataStart >= 0) yield [dataStart, view.length];
}

/** A write may take less than it was given. */
function writeAll(file: number, bytes: Uint8Array, position: number): void {
  for (let written = 0; written < bytes.length; ) written += fs.writeSync(file, bytes, written, bytes.length - written, position + written);
}
