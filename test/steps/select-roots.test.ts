import { execFileSync } from 'node:child_process';
import fs, { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { grow, lines, selectFrom, temporaryFolder } from './select-fixture.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('a root that is not there fails the source before anything is given', async () => {
  const folder = temporaryFolder();
  grow(folder, { 'a/file': '' });
  const missing = join(folder, 'gone');
  const select = selectFrom([{ prefix: 'a', path: join(folder, 'a') }, { prefix: 'gone', path: missing }]);
  const { batches, walked } = select.start();
  await expect(async () => {
    for await (const batch of batches) walked.given.push(...batch);
  }).rejects.toMatchObject({ code: 'SOURCE_MISSING', message: expect.stringContaining(missing), hint: expect.stringContaining('mounted'), subject: missing });
  expect(walked.given).toEqual([]);
});

test('a root that cannot be opened, or is no file and no folder, fails the source', async () => {
  const folder = temporaryFolder();
  vi.spyOn(fs, 'opendirSync').mockImplementation(() => {
    throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
  });
  await expect(selectFrom(folder).walk()).rejects.toMatchObject({ code: 'SOURCE_MISSING', message: expect.stringContaining('permission denied') });
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  await expect(selectFrom(join(folder, 'pipe')).walk()).rejects.toMatchObject({ code: 'SOURCE_MISSING', message: expect.stringContaining('fifo') });
});

test('a root that became empty looks like an unmounted disk, unless that is allowed', async () => {
  const folder = temporaryFolder();
  const root = join(folder, 'root');
  mkdirSync(root);
  const select = selectFrom(root);
  expect((await select.walk()).given).toEqual([]);
  grow(root, { file: '', 'folder/file': '' });
  await select.walk();
  rmSync(root, { recursive: true });
  mkdirSync(root);
  await expect(select.walk()).rejects.toMatchObject({ code: 'SOURCE_MISSING', hint: expect.stringContaining('--allow-empty') });
  expect(select.draft.kept.size).toBe(3);

  const allowed = selectFrom(root, {}, { allowEmpty: true });
  for (const [path, item] of select.draft.kept) allowed.draft.kept.set(path, item);
  expect((await allowed.walk()).removed.toSorted()).toEqual(['file', 'folder']);
});

test('one of several roots that became empty fails the source too', async () => {
  const folder = temporaryFolder();
  grow(folder, { 'a/file': '', 'b/file': '' });
  const select = selectFrom(['a', 'b'].map((prefix) => ({ prefix, path: join(folder, prefix) })));
  await select.walk();
  unlinkSync(join(folder, 'b/file'));
  await expect(select.walk()).rejects.toMatchObject({ code: 'SOURCE_MISSING', subject: join(folder, 'b') });
});

test('a disk that is unmounted during the walk fails the source instead of emptying its snapshot', async () => {
  const folder = temporaryFolder();
  const root = join(folder, 'root');
  grow(root, { 'b/file': '', ...Object.fromEntries(Array.from({ length: 200 }, (_, number) => [`a/${number}`, ''])) });
  const { batches } = selectFrom(root).start();
  let given = 0;
  await expect(async () => {
    for await (const batch of batches) {
      if (given === 0) renameSync(root, join(folder, 'elsewhere'));
      if (given === 0) mkdirSync(root);
      given += batch.length;
    }
  }).rejects.toMatchObject({ code: 'SOURCE_MISSING', subject: root });
});

test('a root that is a symlink is followed', async () => {
  const folder = temporaryFolder();
  grow(folder, { 'real/file': 'text' });
  symlinkSync('real', join(folder, 'link'));
  symlinkSync('real/file', join(folder, 'name'));
  expect(lines(await selectFrom(join(folder, 'link')).walk())).toEqual(['file file']);
  const toFile = await selectFrom(join(folder, 'name')).walk();
  expect(toFile.given.map(({ entry, absolute }) => [entry.path, entry.type, entry.size, absolute])).toEqual([['name', 'file', 4, join(folder, 'name')]]);
});

test('a root that is a file is one entry, which no filter leaves out', async () => {
  const folder = temporaryFolder();
  grow(folder, { 'notes.txt': 'text', other: '' });
  const select = selectFrom(join(folder, 'notes.txt'), { exclude: ['*.txt'], excludeLargerThan: 1 });
  expect((await select.walk()).paths).toEqual(['notes.txt']);
  expect((await select.walk()).given).toEqual([]);
  unlinkSync(join(folder, 'notes.txt'));
  await expect(select.walk()).rejects.toMatchObject({ code: 'SOURCE_MISSING' });
});

test('each root of a list is a folder of the snapshot', async () => {
  const folder = temporaryFolder();
  grow(folder, { 'one/file': '', 'two/folder/file': '', 'notes.txt': 'text' });
  chmodSync(join(folder, 'two'), 0o700);
  chmodSync(join(folder, 'notes.txt'), 0o600);
  const roots = [{ prefix: 'two', path: join(folder, 'two') }, { prefix: 'notes', path: join(folder, 'notes.txt') }, { prefix: 'one', path: join(folder, 'one') }];
  const select = selectFrom(roots);
  const first = await select.walk();
  expect(lines(first)).toEqual(['directory two', 'directory two/folder', 'file two/folder/file', 'directory notes', 'file notes/notes.txt', 'directory one', 'file one/file']);
  expect(first.given.filter(({ entry }) => ['two', 'notes'].includes(entry.path)).map(({ entry }) => entry.mode)).toEqual([0o700, 0o755]);
  expect((await select.walk()).given).toEqual([]);

  roots.splice(0, 1);
  const without = await select.walk();
  expect([without.paths, without.removed]).toEqual([[], ['two']]);

  renameSync(join(folder, 'notes.txt'), join(folder, 'renamed.txt'));
  roots[0] = { prefix: 'notes', path: join(folder, 'renamed.txt') };
  const renamed = await select.walk();
  expect([renamed.paths, renamed.removed]).toEqual([['notes/renamed.txt'], ['notes/notes.txt']]);
});

test('a path that became a list leaves nothing of the old shape behind', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  grow(folder, { 'sub/file': '' });
  const single = selectFrom(folder);
  await single.walk();
  const list = selectFrom([{ prefix: 'file', path: join(folder, 'file') }, { prefix: 'sub', path: join(folder, 'sub') }]);
  for (const [path, item] of single.draft.kept) list.draft.kept.set(path, item);
  const { given, removed } = await list.walk();
  expect([given.map(({ entry }) => `${entry.type} ${entry.path}`), removed]).toEqual([['directory file', 'file file/file'], ['file']]);
});
