/** Manifests that someone else has written: whatever they say, nothing outside the folder changes. */
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ManifestLine } from '../../src/volume/manifest.ts';
import { useSetting } from './restore-setting.ts';
import type { Given } from './store-builder.ts';

const setting = useSetting();
let outside = '';

beforeEach(() => {
  outside = join(setting.folder, 'outside');
  fs.mkdirSync(outside);
  fs.writeFileSync(join(outside, 'victim'), 'untouched', { mode: 0o640 });
  fs.mkdirSync(setting.path(), { recursive: true });
});

/** Everything about what lies outside: names, contents, modes, times, links. */
function outsideNow(): string {
  const paths = [outside, ...(fs.readdirSync(outside, { recursive: true }) as string[]).map((path) => join(outside, path))];
  const facts = paths.map((path) => {
    const { mode, mtimeMs, nlink, uid, size, ino } = fs.lstatSync(path);
    return [path, mode, mtimeMs, nlink, uid, size, ino, fs.lstatSync(path).isFile() ? fs.readFileSync(path, 'utf8') : ''];
  });
  return JSON.stringify([facts, fs.readdirSync(setting.folder).sort(), fs.readdirSync(setting.to).sort()]);
}

async function attack(entries: readonly Given[], refusedPaths: readonly string[], prepare: () => void = () => undefined): Promise<string[]> {
  prepare();
  await setting.store().snapshot([{ path: 'good', content: 'good' }, ...entries]);
  const before = outsideNow();
  const error = await setting.incomplete();
  expect(outsideNow()).toBe(before);
  expect(error.code).toBe('RESTORE_INCOMPLETE');
  expect(error.result.failures.map(({ path }) => path).sort()).toEqual(refusedPaths.map((path) => (path === '' ? 'docs' : `docs/${path}`)).sort());
  expect(setting.read('good')).toBe('good');
  expect(setting.tree().filter((path) => path.includes('.bat-restore-'))).toEqual([]);
  return setting.tree();
}

const evil = { content: 'evil' };

