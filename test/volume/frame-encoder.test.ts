/** One encoder makes many frames, and none of them has anything to do with another. */
import { randomBytes } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { FrameEncoder } from '../../src/volume/frame-encoder.ts';
import { decodeFrame } from '../../src/volume/frames.ts';
import { judged } from './judges/run.ts';

const KiB = 1024;

/** What compresses away, what does not compress at all, and what is larger than all before. */
const contents = Array.from({ length: 60 }, (_, index) => {
  const size = [0, 1, 100, 64 * KiB, 300 * KiB, 1024 * KiB][index % 6]! + index;
  return index % 4 === 3 ? Buffer.alloc(size, `line ${index}\n`) : randomBytes(size);
});

it.each([1, 3])('frames made by one encoder, %i at a time, each decode alone and stay as they are', async (atATime) => {
  const encoder = new FrameEncoder('zstd', 3);
  const frames: Uint8Array[] = [];
  for (let index = 0; index < contents.length; index += atATime) {
    frames.push(...(await Promise.all(contents.slice(index, index + atATime).map((content) => encoder.encode(content)))));
  }
  encoder.close();
  for (const [index, frame] of frames.entries()) {
    const content = contents[index]!;
    expect(Buffer.from(await decodeFrame('zstd', frame, content.length, `frame ${index}`)).equals(content)).toBe(true);
  }
  expect(judged('zstd', ['-dc'], Buffer.concat(frames)).equals(Buffer.concat(contents))).toBe(true);
});

it('what is under way when it is closed still comes', async () => {
  const encoder = new FrameEncoder('zstd', 3);
  const content = randomBytes(500 * KiB);
  const encoding = encoder.encode(content);
  encoder.close();
  expect(Buffer.from(await decodeFrame('zstd', await encoding, content.length, 'frame')).equals(content)).toBe(true);
});

it('what it writes into is made once, and again for a larger frame only', async () => {
  const made = vi.spyOn(Buffer, 'allocUnsafe');
  const encoder = new FrameEncoder('zstd', 1);
  for (const size of [200, 200, 100, 900, 900, 200, 900]) await encoder.encode(randomBytes(size * KiB));
  encoder.close();
  const sizes = made.mock.calls.map(([size]) => Math.floor(size / KiB));
  made.mockRestore();
  expect(sizes.filter((size) => size >= 200)).toEqual([201, 904]);
});
