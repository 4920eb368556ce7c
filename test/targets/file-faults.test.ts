/** Every call to the file system fails once, in turn: the target holds the old object or the new one, whole, and can be swept. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BatError } from '../../src/core/errors.ts';
import type { Target } from '../../src/targets/target.ts';
import { withRetry } from '../../src/targets/with-retry.ts';
import type { DiskCall, Watcher } from './faulty-disk.ts';
import { systemError, watchedDisk } from './faulty-disk.ts';
import { fastFolder, fileTargetIn, filesBelow, removeFolder } from './file-store.ts';

const hot = { temperature: 'hot' } as const;
const parted = { ...hot, partSize: 2 * 2 ** 20 };
const old = Buffer.alloc(3000, 'old ');
const fresh = Buffer.alloc(5000, 'new ');
let folder: string;

beforeEach(async () => {
  folder = await fastFolder();
});
afterEach(() => removeFolder(folder));

/** The objects before and after; null is none. */
const before: Record<string, Buffer | null> = { 'bat.json': old, 'volumes/1.tar': old, 'volumes/2.tar': null, 'photos/2024/a.jpg': null, 'gone/1.tar': old };
const after: Record<string, Buffer | null> = { 'bat.json': fresh, 'volumes/1.tar': fresh, 'volumes/2.tar': fresh, 'photos/2024/a.jpg': fresh, 'gone/1.tar': null };

/** Does everything a target can do, and notes which object has come to its end. */
async function doEverything(target: Target, done: Set<string>): Promise<void> {
  await target.connect({ create: true });
  await target.put('bat.json', fresh, hot);
  done.add('bat.json');
  for (const name of ['volumes/1.tar', 'volumes/2.tar', 'photos/2024/a.jpg']) {
    const upload = await target.open(name, parted);
    try {
      await upload.write(0, fresh);
      await upload.finish(fresh.length);
      done.add(name);
    } finally {
      await upload.abort();
    }
  }
  await target.remove('gone/1.tar');
  done.add('gone/1.tar');
  await target.read('volumes/2.tar', 10, 100);
  await target.stat('volumes/2.tar');
  expect(await Array.fromAsync(target.list(''))).toHaveLength(4);
  await target.sweep();
}

async function storeOld(): Promise<void> {
  await removeFolder(`${folder}/store`);
  const target = fileTargetIn(folder);
  await target.connect({ create: true });
  for (const [name, bytes] of Object.entries(before)) if (bytes) await target.put(name, bytes, hot);
}

/** Each object is one of the two, and the new one if its call returned; then a sweep leaves objects alone. */
async function expectWhole(done: ReadonlySet<string>, told: string): Promise<void> {
  const target = fileTargetIn(folder);
  const there = (await Array.fromAsync(target.list(''))).map(({ name }) => name).sort();
  for (const name of Object.keys(before)) {
    const stat = await target.stat(name);
    const stored = stat && Buffer.from(await target.read(name, 0, stat.size));
    const allowed = done.has(name) ? [after[name]] : [before[name], after[name]];
    const matches = allowed.some((bytes) => (bytes && stored ? bytes.equals(stored) : bytes === stored));
    expect(matches, `${name} after ${told}`).toBe(true);
  }
  await target.sweep();
  expect(await filesBelow(target.location), `swept after ${told}`).toEqual(there);
}

/** Fails the n-th call of all, at its start or once it is done. */
function failAt(n: number, moment: 'before' | 'after', code: string): { watcher: Watcher; failed: () => DiskCall | null } {
  let count = 0;
  let failed: DiskCall | null = null;
  const watch = (call: DiskCall): void => {
    if (++count !== n) return;
    failed = call;
    throw systemError(code);
  };
  return { watcher: { [moment]: watch }, failed: () => failed };
}

describe.each(['before', 'after'] as const)('a call that fails %s it is done', (moment) => {
  it.each(['EIO', 'EPERM'])('leaves whole objects: %s', async (code) => {
    for (let n = 1; ; n++) {
      await storeOld();
      const { watcher, failed } = failAt(n, moment, code);
      const done = new Set<string>();
      const error: unknown = await doEverything(fileTargetIn(folder, watchedDisk(watcher)), done).catch((error: unknown) => error);
      const call = failed();
      const told = `${code} ${moment} call ${n}, ${call?.name} ${call?.path}`;
      if (error !== undefined) expect(error, told).toBeInstanceOf(BatError);
      await expectWhole(done, told);
      if (!call) {
        expect(error).toBeUndefined();
        expect(n).toBeGreaterThan(50);
        break;
      }
    }
  });

  it('is made good by trying again, but for a flush of an upload', async () => {
    for (let n = 1; ; n++) {
      await storeOld();
      const { watcher, failed } = failAt(n, moment, 'EIO');
      const done = new Set<string>();
      const target = withRetry(fileTargetIn(folder, watchedDisk(watcher)), { attempts: 2, wait: 0, maxWait: 0, within: Infinity }, () => {});
      const error: unknown = await doEverything(target, done).catch((error: unknown) => error);
      const call = failed();
      const told = `call ${n}, ${call?.name} ${call?.path}`;
      if (error !== undefined) {
        expect(call?.name, told).toMatch(/^file\.(sync|close)$/);
        expect(call?.path, told).toContain('.bat-tmp-');
        expect(error).toMatchObject({ transient: false });
      }
      await expectWhole(done, told);
      if (!call) break;
    }
  });
});