describe('refused', () => {
  it.each<[string, Given]>([
    ['an absolute path', { path: '/tmp/bat-evil', ...evil }],
    ['a path with two dots', { path: '../outside/victim', ...evil }],
    ['two dots further down', { path: 'a/../../../outside/victim', ...evil }],
    ['two dots at the end', { path: 'a/..', type: 'directory' }],
    ['a dot', { path: './a', ...evil }],
    ['an empty part', { path: 'a//b', ...evil }],
    ['an empty path', { path: '', type: 'directory', mode: 0o777 }],
    ['a slash at the end', { path: 'a/', type: 'directory' }],
    ['a zero byte', { path: 'a\0b', ...evil }],
    ['a symlink with two dots in its own path', { path: '../outside/link', type: 'symlink', link: 'x' }],
    ['a fifo outside', { path: '../outside/pipe', type: 'fifo' }],
    ['a folder outside', { path: '../outside', type: 'directory', mode: 0o777 }],
    ['a hard link out of the folder', { path: 'hard', type: 'hardlink', link: '../outside/victim' }],
    ['a hard link to an absolute path', { path: 'hard', type: 'hardlink', link: '/etc/passwd' }],
    ['a hard link to what is no file of the snapshot', { path: 'hard', type: 'hardlink', link: 'unknown' }],
    ['a hard link to itself', { path: 'hard', type: 'hardlink', link: 'hard' }],
    ['a symlink to nothing', { path: 'link', type: 'symlink', link: '' }],
    ['a symlink with a zero byte', { path: 'link', type: 'symlink', link: 'a\0b' }],
  ])('%s', async (_name, entry) => {
    expect(await attack([entry], [entry.path])).toEqual(['good']);
  });

  it('a file below a symlink of the snapshot, whatever comes first', async () => {
    const link: Given = { path: 'a', type: 'symlink', link: outside };
    expect(await attack([link, { path: 'a/victim', ...evil }], ['a/victim'])).toEqual(['a', 'good']);
    fs.rmSync(setting.path('a'));
    expect(await attack([{ path: 'a/victim', ...evil }, { path: 'a/b', type: 'directory' }, { path: 'a/b/c', ...evil }, link], ['a/victim', 'a/b', 'a/b/c'])).toEqual(['a', 'good']);
    expect(fs.readlinkSync(setting.path('a'))).toBe(outside);
  });

  it('links below a symlink of the snapshot', async () => {
    const entries: Given[] = [
      { path: 'a', type: 'symlink', link: outside }, { path: 'a/link', type: 'symlink', link: 'x' }, { path: 'a/hard', type: 'hardlink', link: 'good' }, { path: 'a/pipe', type: 'fifo' },
    ];
    expect(await attack(entries, ['a/link', 'a/hard', 'a/pipe'])).toEqual(['a', 'good']);
  });

  it('a hard link through a symlink of the snapshot', async () => {
    const entries: Given[] = [{ path: 'a', type: 'symlink', link: outside }, { path: 'a/victim', ...evil }, { path: 'hard', type: 'hardlink', link: 'a/victim' }];
    expect(await attack(entries, ['a/victim', 'hard'])).toEqual(['a', 'good']);
  });

  it('a path that the snapshot has twice, and what is below it', async () => {
    const entries: Given[] = [{ path: 'a', type: 'directory' }, { path: 'a', type: 'symlink', link: outside }, { path: 'a/victim', ...evil }];
    expect(await attack(entries, ['a', 'a/victim'])).toEqual(['good']);
  });

  it('what is below a file', async () => {
    expect(await attack([{ path: 'f', content: 'f' }, { path: 'f/g', ...evil }], ['f/g'])).toEqual(['f', 'good']);
  });

  it('a symlink that is on the disk already, as a folder on the way', async () => {
    const prepare = (): void => fs.symlinkSync(outside, setting.path('a'));
    const entries: Given[] = [
      { path: 'a', type: 'directory', mode: 0o777 }, { path: 'a/victim', ...evil }, { path: 'a/new', ...evil }, { path: 'a/parts', content: [Buffer.from('1'), Buffer.from('2')] },
      { path: 'a/link', type: 'symlink', link: 'x' }, { path: 'a/empty', content: '' },
    ];
    expect(await attack(entries, entries.map(({ path }) => path), prepare)).toEqual(['a', 'good']);
  });

  it("a source's own folder that is a symlink", async () => {
    fs.rmSync(setting.path(), { recursive: true });
    fs.symlinkSync(outside, setting.path());
    await setting.store().snapshot([{ path: 'victim', ...evil }]);
    const before = outsideNow();
    expect((await setting.incomplete()).result.failed).toBe(1);
    expect(outsideNow()).toBe(before);
  });
});

it('a symlink at the place of a file is replaced, not written through', async () => {
  fs.symlinkSync(join(outside, 'victim'), setting.path('file'));
  fs.linkSync(join(outside, 'victim'), setting.path('hard'));
  await setting.store().snapshot([{ path: 'file', content: 'mine' }, { path: 'hard', content: 'mine' }, { path: 'link', type: 'symlink', link: join(outside, 'victim') }]);
  await setting.restore();
  await setting.restore();
  expect(fs.lstatSync(setting.path('file')).isFile()).toBe(true);
  expect([setting.read('file'), setting.read('hard')]).toEqual(['mine', 'mine']);
  expect(fs.readFileSync(join(outside, 'victim'), 'utf8')).toBe('untouched');
  expect(fs.statSync(join(outside, 'victim')).mode & 0o777).toBe(0o640);
});

