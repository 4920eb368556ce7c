/** Plans without tar: an object for each file, under its own name where that can be. */
import { chmodSync, cpSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Backup, plans } from './backup.ts';
import { copyTree, missingPrograms } from './judges.ts';

const missing = missingPrograms('rsync', 'cp');

describe.skipIf(missing)(`files as objects${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let backup: Backup;
  const write = (files: Record<string, string | Buffer>): void => {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(backup.at('src', path, '..'), { recursive: true });
      writeFileSync(backup.at('src', path), content);
    }
  };
  const objects = (): string[] => backup.stored('disk').filter((name) => /^(src|files|volumes)\//.test(name));

  /** A copy of the source as it is now, and the snapshot that a run makes of it. */
  async function runAndKeep(name: string): Promise<{ like: string; words: string[] }> {
    await backup.run();
    mkdirSync(backup.at(name));
    copyTree(backup.at('src'), backup.at(name));
    return { like: name, words: ['--snapshot', (await backup.snapshots()).at(-1)!] };
  }

  beforeEach(async () => {
    backup = await Backup.create(plans.plainFiles);
  });
  afterEach(() => backup.remove());

  test('each lies under its own name, as it is; a duplicate only once', async () => {
    write({ 'a.txt': 'A', 'b/c.txt': 'C', 'b/same as a': 'A', empty: '', 'b/again.txt': 'C' });
    linkSync(backup.at('src/a.txt'), backup.at('src/link.txt'));
    symlinkSync('a.txt', backup.at('src/symlink'));
    await backup.run();
    expect(objects()).toEqual(['src/a.txt', 'src/b/again.txt']);
    expect(readFileSync(backup.at('disk/plan/src/a.txt'), 'utf8')).toBe('A');
    await backup.expectRestored();
    await backup.expectRestoredFrom('disk');
  });

  test('with the suffixes of the steps', async () => {
    backup.remove();
    backup = await Backup.create(plans.files);
    write({ 'a.txt': 'A' });
    await backup.run();
    expect(objects()).toEqual(['src/a.txt.zst.age']);
  });

  test('a changed file gets a name of its own, and every snapshot keeps its bytes', async () => {
    write({ 'a.txt': 'first', 'large.bin': randomBytes(10_000_000) });
    const first = await runAndKeep('copy-1');
    write({ 'a.txt': 'second', 'large.bin': randomBytes(9_000_000) });
    const second = await runAndKeep('copy-2');
    write({ 'a.txt': 'first' });
    const third = await runAndKeep('copy-3');
    const versions = objects().filter((name) => name.startsWith('src/a.txt'));
    expect(versions).toEqual(['src/a.txt', expect.stringMatching(/^src\/a\.txt\.\d{8}-\d{6}-\w{4}$/)]);
    for (const { like, words } of [first, second, third]) await backup.expectRestored({ like, words });
    backup.expectNothingUnknown();
  });

  test('odd names, and names that differ in nothing but case, are kept apart', async () => {
    write({ 'new\nline': '1', 'a b': '2', 'é': '3', Readme: '4', README: '5', readme: '6', 'Folder/x': '7', 'folder/x': '8', '.bat-tmp-x': '9', 'ends.': '10' });
    await backup.run();
    const names = objects();
    expect(names).toHaveLength(10);
    expect(names.filter((name) => name.startsWith('files/'))).toHaveLength(5);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(10);
    await backup.expectRestored();
  });

  test('a file that becomes a folder, and a folder that becomes a file', async () => {
    write({ turns: 'a file', 'back/inner': 'in a folder' });
    const first = await runAndKeep('copy-1');
    rmSync(backup.at('src/turns'));
    rmSync(backup.at('src/back'), { recursive: true });
    write({ 'turns/inner': 'a folder now', back: 'a file now' });
    const second = await runAndKeep('copy-2');
    rmSync(backup.at('src/turns'), { recursive: true });
    write({ turns: 'a file again' });
    const third = await runAndKeep('copy-3');
    for (const { like, words } of [first, second, third]) await backup.expectRestored({ like, words });
    backup.expectNothingUnknown();
  });

  test('from tar to single files and back: each plan has all it needs', async () => {
    write({ 'a.txt': 'A', 'b/c.txt': 'C' });
    await backup.run();
    backup.setPlan(plans.tar);
    const { out } = await backup.run();
    expect(out).toContain('read 2 B');
    expect(backup.volumes()).toHaveLength(1);
    await backup.expectRestoredFrom('disk');
    backup.setPlan(plans.plainFiles);
    expect((await backup.run()).out).toContain('read 0 B');
    await backup.expectRestored();
    backup.expectNothingUnknown();
  });

  test('renamed folders and changed modes store nothing', async () => {
    write({ 'a/1': 'one', 'a/2': 'two' });
    await backup.run();
    const before = objects();
    renameSync(backup.at('src/a'), backup.at('src/b'));
    chmodSync(backup.at('src/b/1'), 0o600);
    cpSync(backup.at('src/b/2'), backup.at('src/copy'));
    await backup.run();
    expect(objects()).toEqual(before);
    await backup.expectRestored();
  });
});
