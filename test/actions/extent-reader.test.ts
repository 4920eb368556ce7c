/** Ranges are cut out of what an object holds, however its frames or pieces lie. */
import { expect, it } from 'vitest';
import { ExtentReader } from '../../src/actions/restore/extent-reader.ts';
import { FrameTable } from '../../src/actions/restore/extents.ts';
import { openKeyRing } from '../../src/volume/age.ts';
import type { Codec } from '../../src/volume/frames.ts';
import { ObjectReader } from '../../src/volume/object-reader.ts';
import { encodeFrame } from '../volume/encode-frame.ts';
import { noise } from './store-builder.ts';

const frameSize = 1024 * 1024;
const content = noise(5 * frameSize + 1000, 'content');
/** Within a frame, to its end, over a border, over several of them, and to the end. */
const ranges = [[0, 70_000], [70_000, frameSize - 70_000], [frameSize + 5, frameSize], [2 * frameSize + 5, 2 * frameSize + 7], [4 * frameSize + 100, 50], [5 * frameSize - 9, 1009]] as const;

it.each<Codec>(['zstd', 'gzip', 'none'])('each range is what it should be, and stays so until the next one is taken: %s', async (codec) => {
  const stored: Uint8Array[] = [];
  const frames: { decoded: number; stored: number }[] = [];
  for (let at = 0; at < content.length; at += frameSize) {
    const piece = Buffer.from(content.subarray(at, at + frameSize));
    stored.push(await encodeFrame(codec, 1, piece));
    if (codec !== 'none') frames.push({ decoded: piece.length, stored: stored.at(-1)!.length });
  }
  const object = Buffer.concat(stored);
  const layout = { name: 'volumes/a', size: object.length, sealed: false, codec, frames, decoded: content.length };
  const fetch = (offset: number, length: number): Promise<Uint8Array> => Promise.resolve(Uint8Array.from(object.subarray(offset, offset + length)));
  const reader = await ObjectReader.open(layout, fetch, openKeyRing([]), { ownsFetched: true });
  const source = new ExtentReader(reader, new FrameTable(layout), { start: 0, end: content.length });
  for (const [offset, length] of ranges) {
    const bytes = await source.take(offset, length);
    await new Promise(setImmediate);
    expect(Buffer.compare(bytes, content.subarray(offset, offset + length)), `${length} at ${offset}`).toBe(0);
  }
  await source.end();
});