it('a symlink that takes the place of an empty folder is not followed by what comes after', async () => {
  fs.mkdirSync(setting.path('a'));
  await setting.store().snapshot([{ path: 'a', type: 'symlink', link: outside }, { path: 'b', type: 'symlink', link: 'a/x' }, { path: 'c' }]);
  const before = outsideNow();
  await setting.restore();
  expect(outsideNow()).toBe(before);
  expect(fs.readlinkSync(setting.path('a'))).toBe(outside);
});

describe('a manifest that is refused as a whole', () => {
  const change = (edit: (volume: Extract<ManifestLine, { kind: 'volume' }>['volume']) => void) => (lines: ManifestLine[]) => {
    for (const line of lines) if (line.kind === 'volume') edit(line.volume);
    return lines;
  };
  it.each<[string, (lines: ManifestLine[]) => ManifestLine[]]>([
    ['a volume that leads out', change((volume) => (volume.name = '../outside/victim'))],
    ['a volume that is a key', change((volume) => (volume.name = 'keys/x.age'))],
    ['a volume that is a manifest', change((volume) => (volume.name = 'manifests/x.jsonl'))],
    ['an absolute volume', change((volume) => (volume.name = '/etc/passwd'))],
    ['a giant frame', change((volume) => (volume.frames = [{ decoded: (volume.decoded = 2 ** 40), stored: 10 }]))],
    ['a chunk behind the end', change((volume) => (volume.frames = [{ decoded: (volume.decoded = 10), stored: 10 }]))],
    ['a volume twice', (lines) => [...lines.slice(0, 2), ...lines.slice(1)]],
    ['no volume', (lines) => lines.filter(({ kind }) => kind !== 'volume')],
    ['an empty chunk', (lines) => {
      for (const line of lines) if (line.kind === 'entry' && line.entry.chunks) line.entry.chunks = [{ ...line.entry.chunks[0]!, length: 0 }, line.entry.chunks[0]!];
      return lines;
    }],
    ['the manifest of another snapshot', (lines) => {
      if (lines[0]!.kind === 'header') lines[0]!.header.snapshot = '20260101-000000-bbbb-docs';
      return lines;
    }],
    ['the manifest of another source', (lines) => {
      if (lines[0]!.kind === 'header') lines[0]!.header.source = 'other';
      return lines;
    }],
    ['a base that is itself', (lines) => {
      if (lines[0]!.kind === 'header') lines[0]!.header.base = lines[0]!.header.snapshot;
      return lines;
    }],
  ])('%s', async (_name, tamper) => {
    await setting.store().snapshot([{ path: 'a', content: 'a' }], { tamper });
    await expect(setting.restore()).rejects.toMatchObject({ code: 'OBJECT_DAMAGED', subject: expect.stringContaining('manifests/') });
    expect(setting.tree()).toEqual([]);
  });
});

it('a chunk of other bytes than its hash says never becomes a file', async () => {
  const tamper = (lines: ManifestLine[]): ManifestLine[] => {
    for (const line of lines) if (line.kind === 'entry' && line.entry.path === 'a') line.entry.sha256 = line.entry.chunks![0]!.sha256 = 'ab'.repeat(32);
    return lines;
  };
  await setting.store().snapshot([{ path: 'a', content: 'a' }, { path: 'b', content: 'b' }], { tamper });
  expect((await setting.incomplete()).result.failures).toEqual([{ path: 'docs/a', message: expect.stringMatching(/volumes\/.* is damaged/) }]);
  expect(setting.tree()).toEqual(['b']);
});

it('chunks in another order than the whole says never become a file', async () => {
  const tamper = (lines: ManifestLine[]): ManifestLine[] => {
    for (const line of lines) if (line.kind === 'entry') line.entry.chunks!.reverse();
    return lines;
  };
  await setting.store().snapshot([{ path: 'a', content: [Buffer.from('11'), Buffer.from('22')] }], { tamper });
  expect((await setting.incomplete()).result.failed).toBe(1);
  expect(setting.tree()).toEqual([]);
});
