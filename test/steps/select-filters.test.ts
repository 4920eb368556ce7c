import { symlinkSync, truncateSync, unlinkSync } from 'node:fs';
import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { encodePath } from '../../src/core/paths.ts';
import { HardLinks } from '../../src/steps/select/hard-links.ts';
import { grow, letClockTick, lines, selectFrom, temporaryFolder } from './select-fixture.ts';

const cacheTag = 'Signature: 8a477f597d28d172789f06886806bc55';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('marked folders', () => {
  test('a cache is kept as a folder with its tag', async () => {
    const folder = temporaryFolder();
    grow(folder, {
      'cache/CACHEDIR.TAG': `${cacheTag}\n# more`, 'cache/data': '', 'cache/deep/data': '', 'fake/CACHEDIR.TAG': cacheTag.slice(0, -1), 'fake/data': '', 'folder/CACHEDIR.TAG/': '', 'link/data': '',
    });
    symlinkSync('../cache/CACHEDIR.TAG', join(folder, 'link/CACHEDIR.TAG'));
    expect((await selectFrom(folder, { excludeCaches: true }).walk()).paths).toEqual([
      'cache', 'cache/CACHEDIR.TAG', 'fake', 'fake/CACHEDIR.TAG', 'fake/data', 'folder', 'folder/CACHEDIR.TAG', 'link', 'link/CACHEDIR.TAG', 'link/data',
    ]);
    expect((await selectFrom(folder).walk()).paths).toContain('cache/deep/data');
  });

  test('a folder with a marker is kept with it, and loses what a snapshot had of it', async () => {
    const folder = temporaryFolder();
    grow(folder, { 'a/data': '', 'a/deep/data': '', 'b/data': '' });
    const select = selectFrom(folder, { excludeIfPresent: ['.nobackup', '.git'] });
    await select.walk();
    letClockTick();
    grow(folder, { 'a/.nobackup': '', 'b/.git/inside': '' });
    const second = await select.walk();
    expect(second.paths).toEqual(['a', 'a/.nobackup', 'b', 'b/.git']);
    expect(second.removed).toEqual(['a/data', 'a/deep', 'b/data']);
    expect((await select.walk()).given).toEqual([]);
    unlinkSync(join(folder, 'a/.nobackup'));
    expect((await select.walk()).paths).toEqual(['a', 'a/data', 'a/deep', 'a/deep/data']);
  });
});

test('files above a size are left out, and removed once they grow above it', async () => {
  const folder = temporaryFolder();
  grow(folder, { exact: '1234567890', large: '12345678901', growing: '1' });
  const select = selectFrom(folder, { excludeLargerThan: 10 });
  expect((await select.walk()).paths).toEqual(['exact', 'growing']);
  truncateSync(join(folder, 'growing'), 11);
  const second = await select.walk();
  expect([second.paths, second.removed, second.counted]).toEqual([[], ['growing'], { files: 1, bytes: 10 }]);
});

test('another file system is not entered, its mount point stays as an empty folder', async () => {
  const folder = temporaryFolder();
  grow(folder, { 'mount/inside/file': '', 'mount/file': '', 'own/file': '' });
  const filters = { oneFileSystem: false };
  const select = selectFrom(folder, filters);
  await select.walk();
  filters.oneFileSystem = true;
  const real = fs.lstatSync;
  vi.spyOn(fs, 'lstatSync').mockImplementation(((path: string, options: { bigint: true }) => {
    const stat = real(path, options);
    return path.includes('/mount') ? Object.assign(stat, { dev: stat.dev + 1n }) : stat;
  }) as typeof real);
  const second = await selectAgain();
  expect([second.paths, second.removed]).toEqual([[], ['mount/file', 'mount/inside']]);
  expect((await selectFrom(folder, filters).walk()).paths).toEqual(['mount', 'own', 'own/file']);

  function selectAgain() {
    const again = selectFrom(folder, filters);
    for (const [path, item] of select.draft.kept) again.draft.kept.set(path, item);
    return again.walk();
  }
});

describe('symlinks', () => {
  function linkedTree(): string {
    const folder = temporaryFolder();
    const outside = temporaryFolder();
    grow(outside, { 'file': 'outside', 'folder/inside': 'inside' });
    grow(folder, { 'own/file': 'own' });
    symlinkSync(join(outside, 'file'), join(folder, 'to-file'));
    symlinkSync(join(outside, 'folder'), join(folder, 'to-folder'));
    symlinkSync('nowhere', join(folder, 'broken'));
    symlinkSync('../own', join(folder, 'own/self'));
    symlinkSync('..', join(folder, 'own/up'));
    symlinkSync('loop', join(folder, 'loop'));
    return folder;
  }

  test('are kept as they are stored', async () => {
    const { paths, issues } = await selectFrom(linkedTree()).walk();
    expect(paths).toEqual(['broken', 'loop', 'own', 'own/file', 'own/self', 'own/up', 'to-file', 'to-folder']);
    expect(issues).toEqual([]);
  });

  test('are left out when skipped, and removed from the snapshot', async () => {
    const folder = linkedTree();
    const filters = { symlinks: 'keep' as 'keep' | 'skip' };
    const select = selectFrom(folder, filters);
    await select.walk();
    const skipping = selectFrom(folder, { symlinks: 'skip' });
    for (const [path, item] of select.draft.kept) skipping.draft.kept.set(path, item);
    const { paths, removed } = await skipping.walk();
    expect([paths, removed]).toEqual([[], ['broken', 'loop', 'own/self', 'own/up', 'to-file', 'to-folder']]);
  });

  test('are followed as if what they name lay there; those that lead in circles or nowhere stay links', async () => {
    const select = selectFrom(linkedTree(), { symlinks: 'follow' });
    const first = await select.walk();
    expect(lines(first)).toEqual([
      'symlink broken -> nowhere', 'symlink loop -> loop', 'directory own', 'file own/file', 'symlink own/self -> ../own', 'symlink own/up -> ..',
      'file to-file', 'directory to-folder', 'file to-folder/inside',
    ]);
    expect(first.issues.map(({ kind, path }) => `${kind} ${path}`)).toEqual(['note broken', 'note loop', 'note own/self', 'note own/up']);
    const texts = first.given.filter(({ entry }) => entry.type === 'file').map(({ absolute }) => fs.readFileSync(encodePath(absolute), 'utf8'));
    expect(texts).toEqual(['own', 'outside', 'inside']);
    expect((await select.walk()).given).toEqual([]);
  });

  test('that name the same file twice are files, not hard links', async () => {
    const folder = temporaryFolder();
    const outside = temporaryFolder();
    grow(outside, { file: 'x' });
    fs.linkSync(join(outside, 'file'), join(outside, 'other'));
    symlinkSync(join(outside, 'file'), join(folder, 'a'));
    symlinkSync(join(outside, 'file'), join(folder, 'b'));
    expect(lines(await selectFrom(folder, { symlinks: 'follow' }).walk())).toEqual(['file a', 'file b']);
  });
});

test('a hard link is forgotten once all of its names were seen', () => {
  const links = new HardLinks();
  const stat = { nlink: 3n, dev: 1n, ino: 7n } as fs.BigIntStats;
  expect(['a', 'b'].map((path) => links.firstName(path, stat)?.path)).toEqual([undefined, 'a']);
  expect(links.size).toBe(1);
  expect(links.firstName('c', stat)?.path).toBe('a');
  expect(links.size).toBe(0);
  expect(links.firstName('alone', { ...stat, nlink: 1n } as fs.BigIntStats)).toBeNull();
  expect(links.size).toBe(0);
});
