import { hash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseDestination } from '../../../src/actions/push/destination.ts';
import { secondsOf } from '../../../src/actions/push/kept.ts';
import { QuietFiles } from '../../../src/actions/push/quiet-files.ts';
import { FileChanged, hashFile, piecesFrom, readWhole } from '../../../src/actions/push/read-file.ts';
import { openRoot } from '../../../src/actions/push/roots.ts';
import { excludeRules, walk } from '../../../src/actions/push/walk.ts';
import type { FoundFile } from '../../../src/catalog/push-list.ts';
import type { Issue } from '../../../src/core/events.ts';
import { noise } from '../../e2e/noise.ts';
import { pastTick } from '../../past-tick.ts';

describe('the address of a push', () => {
  test.each([
    ['https://nas:7878/photos', { server: 'https://nas:7878', host: 'nas:7878', folder: 'photos' }],
    ['http://127.0.0.1:7878/photos/from%20phone/', { server: 'http://127.0.0.1:7878', host: '127.0.0.1:7878', folder: 'photos/from phone' }],
    ['https://nas/photos//ä', { server: 'https://nas', host: 'nas', folder: 'photos/ä' }],
  ])('%s', (text, expected) => expect(parseDestination(text)).toEqual(expected));

  test.each([
    ['nas:7878/photos', 'no address'],
    ['ftp://nas/photos', 'no address'],
    ['https://nas:7878/', 'no folder'],
    ['https://anna:secret@nas/photos', 'a user or a password'],
    ['https://nas/photos?x=1', 'more than an address'],
    ['https://nas/photos/%ff', 'no name'],
    ['https://nas/photos/a%2Fb', 'no name'],
  ])('%s is refused', (text, words) => {
    expect(() => parseDestination(text)).toThrow(expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(words) as string }));
  });

  test('a password in it is not shown', () => {
    expect(() => parseDestination('https://anna:topsecret@nas/photos')).toThrow(expect.objectContaining({ message: expect.not.stringContaining('topsecret') as string }));
  });
});

