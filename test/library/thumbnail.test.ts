/** The small picture of a photo that somebody made to keep the server busy. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readThumbnail } from '../../src/library/thumbnail.ts';

const picture = Buffer.from('ffd8ffd9', 'hex');
const pictureAt = 64_000;
type Entry = [tag: number, type: number, count: number, value: number];

/** A photo whose second directory, that of the small picture, has these entries. */
function photoWith(entries: readonly Entry[]): Buffer {
  const tiff = Buffer.alloc(65_000);
  tiff.write('II*\0', 'latin1');
  const writeDirectory = (at: number, directory: readonly Entry[], next: number): number => {
    tiff.writeUInt16LE(directory.length, at);
    directory.forEach(([tag, type, count, value], index) => {
      const start = at + 2 + index * 12;
      tiff.writeUInt16LE(tag, start);
      tiff.writeUInt16LE(type, start + 2);
      tiff.writeUInt32LE(count, start + 4);
      tiff.writeUInt32LE(value, start + 8);
    });
    tiff.writeUInt32LE(next, at + 2 + directory.length * 12);
    return at + 6 + directory.length * 12;
  };
  tiff.writeUInt32LE(8, 4);
  writeDirectory(8, [[0x0112, 3, 1, 1]], 26);
  writeDirectory(26, entries, 0);
  picture.copy(tiff, pictureAt);
  const part = Buffer.concat([Buffer.from('Exif\0\0'), tiff]);
  const head = Buffer.from('ffd8ffe10000', 'hex');
  head.writeUInt16BE(part.length + 2, 4);
  return Buffer.concat([head, part, Buffer.from('ffd9', 'hex')]);
}

async function thumbnailOf(photo: Buffer): Promise<Buffer | null> {
  const folder = mkdtempSync(join(tmpdir(), 'bat-thumbnail-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'a.jpg'), photo);
  const handle = await open(join(folder, 'a.jpg'));
  try {
    return await readThumbnail(handle);
  } finally {
    await handle.close();
  }
}

const place: Entry[] = [[0x0201, 4, 1, pictureAt], [0x0202, 4, 1, picture.length]];

test('is found by its two entries; of all others nothing is read, however many there are and whatever they name', async () => {
  expect(await thumbnailOf(photoWith(place))).toEqual(picture);
  // Of a type that there is not: whoever reads it fails.
  expect(await thumbnailOf(photoWith([[0x0103, 99, 30_000, 8], ...place]))).toEqual(picture);
  expect(await thumbnailOf(photoWith([...Array.from({ length: 5000 }, (): Entry => [0x0103, 3, 30_000, 8]), ...place]))).toEqual(picture);
});

test('is none where its place is no place', async () => {
  for (const wrong of [[[0x0201, 4, 1, 0xffff_ffff], place[1]!], [place[0]!, [0x0202, 4, 1, 0xffff_ffff]]] as Entry[][]) expect(await thumbnailOf(photoWith(wrong))).toBeNull();
});
