import { chmodSync, cpSync, linkSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { FileMarks } from '../../src/library/stamp.ts';
import { TableDatabase } from '../../src/library/table/database.ts';
import { FileTable, type Hashes } from '../../src/library/table/files.ts';
import { bytesOf, openLibrary, sha256Of, type TestLibrary } from './setting.ts';

test('a sync finds what was put there, renamed, changed and removed by hand', async () => {
  const { library, at, write } = await openLibrary();
  for (const name of ['a', 'b', 'c', 'd']) write(`photos/${name}`, name);
  expect(await library.sync()).toMatchObject({ added: 4, renamed: 0, removed: 0, changed: 0, unchanged: 0, files: 4 });
  expect(await library.sync()).toMatchObject({ added: 0, unchanged: 4, files: 4 });
  mkdirSync(at('photos/inner'));
  renameSync(at('photos/a'), at('photos/inner/a'));
  rmSync(at('photos/b'));
  writeFileSync(at('photos/c'), 'changed');
  expect(await library.sync()).toMatchObject({ added: 0, renamed: 1, removed: 1, changed: 1, unchanged: 1, files: 3 });
  renameSync(at('photos/inner'), at('documents/other'));
  expect(await library.sync()).toMatchObject({ renamed: 1, removed: 0, added: 0, files: 3 });
  expect((await library.find(sha256Of('a')))?.path).toBe('documents/other/a');
});

test('two names that were swapped, and one that took the place of another', async () => {
  const { library, at, write } = await openLibrary();
  for (const name of ['a', 'b', 'c', 'd']) write(`photos/${name}`, name);
  await library.sync();
  renameSync(at('photos/a'), at('photos/x'));
  renameSync(at('photos/b'), at('photos/a'));
  renameSync(at('photos/x'), at('photos/b'));
  renameSync(at('photos/c'), at('photos/d'));
  expect(await library.sync()).toMatchObject({ renamed: 3, removed: 1, added: 0, changed: 0, files: 3 });
  expect((await library.check(['a', 'b', 'c', 'd'].map(sha256Of))).map((known) => known?.path)).toEqual(['photos/b', 'photos/a', 'photos/d', undefined]);
});

test('new files under the names of those that were renamed are all found by one walk', async () => {
  const { library, at, write } = await openLibrary();
  for (const name of ['b', 'y']) write(`photos/${name}`, name);
  await library.sync();
  // A walk goes by the names: it comes to one of these before the old name, and to the other one after it.
  for (const [name, other] of [['b', 'a'], ['y', 'z']]) {
    renameSync(at(`photos/${name}`), at(`photos/${other}`));
    write(`photos/${name}`, `new ${name}`);
  }
  // Of one folder: a walk for another one would find what this one had missed.
  expect(await library.sync({ folders: ['photos'] })).toMatchObject({ renamed: 2, removed: 0, read: 2, files: 4 });
});

test('a folder that is away or suddenly empty is said to be, and all that is known of it is kept', async () => {
  const { library, at } = await openLibrary();
  await library.place('photos/a', bytesOf('one'));
  renameSync(at('photos'), at('elsewhere'));
  await expect(library.sync()).rejects.toMatchObject({ code: 'FOLDER_AWAY' });
  mkdirSync(at('photos'));
  await expect(library.sync({ folders: ['photos'] })).rejects.toMatchObject({ code: 'FOLDER_AWAY' });
  await expect(library.place('photos/b', bytesOf('two'))).rejects.toMatchObject({ code: 'FOLDER_AWAY' });
  await expect(library.check([sha256Of('one')])).rejects.toMatchObject({ code: 'FOLDER_AWAY' });
  // What was emptied by hand is told from that by what is put into it next.
  mkdirSync(at('photos/.bat-uploads'));
  await expect(library.sync({ folders: ['photos'] })).rejects.toMatchObject({ code: 'FOLDER_AWAY' });
  rmSync(at('photos'), { recursive: true });
  renameSync(at('elsewhere'), at('photos'));
  expect(await library.sync()).toMatchObject({ unchanged: 1, files: 1 });
});

test('a folder that is away at the start is told once', async () => {
  const { library, at, write, told, again } = await openLibrary();
  await library.close();
  renameSync(at('photos'), at('elsewhere'));
  write('documents/a', 'a');
  const started = await again();
  started.keepTrue(3_600_000);
  // Folders are looked through one after the other, and this is the second.
  await vi.waitFor(() => expect(started.folders()[1]).toMatchObject({ id: 'documents', files: 1 }));
  expect(told).toEqual([expect.stringContaining('The folder "photos" of the library is away')]);
});

test('the hash table is for its user alone, whatever the folder of the state is and was', async () => {
  const { library, at, write, again } = await openLibrary();
  write('photos/a', 'a');
  const modes = (): string[] => readdirSync(at('state')).filter((name) => name.startsWith('hashes.sqlite')).sort().map((name) => `${name} ${(statSync(at(`state/${name}`)).mode & 0o777).toString(8)}`);
  await library.sync();
  expect(modes()).toEqual(['hashes.sqlite 600', 'hashes.sqlite-shm 600', 'hashes.sqlite-wal 600']);
  await library.close();
  chmodSync(at('state/hashes.sqlite'), 0o644);
  await (await again()).sync();
  expect(modes()).toEqual(['hashes.sqlite 600', 'hashes.sqlite-shm 600', 'hashes.sqlite-wal 600']);
});

test('a file that was written to and given its old time back is read again', async () => {
  const { library, at, write } = await openLibrary();
  write('photos/a', 'before');
  utimesSync(at('photos/a'), 1_700_000_000, 1_700_000_000);
  await library.sync();
  writeFileSync(at('photos/a'), 'after!');
  utimesSync(at('photos/a'), 1_700_000_000, 1_700_000_000);
  expect(await library.find(sha256Of('before'))).toBeNull();
  expect(await library.sync()).toMatchObject({ changed: 1, read: 1 });
  expect(await library.find(sha256Of('after!'))).toMatchObject({ path: 'photos/a' });
});

test('photos of one burst, of one size and one time, are not taken for each other where one got the number of a removed one', async () => {
  const { library, at, write } = await openLibrary();
  const burst = Array.from({ length: 20 }, (_, index) => `photo ${index}`.padEnd(10));
  const put = (content: string, name: string): void => {
    write(`photos/${name}`, content);
    utimesSync(at(`photos/${name}`), 1_700_000_000, 1_700_000_000);
  };
  for (const [index, content] of burst.slice(0, 10).entries()) put(content, `first ${index}`);
  await library.sync();
  for (let index = 0; index < 10; index++) rmSync(at(`photos/first ${index}`));
  for (const [index, content] of burst.slice(10).entries()) put(content, `second ${index}`);
  expect(await library.sync()).toMatchObject({ added: 10, removed: 10, renamed: 0 });
  expect((await library.check(burst.map(sha256Of))).map((known) => known !== null)).toEqual(burst.map((_, index) => index >= 10));
});

describe('a file that was written to, and given its old time back before anybody looked', () => {
  const old = (path: string): void => utimesSync(path, 1_700_000_000, 1_700_000_000);
  async function written(): Promise<TestLibrary> {
    const opened = await openLibrary();
    opened.write('photos/m', 'before');
    old(opened.at('photos/m'));
    await opened.library.sync();
    writeFileSync(opened.at('photos/m'), 'after!');
    old(opened.at('photos/m'));
    return opened;
  }

  test('is not taken for what it was once the library has moved it', async () => {
    const { library } = await written();
    await library.move('photos/m', 'photos/n');
    expect(await library.find(sha256Of('before'))).toBeNull();
    await library.sync();
    expect((await library.find(sha256Of('after!')))?.path).toBe('photos/n');
  });

  test('nor by another name that it has got', async () => {
    const { library, at } = await written();
    mkdirSync(at('photos/inner'));
    linkSync(at('photos/m'), at('photos/a'));
    linkSync(at('photos/m'), at('documents/z'));
    expect(await library.sync()).toMatchObject({ files: 3, skipped: 0 });
    expect(await library.find(sha256Of('before'))).toBeNull();
    for (const name of ['photos/m', 'photos/a', 'documents/z']) expect((await library.openFile(name).then(async (file) => (await file.handle.close(), file))).sha256).toBe(sha256Of('after!').hex);
  });
});

test('an old copy of the table, put back beside what SQLite had not written into it yet, makes no false claim', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bat-table-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'hashes.sqlite');
  const hashes = (digits: string): Hashes => ({ sha256: digits.repeat(32), md5: digits.repeat(16) });
  const changed = (work: (table: FileTable) => void): void => {
    const database = TableDatabase.open(file, () => {});
    work(new FileTable(database));
    database.close();
  };
  const marks = (stamp: string): FileMarks => ({ size: 1, mtime: '1', stamp, identity: stamp });
  changed((table) => {
    for (let number = 1; number <= 200; number++) table.add({ folder: 'photos', directory: '', name: String(number) }, marks(`${number}`), hashes((17 + ((199 * (number - 1)) % 200)).toString(16)), null);
  });
  cpSync(file, `${file}.before`);
  changed((table) => {
    table.changeRow(1, '1', marks('new'));
    table.setHashes(1, 'new', hashes('ff'));
  });
  changed((table) => {
    table.setHashes(2, '2', hashes('fe'));
    cpSync(`${file}-wal`, `${file}.wal`);
  });
  renameSync(`${file}.before`, file);
  renameSync(`${file}.wal`, `${file}-wal`);
  changed((table) => expect(table.withContent({ algorithm: 'sha256', hex: '11'.repeat(32) }, 10)).toEqual([]));
});
