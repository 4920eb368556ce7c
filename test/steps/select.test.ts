import { execFileSync } from 'node:child_process';
import fs, {
  chmodSync, linkSync, lutimesSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, truncateSync, unlinkSync, utimesSync, writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { encodePath } from '../../src/core/paths.ts';
import { grow, letClockTick, lines, selectFrom, temporaryFolder } from './select-fixture.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** A tree with what real trees have: odd names, links of all kinds, holes, modes and times. */
async function oddTree(): Promise<string> {
  const folder = temporaryFolder();
  grow(folder, {
    'plain.txt': 'plain', 'a/b/c/deep.txt': 'deep', 'a.b': 'sorts between a and a/', 'empty': '', 'empty-folder/': '',
    'new\nline': '1', ' leading and trailing ': '2', '"quoted"\\back*[x]?': '3', '..double': '4', '…ümläut 😀': '5', '\uf8ff private': '6', '😀 astral': '6',
    '#hash': '7', '!bang': '8', '\ufffd honest replacement': '9', '-dash': '10',
  });
  writeFileSync(Buffer.concat([Buffer.from(join(folder, 'latin-')), Buffer.from([0xe9, 0xff])]), 'not utf-8');
  mkdirSync(Buffer.concat([Buffer.from(join(folder, 'folder-')), Buffer.from([0x80])]));
  writeFileSync(Buffer.concat([Buffer.from(join(folder, 'folder-')), Buffer.from([0x80]), Buffer.from('/inside')]), 'inside');
  symlinkSync('plain.txt', join(folder, 'link'));
  symlinkSync('nowhere', join(folder, 'broken'));
  symlinkSync(Buffer.from([0x2f, 0xe9]), join(folder, 'link-to-bytes'));
  linkSync(join(folder, 'plain.txt'), join(folder, 'zz-hard'));
  linkSync(join(folder, 'plain.txt'), join(folder, 'a/hard'));
  writeFileSync(join(folder, 'holes'), 'x');
  truncateSync(join(folder, 'holes'), 1_000_000);
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  const server = createServer().listen(join(folder, 'socket'));
  await new Promise((ready) => server.once('listening', ready));
  onTestFinished(() => void server.close());
  chmodSync(join(folder, 'a/b'), 0o2750);
  chmodSync(join(folder, 'empty'), 0o4711);
  utimesSync(join(folder, 'empty'), -5.5, -5.5);
  utimesSync(join(folder, 'empty-folder'), 1_700_000_000.123456, 1_700_000_000.123456);
  lutimesSync(join(folder, 'link'), 5, 1_000_000_000);
  return folder;
}

/** What `find` sees, one line an entry, in the order of bytes; as Latin-1, so that every byte counts. */
function find(folder: string): string[] {
  const output = execFileSync('find', [folder, '-mindepth', '1', '-printf', String.raw`%P\0%y\0%m\0%U\0%G\0%T@\0%s\0:%l\0%i\0\0`], { encoding: 'latin1' });
  return output.split('\0\0').filter((line) => line !== '');
}

describe('the entries', () => {
  test('are those that find sees, with their metadata', async () => {
    const folder = await oddTree();
    const { given } = await selectFrom(folder).walk();
    const letters = { file: 'f', hardlink: 'f', directory: 'd', symlink: 'l', fifo: 'p' };
    const seen = given.map(({ entry, stamp }) => {
      const path = encodePath(entry.path).toString('latin1');
      const link = entry.type === 'symlink' ? encodePath(entry.link!).toString('latin1') : '';
      return [path, letters[entry.type], entry.mode.toString(8), entry.uid, entry.gid, entry.mtime, entry.size, link, stamp.split(':')[3] ?? ''].join('|');
    });
    const found = find(folder)
      .map((line) => line.split('\0'))
      .filter(([, type]) => type !== 's')
      .map(([path, type, mode, uid, gid, time, size, link, inode]) => {
        const [seconds, fraction = ''] = time!.split('.');
        const mtime = `${seconds}.${fraction.slice(0, 9)}`;
        return [path, type, mode, uid, gid, mtime, type === 'f' ? size : 0, link!.slice(1), type === 'f' ? inode : ''].join('|');
      });
    expect(seen.toSorted()).toEqual(found.toSorted());
    expect(found.length).toBeGreaterThan(25);
  });

  test('come depth first in the order of their bytes, a folder before what is in it', async () => {
    const folder = await oddTree();
    const { paths } = await selectFrom(folder).walk();
    const byParts = paths.map((path) => path.split('/').map(encodePath));
    const sorted = byParts.toSorted((a, b) => {
      for (let part = 0; part < Math.min(a.length, b.length); part++) {
        const order = Buffer.compare(a[part]!, b[part]!);
        if (order !== 0) return order;
      }
      return a.length - b.length;
    });
    expect(byParts).toEqual(sorted);
    expect(paths.indexOf('a/b/c/deep.txt')).toBeLessThan(paths.indexOf('a.b'));
  });

  test('lead to the file on disk, whatever its name', async () => {
    const folder = await oddTree();
    const { given } = await selectFrom(folder).walk();
    const texts = given.filter(({ entry }) => entry.type === 'file').map(({ absolute }) => fs.readFileSync(encodePath(absolute), 'utf8'));
    expect(texts).toContain('not utf-8');
    expect(texts).toContain('inside');
  });

  test('say which file has holes, and leave small ones alone', async () => {
    const folder = temporaryFolder();
    grow(folder, { dense: 'x'.repeat(100_000), small: '' });
    writeFileSync(join(folder, 'holes'), '');
    truncateSync(join(folder, 'holes'), 70_000);
    truncateSync(join(folder, 'small'), 60_000);
    const { given } = await selectFrom(folder).walk();
    expect(given.filter(({ entry }) => entry.sparse).map(({ entry }) => entry.path)).toEqual(['holes']);
  });

  test('further names of a file are hard links to its first name in the walk', async () => {
    const folder = temporaryFolder();
    grow(folder, { 'b': 'bytes', 'a/': '', 'z/': '' });
    linkSync(join(folder, 'b'), join(folder, 'a/first'));
    linkSync(join(folder, 'b'), join(folder, 'z/last'));
    const { given, counted, expected } = await selectFrom(folder).walk();
    expect(given.map(({ entry }) => [entry.path, entry.type, entry.size, entry.link])).toEqual([
      ['a', 'directory', 0, undefined],
      ['a/first', 'file', 5, undefined],
      ['b', 'hardlink', 5, 'a/first'],
      ['z', 'directory', 0, undefined],
      ['z/last', 'hardlink', 5, 'a/first'],
    ]);
    expect(counted).toEqual({ files: 3, bytes: 5 });
    expect(expected).toEqual({ files: 1, bytes: 5 });
  });

  test('a socket is left out and said so', async () => {
    const folder = await oddTree();
    const { issues } = await selectFrom(folder).walk();
    expect(issues).toEqual([{ kind: 'left-out', path: 'socket', message: expect.stringContaining('a socket') }]);
  });
});

describe('the second walk', () => {
  test('gives nothing if nothing changed, and still counts every file', async () => {
    const folder = await oddTree();
    const select = selectFrom(folder);
    const first = await select.walk();
    const second = await select.walk();
    expect(second.given).toEqual([]);
    expect(second.removed).toEqual([]);
    expect(second.counted).toEqual(first.counted);
    expect(second.expected).toEqual({ files: 0, bytes: 0 });
  });

  test('with checksum gives every file again and nothing else', async () => {
    const folder = await oddTree();
    const select = selectFrom(folder);
    const first = await select.walk();
    const second = await select.walk({ detect: 'checksum' });
    expect(second.paths).toEqual(first.given.filter(({ entry }) => entry.type === 'file' || entry.type === 'hardlink').map(({ entry }) => entry.path));
    expect(second.given.every(({ before }) => before)).toBe(true);
  });

  const changes: Record<string, { change: (folder: string) => void; given: string[]; removed?: string[] }> = {
    'new bytes of the same length': { change: (folder) => writeFileSync(join(folder, 'd/file'), 'BYTES'), given: ['file d/file'] },
    'new bytes with the old mtime': {
      change: (folder) => {
        const { atime, mtime } = fs.statSync(join(folder, 'd/file'));
        writeFileSync(join(folder, 'd/file'), 'BYTES');
        utimesSync(join(folder, 'd/file'), atime, mtime);
      },
      given: ['file d/file'],
    },
    'a new file': { change: (folder) => writeFileSync(join(folder, 'd/new'), ''), given: ['directory d', 'file d/new'] },
    'a file is gone': { change: (folder) => unlinkSync(join(folder, 'd/file')), given: ['directory d'], removed: ['d/file'] },
    'a folder is gone': { change: (folder) => rmSync(join(folder, 'd'), { recursive: true }), given: [], removed: ['d'] },
    'a file is renamed': { change: (folder) => renameSync(join(folder, 'e'), join(folder, 'f')), given: ['file f'], removed: ['e'] },
    'the mode of a file': { change: (folder) => chmodSync(join(folder, 'e'), 0o600), given: ['file e'] },
    'the mode of a folder': { change: (folder) => chmodSync(join(folder, 'd'), 0o700), given: ['directory d'] },
    'the time of a folder': { change: (folder) => utimesSync(join(folder, 'd'), 1, 1), given: ['directory d'] },
    'the time of a fifo': { change: (folder) => utimesSync(join(folder, 'p'), 1, 1), given: ['fifo p'] },
    'the target of a symlink, under the old time': {
      change: (folder) => {
        unlinkSync(join(folder, 's'));
        symlinkSync('d', join(folder, 's'));
        lutimesSync(join(folder, 's'), 1, 1);
      },
      given: ['symlink s -> d'],
    },
    'a file instead of a folder': {
      change: (folder) => {
        rmSync(join(folder, 'd'), { recursive: true });
        writeFileSync(join(folder, 'd'), 'now a file');
      },
      given: ['file d'],
      removed: ['d'],
    },
    'a folder instead of a file': {
      change: (folder) => {
        unlinkSync(join(folder, 'e'));
        grow(folder, { 'e/inside': '' });
      },
      given: ['directory e', 'file e/inside'],
      removed: ['e'],
    },
    'the first name of a hard link is gone': { change: (folder) => unlinkSync(join(folder, 'h1')), given: ['file h2', 'hardlink h3 -> h2'], removed: ['h1', 'h2'] },
    'a hard link becomes a file of its own': {
      change: (folder) => {
        unlinkSync(join(folder, 'h3'));
        writeFileSync(join(folder, 'h3'), 'own');
      },
      given: ['file h1', 'hardlink h2 -> h1', 'file h3'],
      removed: ['h3'],
    },
    'the bytes of a file with several names': { change: (folder) => writeFileSync(join(folder, 'h2'), 'more'), given: ['file h1', 'hardlink h2 -> h1', 'hardlink h3 -> h1'] },
  };
  test.each(Object.entries(changes))('sees the change: %s', async (_name, { change, given, removed = [] }) => {
    const folder = temporaryFolder();
    grow(folder, { 'd/file': 'bytes', 'e': 'e', 'h1': 'hard' });
    linkSync(join(folder, 'h1'), join(folder, 'h2'));
    linkSync(join(folder, 'h1'), join(folder, 'h3'));
    symlinkSync('e', join(folder, 's'));
    lutimesSync(join(folder, 's'), 1, 1);
    execFileSync('mkfifo', [join(folder, 'p')]);
    utimesSync(join(folder, 'd/file'), 1_700_000_000, 1_700_000_000);
    const select = selectFrom(folder);
    await select.walk();
    letClockTick();
    change(folder);
    const second = await select.walk();
    expect(lines(second)).toEqual(given);
    expect(second.removed.toSorted()).toEqual(removed);
    const third = await select.walk();
    expect([lines(third), third.removed]).toEqual([[], []]);
  });

  test('sees that the folder of the first name of a hard link is called otherwise', async () => {
    const folder = temporaryFolder();
    grow(folder, { 'a/first': 'x', 'a/alone': 'y' });
    linkSync(join(folder, 'a/first'), join(folder, 'z'));
    const select = selectFrom(folder);
    await select.walk();
    renameSync(join(folder, 'a'), join(folder, 'b'));
    const second = await select.walk();
    expect([lines(second), second.removed]).toEqual([['directory b', 'file b/alone', 'file b/first', 'hardlink z -> b/first'], ['a']]);
  });

  test('gives the other names of a file too when its first name has to be read again: should that fail, one of them takes its place', async () => {
    const folder = temporaryFolder();
    grow(folder, { a: 'x' });
    for (const name of ['b', 'c']) linkSync(join(folder, 'a'), join(folder, name));
    const select = selectFrom(folder);
    await select.walk();
    expect(lines(await select.walk())).toEqual([]);
    const first = select.draft.kept.get('a')!;
    select.draft.kept.set('a', { ...first, stamp: '' });
    expect(lines(await select.walk())).toEqual(['file a', 'hardlink b -> a', 'hardlink c -> a']);
    expect(lines(await select.walk())).toEqual([]);
  });

  test('knows a changed file from a new one', async () => {
    const folder = temporaryFolder();
    grow(folder, { old: '1' });
    const select = selectFrom(folder);
    expect((await select.walk()).given.map(({ before }) => before)).toEqual([false]);
    grow(folder, { old: '22', new: '1' });
    expect((await select.walk()).given.map(({ entry, before }) => [entry.path, before])).toEqual([['new', false], ['old', true]]);
  });

  test('reads a file again that was stored without a stamp', async () => {
    const folder = temporaryFolder();
    grow(folder, { a: '1', b: '2' });
    const select = selectFrom(folder);
    await select.walk();
    select.draft.kept.get('a')!.stamp = '';
    expect((await select.walk()).paths).toEqual(['a']);
  });

  test('reads a file again that changed just now on a file system of whole seconds', async () => {
    const folder = temporaryFolder();
    grow(folder, { young: '1', old: '2' });
    const real = fs.lstatSync;
    const now = BigInt(Math.floor(Date.now() / 1000)) * 1_000_000_000n;
    vi.spyOn(fs, 'lstatSync').mockImplementation(((path: string, options: { bigint: true }) => {
      const stat = real(path, options);
      const time = path.endsWith('young') ? now : now - 60_000_000_000n;
      return Object.assign(stat, { mtimeNs: time, ctimeNs: time });
    }) as typeof real);
    const select = selectFrom(folder);
    await select.walk();
    expect((await select.walk()).paths).toEqual(['young']);
  });
});

describe('what cannot be read', () => {
  /** Lets one call of node:fs fail for one name. */
  function breakCall(call: 'lstatSync' | 'readdirSync', name: string, code: string): void {
    const real = fs[call] as (...args: unknown[]) => unknown;
    vi.spyOn(fs, call as 'lstatSync').mockImplementation(((...args: unknown[]) => {
      if (String(args[0]).endsWith(name)) throw Object.assign(new Error(`${code}: broken`), { code });
      return real(...args);
    }) as never);
  }

  async function twoFolders() {
    const folder = temporaryFolder();
    grow(folder, { 'a/one': '1', 'a/two': '2', 'b/three': '3' });
    const select = selectFrom(folder);
    await select.walk();
    letClockTick();
    return { folder, select };
  }

  test('a folder that cannot be listed keeps all that was in it', async () => {
    const { folder, select } = await twoFolders();
    unlinkSync(join(folder, 'a/one'));
    grow(folder, { 'b/four': '4' });
    breakCall('readdirSync', '/a', 'EACCES');
    const second = await select.walk();
    expect(second.paths).toEqual(['a', 'b', 'b/four']);
    expect(second.removed).toEqual([]);
    expect(second.issues).toEqual([{ kind: 'unread', path: 'a', message: expect.stringContaining('permission denied') }]);
    expect([...select.draft.kept.keys()]).toContain('a/one');
  });

  test('a folder that vanishes before it is listed is removed', async () => {
    const { select } = await twoFolders();
    breakCall('readdirSync', '/a', 'ENOENT');
    const second = await select.walk();
    expect([second.paths, second.removed]).toEqual([[], ['a']]);
    expect(second.issues).toMatchObject([{ kind: 'vanished', path: 'a' }]);
  });

  test('a file that cannot be looked at stays as it was, one that vanished is removed', async () => {
    const { select } = await twoFolders();
    breakCall('lstatSync', '/two', 'EIO');
    const second = await select.walk();
    expect([second.paths, second.removed]).toEqual([[], []]);
    expect(second.issues).toMatchObject([{ kind: 'unread', path: 'a/two' }]);
    vi.restoreAllMocks();
    breakCall('lstatSync', '/two', 'ENOENT');
    const third = await select.walk();
    expect(third.removed).toEqual(['a/two']);
    expect(third.issues).toMatchObject([{ kind: 'vanished', path: 'a/two' }]);
  });

  test('a file that never was in a snapshot vanishes without a trace in the draft', async () => {
    const folder = temporaryFolder();
    grow(folder, { fleeting: '' });
    breakCall('lstatSync', '/fleeting', 'ENOENT');
    const { removed, issues } = await selectFrom(folder).walk();
    expect(removed).toEqual([]);
    expect(issues).toMatchObject([{ kind: 'vanished' }]);
  });
});

describe('a walk that is interrupted', () => {
  test('throws the reason of the signal', async () => {
    const folder = temporaryFolder();
    for (let number = 0; number < 600; number++) writeFileSync(join(folder, String(number)), '');
    const controller = new AbortController();
    const { batches, walked } = selectFrom(folder, {}, { signal: controller.signal }).start();
    const reason = new Error('enough');
    await expect(async () => {
      for await (const batch of batches) {
        walked.given.push(...batch);
        controller.abort(reason);
      }
    }).rejects.toBe(reason);
    expect(walked.given.length).toBeLessThan(readdirSync(folder).length);
  });

  test('lets others work while it goes on', async () => {
    const folder = temporaryFolder();
    for (let number = 0; number < 1000; number++) writeFileSync(join(folder, String(number)), '');
    let turns = 0;
    let ticking = true;
    const tick = () => {
      turns++;
      if (ticking) setImmediate(tick);
    };
    setImmediate(tick);
    await selectFrom(folder).walk();
    ticking = false;
    expect(turns).toBeGreaterThanOrEqual(3);
  });
});
