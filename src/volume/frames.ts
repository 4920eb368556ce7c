/** Frames: pieces of a stream that each decode alone. How they are made: frame-encoder.ts. Their concatenation is what `zstd -d` or `gunzip` reads. */
import { crc32, decompressZstd, inflateRaw } from '#native/codecs';
import type { BatError } from '../core/bat-error.ts';
import { damagedObject } from './damage.ts';
import { readZstdFrame } from './zstd-frame.ts';

export type Codec = 'zstd' | 'gzip' | 'none';

/** Lengths in bytes: what a frame decodes to, and what it takes in the stream. */
export interface Frame {
  decoded: number;
  stored: number;
}

export const codecSuffix: Record<Codec, '.zst' | '.gz' | ''> = { zstd: '.zst', gzip: '.gz', none: '' };
export const defaultLevel: Record<Codec, number> = { zstd: 3, gzip: 6, none: 0 };
export const levelRange: Record<Codec, [number, number]> = { zstd: [1, 19], gzip: [1, 9], none: [0, 0] };

/**
 * The header of every gzip member: deflate, no name, no time, no hint, system unknown. zlib writes its level
 * and system into the last two bytes; a fixed header is the same on every machine, and a flip in it shows.
 */
export const gzipHeader = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
const gzipTrailerBytes = 8;

/**
 * What the single frame in `bytes` holds. Throws OBJECT_DAMAGED if it is not exactly one whole frame of `decoded`
 * bytes; never allocates more than that, whatever the frame claims. With a codec, what it gives is in memory of its own,
 * which `freeBytes` may free.
 */
export async function decodeFrame(
  codec: Codec,
  bytes: Uint8Array,
  decoded: number,
  subject: string,
): Promise<Uint8Array> {
  switch (codec) {
    case 'zstd':
      return decodeZstd(bytes, decoded, subject);
    case 'gzip': {
      const member = await decodeGzipMember(bytes, decoded, subject);
      if (member.length !== bytes.length) throw damagedFrame(subject, 'there are bytes behind it');
      if (member.content.length !== decoded) throw damagedFrame(subject, 'it holds fewer bytes than it should');
      return member.content;
    }
    case 'none':
      if (bytes.length !== decoded) throw damagedFrame(subject, 'it has another length than it should');
      return bytes;
  }
}

/** The first gzip member in `bytes`, of at most `limit` decoded bytes, and how many stored bytes it takes. */
export async function decodeGzipMember(
  bytes: Uint8Array,
  limit: number,
  subject: string,
): Promise<{ content: Uint8Array; length: number }> {
  if (!gzipHeader.every((byte, index) => bytes[index] === byte)) throw damagedFrame(subject, 'its header is wrong');
  // Not gunzip: that goes on into the next member, and ignores garbage behind the last.
  const { content, consumed } = await inflate(bytes.subarray(gzipHeader.length), limit, subject);
  const trailerAt = gzipHeader.length + consumed;
  if (trailerAt + gzipTrailerBytes > bytes.length) throw damagedFrame(subject, 'it ends too early');
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + trailerAt, gzipTrailerBytes);
  if (trailer.getUint32(0, true) !== crc32(content) || trailer.getUint32(4, true) !== content.length % 2 ** 32) {
    throw damagedFrame(subject, 'its checksum is wrong');
  }
  return { content, length: trailerAt + gzipTrailerBytes };
}

async function decodeZstd(bytes: Uint8Array, decoded: number, subject: string): Promise<Uint8Array> {
  const frame = readZstdFrame(bytes);
  if (frame === null) throw damagedFrame(subject, 'it is no whole frame');
  // Decoders disagree on bytes behind a frame: some drop them without a word, some decode them.
  if (frame.length !== bytes.length) throw damagedFrame(subject, 'there are bytes behind it');
  if (!frame.hasChecksum) throw damagedFrame(subject, 'it has no checksum');
  if (frame.contentSize !== decoded) throw damagedFrame(subject, 'it claims another length than it should have');
  let content: Uint8Array;
  try {
    content = await decompressZstd(bytes, decoded);
  } catch (error) {
    throw damagedFrame(subject, 'it does not decode', error);
  }
  if (content.length !== decoded) throw damagedFrame(subject, 'it holds fewer bytes than it should');
  return content;
}

async function inflate(bytes: Uint8Array, limit: number, subject: string): Promise<{ content: Uint8Array; consumed: number }> {
  try {
    return await inflateRaw(bytes, limit);
  } catch (error) {
    throw damagedFrame(subject, 'it does not decode', error);
  }
}

function damagedFrame(subject: string, reason: string, cause?: unknown): BatError {
  return damagedObject(subject, `a frame cannot be read, ${reason}`, cause);
}
