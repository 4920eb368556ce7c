/**
 * The small picture that a camera puts into each of its photos. It lies at the beginning of the file, so that a page of a hundred photos costs a few
 * megabytes to read; nothing is decoded here.
 */
import type { FileHandle } from 'node:fs/promises';

/** EXIF has at most 64 KiB, behind a few smaller parts. */
const beginning = 192 * 1024;
const largest = 64 * 1024;

/** A JPEG that is turned as the photo is, or null where there is none. Throws the system's errors. */
export async function readThumbnail(handle: FileHandle): Promise<Buffer | null> {
  const buffer = Buffer.alloc(beginning);
  const { bytesRead } = await handle.read(buffer, 0, beginning, 0);
  const found = await embedded(buffer.subarray(0, bytesRead));
  if (!found) return null;
  const { picture, orientation } = found;
  const isJpeg = picture.length <= largest && picture[0] === 0xff && picture[1] === 0xd8;
  return isJpeg ? turned(picture, orientation) : null;
}

/**
 * Only where the picture lies, and each once: of a directory of five thousand entries that all name the same thirty thousand numbers
 * the reading of all would keep the server busy for seconds.
 */
const wanted = { tiff: false, ifd1: { pick: [0x0201, 0x0202] }, sanitize: false, translateKeys: false, translateValues: false, mergeOutput: false };

/** The bytes are anybody's: what cannot be read has no small picture. */
async function embedded(photo: Buffer): Promise<{ picture: Buffer; orientation: number } | null> {
  const { default: exifr } = await import('exifr');
  try {
    const reader = new exifr.Exifr(wanted);
    await reader.read(photo);
    const picture = await reader.extractThumbnail();
    if (!picture) return null;
    return { picture: Buffer.from(picture), orientation: (await exifr.orientation(photo)) ?? 1 };
  } catch {
    return null;
  }
}

/** The small picture says nothing of how the camera was held. It gets an EXIF part of its own, with that alone. */
function turned(picture: Buffer, orientation: number): Buffer {
  if (!(orientation >= 2 && orientation <= 8)) return picture;
  // "Exif", a big-endian TIFF header, one directory with one entry: tag 0x0112, of type SHORT, one of them, the value; no further directory.
  const exif = Buffer.from(`457869660000${'4d4d002a00000008'}${'0001'}${'0112000300000001'}${`000${orientation}0000`}${'00000000'}`, 'hex');
  const head = Buffer.alloc(4);
  head.writeUInt16BE(0xffe1, 0);
  head.writeUInt16BE(exif.length + 2, 2);
  return Buffer.concat([picture.subarray(0, 2), head, exif, picture.subarray(2)]);
}
