/**
 * The seek table at the end of a zstd object: the published Zstandard Seekable Format, version 0.1.0.
 * It is a skippable frame, so a plain `zstd -d` passes over it. Numbers are little-endian.
 */
import type { Frame } from './frames.ts';

const skippableMagic = 0x184d2a5e;
const seekableMagic = 0x8f92eab1;
const skippableHeaderBytes = 8;
const footerBytes = 9;
const checksumFlag = 0x80;
const reservedBits = 0x7c;
/** The format's own limit. */
const maxFrames = 0x8000000;

/** Bytes of the table that `encodeSeekTable` makes. */
export function seekTableSize(frames: number): number {
  return skippableHeaderBytes + frames * 8 + footerBytes;
}

export function encodeSeekTable(frames: Frame[]): Uint8Array {
  // No checksum a frame: each frame carries its own content checksum.
  const content = frames.length * 8 + footerBytes;
  if (frames.length > maxFrames) throw new RangeError(`a seek table cannot hold ${frames.length} frames`);
  const view = new DataView(new ArrayBuffer(skippableHeaderBytes + content));
  view.setUint32(0, skippableMagic, true);
  view.setUint32(4, content, true);
  let offset = skippableHeaderBytes;
  for (const { stored, decoded } of frames) {
    if (stored > 0xffffffff || decoded > 0xffffffff) throw new RangeError('a frame is too large for a seek table');
    view.setUint32(offset, stored, true);
    view.setUint32(offset + 4, decoded, true);
    offset += 8;
  }
  view.setUint32(offset, frames.length, true);
  view.setUint8(offset + 4, 0);
  view.setUint32(offset + 5, seekableMagic, true);
  return new Uint8Array(view.buffer);
}

/**
 * The table at the end of `tail`, and its whole length. Null if there is none, if it contradicts itself, or if
 * `tail` does not reach back to its beginning: `seekTableLength` of the last 9 bytes says how much is needed.
 */
export function decodeSeekTable(tail: Uint8Array): { frames: Frame[]; length: number } | null {
  const length = seekTableLength(tail.subarray(Math.max(0, tail.length - footerBytes)));
  if (length === null || length > tail.length) return null;
  const view = new DataView(tail.buffer, tail.byteOffset + tail.length - length, length);
  if (view.getUint32(0, true) !== skippableMagic) return null;
  if (view.getUint32(4, true) !== length - skippableHeaderBytes) return null;
  const entryBytes = hasChecksums(view.getUint8(length - 5)) ? 12 : 8;
  const frames: Frame[] = [];
  for (let at = skippableHeaderBytes; at < length - footerBytes; at += entryBytes) {
    frames.push({ stored: view.getUint32(at, true), decoded: view.getUint32(at + 4, true) });
  }
  return { frames, length };
}

/** How long the table is that ends with these 9 bytes; null if they end none. */
export function seekTableLength(footer: Uint8Array): number | null {
  if (footer.length !== footerBytes) return null;
  const view = new DataView(footer.buffer, footer.byteOffset, footerBytes);
  const count = view.getUint32(0, true);
  const descriptor = view.getUint8(4);
  if (view.getUint32(5, true) !== seekableMagic || count > maxFrames || (descriptor & reservedBits) !== 0) return null;
  return skippableHeaderBytes + count * (hasChecksums(descriptor) ? 12 : 8) + footerBytes;
}

function hasChecksums(descriptor: number): boolean {
  return (descriptor & checksumFlag) !== 0;
}
