/** The target `file` on a real disk that is full, or read-only. */
import { mkdir } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Upload } from '../../src/targets/target.ts';
import { fileTargetIn, filesBelow, removeFolder } from './file-store.ts';
import type { SmallDisk } from './mounted.ts';
import { mountSmallDisk, mountingProblem } from './mounted.ts';

const hot = { temperature: 'hot' } as const;
const parted = { ...hot, partSize: 2 * 2 ** 20 };
const problem = mountingProblem();
const mebibytes = 4;

/** Writes more than the disk holds. */
async function fill(upload: Upload, partSize: number): Promise<void> {
  for (let index = 0; index * partSize < mebibytes * 2 ** 20; index++) await upload.write(index, Buffer.alloc(partSize));
}

describe.skipIf(problem !== null)(problem === null ? 'a small disk' : `a small disk (skipped: ${problem})`, () => {
  let small: SmallDisk | undefined;
  let folder: string;
  beforeAll(() => {
    small = mountSmallDisk(mebibytes);
  });
  afterAll(() => small?.unmount());
  beforeEach(async () => {
    folder = `${small!.path}/test`;
    await removeFolder(folder);
    await mkdir(folder);
  });

  it('that is full is told so, keeps the objects of before, and goes on once there is room', async () => {
    const target = fileTargetIn(folder);
    await target.connect({ create: true });
    const old = Buffer.alloc(1_000_000, 'old ');
    await target.put('volumes/1.tar', old, hot);
    const full = { code: 'TARGET_FULL', transient: false, message: expect.stringMatching(/"usb".*no space/) as string, hint: expect.stringContaining('room') as string };

    const upload = await target.open('volumes/1.tar', parted);
    try {
      await expect(fill(upload, target.capabilities.partSize)).rejects.toMatchObject(full);
      expect(Buffer.from(await target.read('volumes/1.tar', 0, old.length)).equals(old)).toBe(true);
    } finally {
      await upload.abort();
    }
    await expect(target.put('volumes/1.tar', Buffer.alloc(8_000_000), hot)).rejects.toMatchObject(full);
    expect(await filesBelow(target.location)).toEqual(['volumes/1.tar']);
    expect(Buffer.from(await target.read('volumes/1.tar', 0, old.length)).equals(old)).toBe(true);

    await target.put('volumes/2.tar', Buffer.alloc(2_000_000), hot);
    await target.remove('volumes/1.tar');
    await target.put('volumes/3.tar', Buffer.alloc(1_500_000), hot);
    expect(await filesBelow(target.location)).toEqual(['volumes/2.tar', 'volumes/3.tar']);
  });

  it('that is read-only serves a restore and refuses a run', async () => {
    const target = fileTargetIn(folder);
    await target.connect({ create: true });
    await target.put('volumes/1.tar', Buffer.from('some bytes'), hot);
    small!.remount('ro');
    try {
      const denied = { code: 'TARGET_DENIED', transient: false, message: expect.stringContaining('read-only') as string, hint: expect.stringContaining('ount') as string };
      await expect(target.connect({ create: true })).rejects.toMatchObject(denied);
      await expect(target.put('bat.json', Buffer.from('{}'), hot)).rejects.toMatchObject(denied);
      await expect(target.open('volumes/2.tar', parted)).rejects.toMatchObject(denied);
      await expect(target.remove('volumes/1.tar')).rejects.toMatchObject(denied);
      await target.connect({ create: false });
      expect(Buffer.from(await target.read('volumes/1.tar', 0, 10)).toString()).toBe('some bytes');
    } finally {
      small!.remount('rw');
    }
  });
});
