/** The target `file`: what it makes of the folder it is given. */
import { chmod, mkdir, readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BatError } from '../../src/core/errors.ts';
import { FileTarget } from '../../src/targets/file.ts';
import { disk } from '../../src/targets/file/disk.ts';
import { systemError, watchedDisk } from './faulty-disk.ts';
import { fileTargetIn, filesBelow, removeFolder, temporaryFolder } from './file-store.ts';

const hot = { temperature: 'hot' } as const;
const parted = { ...hot, partSize: 2 * 2 ** 20 };
const some = Buffer.from('some bytes');
let folder: string;

beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => removeFolder(folder));

describe('connecting', () => {
  it('makes its folder and the one of the plan, and puts objects there', async () => {
    const target = fileTargetIn(folder);
    await target.connect({ create: true });
    await target.put('volumes/1.tar', some, hot);
    expect(target.location).toBe(join(folder, 'store', 'nas'));
    expect(await readFile(join(folder, 'store', 'nas', 'volumes', '1.tar'))).toEqual(some);
  });

  it('takes `~` for the home folder, and absolute paths as they are', () => {
    const context = { folder: '/plans', plan: 'nas' };
    expect(new FileTarget('a', { path: '~/Backups' }, context, disk).location).toBe(join(homedir(), 'Backups', 'nas'));
    expect(new FileTarget('a', { path: '/mnt/usb' }, context, disk).location).toBe('/mnt/usb/nas');
    expect(new FileTarget('a', { path: '../out' }, context, disk).location).toBe('/out/nas');
  });

  it('takes a missing parent for a disk that is not mounted', async () => {
    const target = new FileTarget('usb', { path: 'mnt/usb' }, { folder, plan: 'nas' }, disk);
    const hint = expect.stringMatching(/mounted.*mkdir -p/) as string;
    await expect(target.connect({ create: true })).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE', transient: false, hint });
    await expect(target.connect({ create: false })).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE' });
    expect(await filesBelow(folder)).toEqual([]);
  });

  it('makes nothing for a restore, and says that nothing is stored', async () => {
    await expect(fileTargetIn(folder).connect({ create: false })).rejects.toMatchObject({ code: 'NOTHING_STORED' });
    await mkdir(join(folder, 'store'));
    await expect(fileTargetIn(folder).connect({ create: false })).rejects.toMatchObject({ code: 'NOTHING_STORED', exitCode: 10 });
    await expect(stat(join(folder, 'store', 'nas'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses a file where a folder should be', async () => {
    for (const file of ['store', 'store/nas']) {
      await removeFolder(join(folder, 'store'));
      await mkdir(join(folder, file, '..'), { recursive: true });
      await writeFile(join(folder, file), '');
      for (const create of [true, false]) {
        await expect(fileTargetIn(folder).connect({ create })).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE', message: expect.stringContaining('not a folder') as string });
      }
    }
  });

  it('needs to write for a run, and only to read for a restore', async () => {
    await fileTargetIn(folder).connect({ create: true });
    const readable = watchedDisk({
      before({ name }) {
        if (name === 'access') throw systemError('EACCES');
      },
    });
    await expect(fileTargetIn(folder, readable).connect({ create: true })).rejects.toMatchObject({ code: 'TARGET_DENIED', hint: expect.stringContaining('rights') as string });
    const base = join(folder, 'store', 'nas');
    await chmod(base, 0o555);
    await fileTargetIn(folder).connect({ create: false });
    if (process.getuid?.() !== 0) await expect(fileTargetIn(folder).connect({ create: true })).rejects.toMatchObject({ code: 'TARGET_DENIED' });
    await chmod(base, 0o755);
  });
});

describe('a disk that is unplugged meanwhile', () => {
  it('is unreachable to every call, and is not written to under its mount point', async () => {
    const target = fileTargetIn(folder);
    await target.connect({ create: true });
    await target.put('volumes/1.tar', some, hot);
    const upload = await target.open('volumes/2.tar', parted);
    await upload.write(0, some);
    const store = join(folder, 'store');
    await rename(store, join(folder, 'unplugged'));
    await mkdir(store);

    const calls = {
      put: () => target.put('volumes/3.tar', some, hot),
      'put at the top': () => target.put('bat.json', some, hot),
      open: () => target.open('new/folder/3.tar', parted),
      finish: () => upload.finish(some.length),
      read: () => target.read('volumes/1.tar', 0, 1),
      stat: () => target.stat('volumes/1.tar'),
      list: () => Array.fromAsync(target.list('')),
      'list a folder': () => Array.fromAsync(target.list('volumes/')),
      remove: () => target.remove('volumes/1.tar'),
      sweep: () => target.sweep(),
    };
    for (const [call, work] of Object.entries(calls)) {
      await expect(work(), call).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE', transient: false, message: expect.stringContaining('"usb"') as string, hint: expect.stringContaining('mount') as string });
    }
    await upload.abort();
    expect(await filesBelow(store)).toEqual([]);
  });
});

describe('names', () => {
  it.each([
    ['a'.repeat(200), true], ['a'.repeat(201), false],
    [`${'a/'.repeat(511)}bb`, true], [`${'a/'.repeat(511)}bbb`, false],
    ['ends.', false], ['.bat-tmp-1', false], ['volumes/.bat-tmp-1', false], ['with space', false], ['ü', false], ['new\nline', false],
    ['.hidden', true], ['-_..9/Z', true],
  ])('%s', (name, accepted) => {
    expect(fileTargetIn(folder).acceptsName(name)).toBe(accepted);
  });
});

describe('what lies in the folder', () => {
  it('has the rights that the umask leaves', async () => {
    const target = fileTargetIn(folder);
    const before = process.umask(0o027);
    try {
      await target.connect({ create: true });
      await target.put('volumes/1.tar', some, hot);
      const upload = await target.open('volumes/2.tar', parted);
      await upload.finish(0);
    } finally {
      process.umask(before);
    }
    const modes = await Promise.all(['.', 'volumes', 'volumes/1.tar', 'volumes/2.tar'].map(async (name) => (await stat(join(target.location, name))).mode & 0o777));
    expect(modes.map((mode) => mode.toString(8))).toEqual(['750', '750', '640', '640']);
  });

  it('is listed only as far as it can be an object: no link, no foreign name, nothing outside', async () => {
    const target = fileTargetIn(folder);
    await target.connect({ create: true });
    await target.put('volumes/1.tar', some, hot);
    const outside = join(folder, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'secret'), 'outside');
    await writeFile(join(outside, '.bat-tmp-0'), 'outside');
    await symlink(outside, join(target.location, 'linked'));
    await symlink(join(outside, 'secret'), join(target.location, 'linked-file'));
    await writeFile(join(target.location, 'by hand.txt'), '');
    expect(await Array.fromAsync(target.list(''))).toEqual([{ name: 'volumes/1.tar', size: some.length }]);
    expect(await target.stat('linked-file')).toBeNull();
    await expect(target.read('linked-file', 0, 1)).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
    await expect(Array.fromAsync(target.list('../outside/'))).rejects.toBeInstanceOf(BatError);
    expect(await target.sweep()).toBe(0);
    expect(await filesBelow(outside)).toEqual(['.bat-tmp-0', 'secret']);
  });

  it('may stand in the way of an object, which is told and not tried again', async () => {
    const target = fileTargetIn(folder);
    await target.connect({ create: true });
    await target.put('photos', some, hot);
    await target.put('videos/1.mp4', some, hot);
    for (const name of ['photos/1.jpg', 'photos/2024/1.jpg', 'videos']) {
      await expect(target.put(name, some, hot), name).rejects.toMatchObject({ code: 'TARGET_FAILED', transient: false, message: expect.stringContaining(name) as string });
      await expect(uploadNothing(target, name), name).rejects.toMatchObject({ code: 'TARGET_FAILED', transient: false });
    }
    await target.sweep();
    expect(await filesBelow(target.location)).toEqual(['photos', 'videos/1.mp4']);
  });
});

async function uploadNothing(target: FileTarget, name: string): Promise<void> {
  const upload = await target.open(name, parted);
  try {
    await upload.finish(0);
  } finally {
    await upload.abort();
  }
}

describe('a place made for a while', () => {
  it('takes back the folders that it made, and none that were there or hold something', async () => {
    const target = fileTargetIn(folder);
    await target.connect({ create: true });
    await target.put('volumes/1.tar', some, hot);
    await target.unmake();
    expect(await filesBelow(folder)).toEqual(['store/nas/volumes/1.tar']);

    const other = new FileTarget('usb', { path: 'store' }, { folder, plan: 'other' }, disk);
    await other.connect({ create: true });
    await other.unmake();
    expect(await readdir(join(folder, 'store'))).toEqual(['nas']);

    const fresh = new FileTarget('usb', { path: 'fresh' }, { folder, plan: 'nas' }, disk);
    await fresh.connect({ create: true });
    await fresh.put('volumes/1.tar', some, hot);
    await fresh.remove('volumes/1.tar');
    await fresh.unmake();
    expect(await readdir(folder)).toEqual(['store']);
  });
});

it('tells the time of the disk', async () => {
  const target = fileTargetIn(folder);
  await target.connect({ create: true });
  expect(Math.abs((await target.clock())!.getTime() - Date.now())).toBeLessThan(60_000);
  expect(await filesBelow(folder)).toEqual([]);
  await expect(target.clock(AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
});