describe('what is walked', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bat-push-'));
    mkdirSync(join(folder, 'DCIM/100'), { recursive: true });
    for (const name of ['DCIM/a.jpg', 'DCIM/100/b.jpg', 'DCIM/100/c.tmp', 'one.txt']) writeFileSync(join(folder, name), name);
    symlinkSync('a.jpg', join(folder, 'DCIM/link.jpg'));
    symlinkSync('100', join(folder, 'DCIM/linked'));
    symlinkSync('DCIM', join(folder, 'camera'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const found = (given: string, exclude: string[] = []): { names: string[]; issues: Issue[]; skipped: object } => {
    const issues: Issue[] = [];
    const skipped = { symlinks: 0, special: 0 };
    const files = [...walk(openRoot(`${folder}/${given}`, 'photos/phone'), { rules: excludeRules(exclude), skipped, issue: (issue) => void issues.push(issue) })];
    return { names: files.flatMap((file) => file?.name ?? []), issues, skipped };
  };

  test.each([
    ['DCIM', ['photos/phone/DCIM/100/b.jpg', 'photos/phone/DCIM/100/c.tmp', 'photos/phone/DCIM/a.jpg']],
    ['DCIM/', ['photos/phone/100/b.jpg', 'photos/phone/100/c.tmp', 'photos/phone/a.jpg']],
    ['DCIM/.', ['photos/phone/100/b.jpg', 'photos/phone/100/c.tmp', 'photos/phone/a.jpg']],
    ['DCIM/100/..', ['photos/phone/100/b.jpg', 'photos/phone/100/c.tmp', 'photos/phone/a.jpg']],
    ['one.txt', ['photos/phone/one.txt']],
    // A link that is named itself is followed, under its own name.
    ['camera', ['photos/phone/camera/100/b.jpg', 'photos/phone/camera/100/c.tmp', 'photos/phone/camera/a.jpg']],
  ])('%s', (given, names) => expect(found(given)).toMatchObject({ names, issues: [] }));

  test('links in it are counted and not followed', () => {
    expect(found('DCIM').skipped).toEqual({ symlinks: 2, special: 0 });
  });

  test('patterns count from the path that was named, in the syntax of .gitignore', () => {
    expect(found('DCIM', ['*.tmp', '/a.jpg']).names).toEqual(['photos/phone/DCIM/100/b.jpg']);
    expect(found('DCIM/', ['100/']).names).toEqual(['photos/phone/a.jpg']);
  });

  test('a name that is not UTF-8 is told, and the rest goes on', () => {
    const name = Buffer.concat([Buffer.from(join(folder, 'DCIM/bad')), Buffer.from([0xff])]);
    writeFileSync(name, 'x');
    const { names, issues } = found('DCIM');
    expect(names).toHaveLength(3);
    expect(issues).toMatchObject([{ kind: 'unread', message: expect.stringContaining('not UTF-8') as string }]);
  });

  test('a path that is not there, and one that goes away meanwhile, are errors', () => {
    expect(() => openRoot(join(folder, 'nothing'), 'photos')).toThrow(expect.objectContaining({ code: 'SOURCE_MISSING' }));
    const walking = walk(openRoot(join(folder, 'DCIM'), 'photos'), { rules: excludeRules([]), skipped: { symlinks: 0, special: 0 }, issue: () => {} });
    walking.next();
    rmSync(join(folder, 'DCIM'), { recursive: true });
    expect(() => [...walking]).toThrow(expect.objectContaining({ code: 'SOURCE_MISSING' }));
  });
});

describe('a file that is sent', () => {
  let folder: string;
  let file: FoundFile;
  const never = new AbortController().signal;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bat-push-'));
    const absolute = join(folder, 'film.mov');
    writeFileSync(absolute, noise(600_000, 1));
    file = { absolute, name: 'photos/film.mov', size: 600_000, stamp: '' };
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('comes from the byte that is asked for', async () => {
    const hashed = await hashFile(file, Buffer.alloc(1000), never);
    expect(hashed.sha256).toBe(hash('sha256', noise(600_000, 1)));
    expect(Buffer.concat(await Array.fromAsync(piecesFrom(hashed, 500_001)))).toEqual(noise(600_000, 1).subarray(500_001));
    expect(await readWhole(hashed)).toEqual(noise(600_000, 1));
  });

  test('is never whole if it changes on the way, though its size stays', async () => {
    const hashed = await hashFile(file, Buffer.alloc(1000), never);
    let came = 0;
    const sending = (async (): Promise<void> => {
      for await (const piece of piecesFrom(hashed, 0)) {
        came += piece.length;
        writeFileSync(file.absolute, noise(600_000, 2));
      }
    })();
    await expect(sending).rejects.toBeInstanceOf(FileChanged);
    expect(came).toBeLessThan(600_000);
    await expect(readWhole(hashed)).rejects.toBeInstanceOf(FileChanged);
    await expect(Array.fromAsync(piecesFrom(hashed, 0))).rejects.toBeInstanceOf(FileChanged);
  });

  test('is not known by a stamp that it got in the tick in which it was read', async () => {
    expect((await hashFile(file, Buffer.alloc(1000), never)).stamp).toBe('');
    await pastTick();
    expect((await hashFile(file, Buffer.alloc(1000), never)).stamp).not.toBe('');
  });

  test('a link or a folder that took its place is not read', async () => {
    rmSync(file.absolute);
    symlinkSync('/etc/passwd', file.absolute);
    await expect(hashFile(file, Buffer.alloc(1000), never)).rejects.toMatchObject({ kind: 'unread' });
    rmSync(file.absolute);
    await expect(hashFile(file, Buffer.alloc(1000), never)).rejects.toMatchObject({ kind: 'vanished' });
    mkdirSync(file.absolute);
    await expect(hashFile(file, Buffer.alloc(1000), never)).rejects.toMatchObject({ kind: 'unread' });
  });
});

describe('files that are quiet', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  test('a file waits until nothing was heard of it, and it looks as it did then', () => {
    const looks = new Map([['a', '1'], ['b', '1']]);
    const files = new QuietFiles(1000, (path) => looks.get(path) ?? null);
    files.heard('a');
    vi.advanceTimersByTime(600);
    files.heard('b');
    files.heard('a');
    expect(files.dueIn).toBe(1000);
    vi.advanceTimersByTime(999);
    expect(files.take()).toEqual([]);
    vi.advanceTimersByTime(1);
    // Nothing was heard of it, and yet it is another.
    looks.set('a', '2');
    expect(files.take()).toEqual(['b']);
    expect(files.size).toBe(1);
    vi.advanceTimersByTime(1000);
    looks.delete('a');
    expect(files.take()).toEqual([]);
    expect([files.size, files.dueIn]).toEqual([0, Infinity]);
  });
});

test.each([
  [1_700_000_000_123_456_789n, '1700000000.123456789'],
  [5n, '0.000000005'],
  [-1_500_000_000n, '-1.500000000'],
])('%s nanoseconds', (nanoseconds, text) => expect(secondsOf(nanoseconds)).toBe(text));
