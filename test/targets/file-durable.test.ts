/** The target `file`: what is confirmed survives a power cut, and a failure is told as what it is. */
import { relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FileTarget } from '../../src/targets/file.ts';
import type { DiskCall } from './faulty-disk.ts';
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

async function connected(watcher: Parameters<typeof watchedDisk>[0]): Promise<FileTarget> {
  await fileTargetIn(folder).connect({ create: true });
  return fileTargetIn(folder, watchedDisk(watcher));
}

async function uploadSome(target: FileTarget, name: string): Promise<void> {
  const upload = await target.open(name, parted);
  try {
    await upload.write(0, some);
    await upload.finish(some.length);
  } finally {
    await upload.abort();
  }
}

describe('the order of things', () => {
  const stored = { put: (target: FileTarget, name: string) => target.put(name, some, hot), upload: uploadSome };

  for (const [way, store] of Object.entries(stored)) {
    it(`flushes the file, then renames it, then flushes every folder above that may be new (${way})`, async () => {
      const calls: DiskCall[] = [];
      const target = await connected({ after: (call) => void calls.push(call) });
      await store(target, 'a/b/1.tar');
      const told = calls
        .filter(({ name }) => ['file.write', 'file.sync', 'rename'].includes(name))
        .map(({ name, path }) => `${name} ${(relative(folder, path) || '.').replace(/\.bat-tmp-.*/, 'temporary')}`);
      const temporary = 'store/nas/a/b/temporary';
      expect(told).toEqual([
        `file.write ${temporary}`, `file.sync ${temporary}`, `rename ${temporary}`,
        'file.sync store/nas/a/b', 'file.sync .', 'file.sync store', 'file.sync store/nas', 'file.sync store/nas/a',
      ]);
    });
  }

  it('flushes only its folder for a further object in it', async () => {
    const flushed: string[] = [];
    const target = await connected({
      after({ name, path }) {
        if (name === 'file.sync' && !path.includes('.bat-tmp-')) flushed.push(relative(folder, path));
      },
    });
    await target.put('a/b/1.tar', some, hot);
    flushed.length = 0;
    await target.put('a/b/2.tar', some, hot);
    expect(flushed).toEqual(['store/nas/a/b']);
  });

  it('flushes a folder again that was empty and removed and is made again', async () => {
    const flushed: string[] = [];
    const target = await connected({
      after({ name, path }) {
        if (name === 'file.sync' && !path.includes('.bat-tmp-')) flushed.push(relative(folder, path));
      },
    });
    await target.put('a/b/1.tar', some, hot);
    await target.remove('a/b/1.tar');
    flushed.length = 0;
    await target.put('a/b/1.tar', some, hot);
    expect(flushed).toEqual(['store/nas/a/b', 'store/nas', 'store/nas/a']);
  });

  it('flushes the folder of an object that is removed, also when the removal is repeated', async () => {
    let fail = true;
    let flushed = 0;
    const target = await connected({
      before({ name, path }) {
        if (name !== 'file.sync' || !path.endsWith('/volumes')) return;
        if (fail) throw systemError('EIO');
        flushed++;
      },
    });
    await fileTargetIn(folder).put('volumes/1.tar', some, hot);
    await fileTargetIn(folder).put('volumes/2.tar', some, hot);
    await expect(target.remove('volumes/1.tar')).rejects.toMatchObject({ code: 'TARGET_FAILED', transient: true });
    fail = false;
    await target.remove('volumes/1.tar');
    expect(flushed).toBe(1);
  });
});

describe('a folder that cannot be flushed', () => {
  const failing = (code: string) =>
    connected({
      before({ name, path }) {
        if (name === 'file.sync' && !path.includes('.bat-tmp-')) throw systemError(code);
      },
    });

  it.each(['EINVAL', 'ENOTSUP', 'EPERM'])('is taken as it is where the file system knows no such thing: %s', async (code) => {
    const target = await failing(code);
    await target.put('volumes/1.tar', some, hot);
    await uploadSome(target, 'volumes/2.tar');
    expect(await filesBelow(target.location)).toEqual(['volumes/1.tar', 'volumes/2.tar']);
  });

  it('is an error where the disk failed, and the end may be tried again', async () => {
    let fail = true;
    const target = await connected({
      before({ name, path }) {
        if (fail && name === 'file.sync' && !path.includes('.bat-tmp-')) throw systemError('EIO');
      },
    });
    const upload = await target.open('volumes/1.tar', parted);
    await upload.write(0, some);
    await expect(upload.finish(some.length)).rejects.toMatchObject({ code: 'TARGET_FAILED', transient: true });
    fail = false;
    expect(await upload.finish(some.length)).toEqual({ name: 'volumes/1.tar', size: some.length, parts: 1 });
  });
});

