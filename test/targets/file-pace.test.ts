/** The target `file` asks its pace before each slice that it writes or reads. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Pace } from '../../src/core/pace.ts';
import { sliceLength } from '../../src/core/slices.ts';
import { FileTarget } from '../../src/targets/file.ts';
import { disk } from '../../src/targets/file/disk.ts';
import { filesBelow, removeFolder, temporaryFolder } from './file-store.ts';

const bytes = Uint8Array.from({ length: 3 * sliceLength + 10 }, (_, index) => index % 241);
const slices = [sliceLength, sliceLength, sliceLength, 10];

let folder: string;
let asked: { uploads: number[]; downloads: number[] };
let onAsk: () => void;
let target: FileTarget;

beforeEach(async () => {
  folder = await temporaryFolder();
  asked = { uploads: [], downloads: [] };
  onAsk = () => {};
  const pace: Pace = {
    upload: async (count) => {
      asked.uploads.push(count);
      onAsk();
    },
    download: async (count) => {
      asked.downloads.push(count);
      onAsk();
    },
  };
  target = new FileTarget('usb', { path: 'store' }, { folder, plan: 'nas', pace }, disk);
  await target.connect({ create: true });
});
afterEach(() => removeFolder(folder));

test('a whole object, its parts, and what is read', async () => {
  await target.put('a', bytes, { temperature: 'hot' });
  expect(asked.uploads).toEqual(slices);
  const upload = await target.open('b', { temperature: 'hot', partSize: bytes.length });
  await upload.write(1, bytes.subarray(0, 100));
  await upload.write(0, bytes);
  await upload.finish(bytes.length + 100);
  expect(asked.uploads).toEqual([...slices, 100, ...slices]);
  expect(Buffer.from(await target.read('a', 0, bytes.length)).equals(bytes)).toBe(true);
  expect(asked.downloads).toEqual(slices);
  expect(Buffer.from(await target.read('b', bytes.length, 100)).equals(bytes.subarray(0, 100))).toBe(true);
});

test('a signal ends it between two slices, and nothing is left', async () => {
  const controller = new AbortController();
  const reason = new Error('stopped by the test');
  onAsk = () => {
    if (asked.uploads.length === 2) controller.abort(reason);
  };
  await expect(target.put('a', bytes, { temperature: 'hot', signal: controller.signal })).rejects.toBe(reason);
  expect(asked.uploads).toEqual([sliceLength, sliceLength]);
  expect(await filesBelow(folder)).toEqual([]);
});