describe('a file that cannot be flushed', () => {
  it('is lost for good: flushing again would tell a success that is none', async () => {
    let failures = 1;
    const target = await connected({
      before({ name, path }) {
        if (name === 'file.sync' && path.includes('.bat-tmp-') && failures-- > 0) throw systemError('EIO');
      },
    });
    const upload = await target.open('volumes/1.tar', parted);
    await upload.write(0, some);
    for (const time of ['first', 'second']) {
      await expect(upload.finish(some.length), time).rejects.toMatchObject({ code: 'TARGET_FAILED', transient: false, message: expect.stringContaining('flush') as string });
    }
    await upload.abort();
    expect(await filesBelow(target.location)).toEqual([]);
  });
});

describe('writing', () => {
  it('is refused once the upload was given up, and said so', async () => {
    const upload = await (await connected({})).open('volumes/1.tar', parted);
    await upload.abort();
    const error = { code: 'TARGET_FAILED', transient: false, message: expect.stringContaining('given up') as string };
    await expect(upload.write(0, some)).rejects.toMatchObject(error);
    await expect(upload.finish(0)).rejects.toMatchObject(error);
  });

  it('goes on where the system wrote less than it was given', async () => {
    const target = await connected({});
    const cut = watchedDisk({});
    const short = new Proxy(cut, {
      get: (disk, property) =>
        property !== 'open' ? Reflect.get(disk, property) : async (path: string, ...rest: [number, number]) => {
          const handle = await disk.open(path, ...rest);
          return new Proxy(handle, {
            get: (file, name) =>
              name !== 'write' ? Reflect.get(file, name) : (bytes: Uint8Array, offset: number, length: number, position: number) => file.write(bytes, offset, Math.min(3, length), position),
          });
        },
    });
    const slow = fileTargetIn(folder, short);
    await slow.put('volumes/1.tar', some, hot);
    await uploadSome(slow, 'volumes/2.tar');
    for (const name of ['volumes/1.tar', 'volumes/2.tar']) expect(Buffer.from(await target.read(name, 0, some.length))).toEqual(some);
  });
});

describe('what the system says', () => {
  const meanings = [
    ['ENOSPC', 'TARGET_FULL', false], ['EDQUOT', 'TARGET_FULL', false], ['EFBIG', 'TARGET_FULL', false],
    ['EACCES', 'TARGET_DENIED', false], ['EPERM', 'TARGET_DENIED', false], ['EROFS', 'TARGET_DENIED', false],
    ['EIO', 'TARGET_FAILED', true], ['ESTALE', 'TARGET_FAILED', true], ['ETIMEDOUT', 'TARGET_FAILED', true], ['EBUSY', 'TARGET_FAILED', true],
    ['ENETDOWN', 'TARGET_FAILED', true], ['EHOSTDOWN', 'TARGET_FAILED', true], ['EMFILE', 'TARGET_FAILED', true],
    ['ENOTCONN', 'TARGET_UNREACHABLE', false], ['ENAMETOOLONG', 'TARGET_FAILED', false],
  ] as const;

  it.each(meanings)('%s is told as %s', async (system, code, transient) => {
    const target = await connected({
      before({ name }) {
        if (name === 'file.write') throw systemError(system);
      },
    });
    const error = { code, transient, message: expect.stringMatching(/"usb".*volumes\/1\.tar/) as string, hint: expect.stringMatching(/^[A-Z].*\.$/) as string };
    await expect(target.put('volumes/1.tar', some, hot)).rejects.toMatchObject(error);
    await expect(uploadSome(target, 'volumes/1.tar')).rejects.toMatchObject(error);
    expect(await filesBelow(target.location)).toEqual([]);
  });
});
