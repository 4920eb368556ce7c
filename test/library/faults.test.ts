import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import type { LibraryDisk } from '../../src/library/disk.ts';
import { systemError, watchedDisk, type DiskCall, type Watcher } from '../targets/faulty-disk.ts';
import { bytesOf, openLibrary, sha256Of } from './setting.ts';

const watched = (watcher: Watcher): LibraryDisk => watchedDisk(watcher) as unknown as LibraryDisk;

/** Fails each call that it is told of, as long as it is on. */
function failing(which: (call: DiskCall) => boolean, code: string): { disk: LibraryDisk; isOn: boolean } {
  const fault = { isOn: false, disk: watched({ before: (call) => { if (fault.isOn && which(call)) throw systemError(code); } }) };
  return fault;
}

for (const [name, code, expected] of [['file.write', 'ENOSPC', 'DISK_FULL'], ['file.sync', 'EIO', 'DISK_FAILED'], ['link', 'EIO', 'DISK_FAILED'], ['file.utimes', 'EIO', 'DISK_FAILED']] as const) {
  test(`${code} of ${name} is told, and leaves nothing that anybody could take for a file`, async () => {
    const fault = failing((call) => call.name === name, code);
    const { library, at } = await openLibrary({}, fault.disk);
    fault.isOn = true;
    await expect(library.place('photos/a', bytesOf('one'), { mtime: '1700000000' })).rejects.toMatchObject({ code: expected });
    expect([readdirSync(at('photos')), readdirSync(at('photos/.bat-uploads'))]).toEqual([['.bat-uploads'], []]);
    expect(await library.find(sha256Of('one'))).toBeNull();
    fault.isOn = false;
    expect(await library.place('photos/a', bytesOf('one'))).toMatchObject({ path: 'photos/a', stored: true });
  });
}

test('a file whose name could not be flushed is not said to be stored, and is known once it is', async () => {
  const fault = failing(({ name, path }) => name === 'file.sync' && !path.includes('in-'), 'EIO');
  const { library, at } = await openLibrary({}, fault.disk);
  fault.isOn = true;
  await expect(library.place('photos/a', bytesOf('one'))).rejects.toMatchObject({ code: 'DISK_FAILED' });
  fault.isOn = false;
  expect(readFileSync(at('photos/a'), 'utf8')).toBe('one');
  await library.sync();
  expect(await library.place('photos/b', bytesOf('one'))).toMatchObject({ path: 'photos/a', stored: false });
});

test('where the temporary name cannot be removed the file is whole, and the name goes at the next start', async () => {
  const fault = failing(({ name }) => name === 'unlink', 'EPERM');
  const { library, at, again } = await openLibrary({}, fault.disk);
  fault.isOn = true;
  await expect(library.place('photos/a', bytesOf('one'))).rejects.toMatchObject({ code: 'DISK_FAILED' });
  fault.isOn = false;
  const opened = await again();
  expect(readdirSync(at('photos/.bat-uploads'))).toEqual([]);
  await opened.sync();
  expect(await opened.find(sha256Of('one'))).toMatchObject({ path: 'photos/a' });
});

test('on a file system without hard links nothing is replaced either', async () => {
  const { library, at } = await openLibrary({}, watched({ before: ({ name }) => { if (name === 'link') throw systemError('EPERM'); } }));
  const placed = await Promise.all(Array.from({ length: 10 }, (_, index) => library.place('photos/a.jpg', bytesOf(`content ${index}`))));
  expect(new Set(placed.map(({ path }) => path)).size).toBe(10);
  for (const [index, { path }] of placed.entries()) expect(readFileSync(at(path), 'utf8')).toBe(`content ${index}`);
  expect(readdirSync(at('photos/.bat-uploads'))).toEqual([]);
});

test('a link that takes the place of a folder at the last moment leads nothing out', async () => {
  let swap = (): void => {};
  const { library, at, root } = await openLibrary({}, watched({ before: ({ name }) => { if (name === 'link' || name === 'unlink' || name === 'file.read') swap(); } }));
  mkdirSync(join(root, 'outside'));
  writeFileSync(join(root, 'outside/secret'), 'secret');
  await library.place('photos/inner/first', bytesOf('first'));
  const swapOnce = (): void => {
    swap = () => {};
    renameSync(at('photos/inner'), at('photos/real'));
    symlinkSync(join(root, 'outside'), at('photos/inner'));
  };
  const putBack = (): void => {
    rmSync(at('photos/inner'));
    renameSync(at('photos/real'), at('photos/inner'));
  };
  swap = swapOnce;
  await library.place('photos/inner/second', bytesOf('second'));
  expect([readdirSync(join(root, 'outside')), readdirSync(at('photos/real')).sort()]).toEqual([['secret'], ['first', 'second']]);
  putBack();
  writeFileSync(at('photos/inner/secret'), 'mine');
  swap = swapOnce;
  await library.remove('photos/inner/secret');
  expect(readFileSync(join(root, 'outside/secret'), 'utf8')).toBe('secret');
  expect(readdirSync(at('photos/real')).sort()).toEqual(['first', 'second']);
  await expect(library.openFile('photos/inner/secret')).rejects.toMatchObject({ code: 'NAME_REFUSED' });
});

test('a sync does not go through links, and tells what it cannot keep account of', async () => {
  const { library, at, root, write } = await openLibrary();
  mkdirSync(join(root, 'outside'));
  writeFileSync(join(root, 'outside/secret'), 'secret');
  symlinkSync(join(root, 'outside'), at('photos/link'));
  symlinkSync(join(root, 'outside/secret'), at('photos/file-link'));
  write('photos/a', 'a');
  writeFileSync(Buffer.concat([Buffer.from(`${at('photos')}/`), Buffer.from([0x62, 0xff, 0x63])]), 'odd');
  const report = await library.sync();
  expect(report).toMatchObject({ added: 1, files: 1, skipped: 1 });
  expect(report.notes[0]).toContain('not UTF-8');
  expect(await library.find(sha256Of('secret'))).toBeNull();
});

test('a file moved over the border of a file system', async () => {
  const { library, at } = await openLibrary({}, watched({ before: ({ name, path }) => { if (name === 'link' && !path.includes('in-')) throw systemError('EXDEV'); } }));
  await library.place('photos/a', bytesOf('one'), { giver: { name: 'anna' } });
  await library.move('photos/a', 'documents/b');
  expect([readdirSync(at('photos')), readFileSync(at('documents/b'), 'utf8')]).toEqual([['.bat-uploads'], 'one']);
  expect(await library.find(sha256Of('one'))).toMatchObject({ path: 'documents/b' });
});

test('a folder moved over the border of a file system', async () => {
  let isApart = false;
  const { library, at } = await openLibrary({}, watched({ before: ({ name, path }) => { if (isApart && (name === 'rename' || (name === 'link' && !path.includes('in-')))) throw systemError('EXDEV'); } }));
  for (const name of ['a', 'inner/b', 'inner/deeper/c']) await library.place(`photos/folder/${name}`, bytesOf(name));
  isApart = true;
  await library.move('photos/folder', 'documents/moved');
  expect(readFileSync(at('documents/moved/inner/deeper/c'), 'utf8')).toBe('inner/deeper/c');
  expect(readdirSync(at('photos'))).toEqual(['.bat-uploads']);
  expect((await library.check(['a', 'inner/b'].map(sha256Of))).map((known) => known?.path)).toEqual(['documents/moved/a', 'documents/moved/inner/b']);
});

test('uploads at once cannot together have more than a quota, nor fill the disk', async () => {
  const roots = await openLibrary();
  const folders = ['photos', 'documents'].map((id) => ({ id, path: roots.at(id), quota: 1000 }));
  const library = await roots.again({ folders });
  const upload = (name: string, size?: number): Promise<unknown> => library.place(name, bytesOf(name.padEnd(50), '.'.repeat(50)), size === undefined ? {} : { size });
  // Who does not say how much will come may fail later than it had to.
  await Promise.allSettled(Array.from({ length: 20 }, (_, index) => upload(`documents/${index}`)));
  expect(library.folders()[1]!.bytes).toBeLessThanOrEqual(1000);
  for (let index = 0; index < 20; index++) await library.remove(`documents/${index}`).catch(() => {});
  const settled = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => upload(`photos/${index}`, 100)));
  const refused = settled.filter((result) => result.status === 'rejected');
  expect(settled.length - refused.length).toBe(10);
  expect(new Set(refused.map(({ reason }) => (reason as { code: string }).code))).toEqual(new Set(['QUOTA']));
  expect(library.folders()[0]).toMatchObject({ files: 10, bytes: 1000 });
  const anna = { name: 'anna', quota: 150 };
  await library.place('documents/a', bytesOf('a'.repeat(100)), { giver: anna });
  await expect(library.place('documents/b', bytesOf('b'.repeat(100)), { giver: anna })).rejects.toMatchObject({ code: 'QUOTA' });
  await library.remove('documents/a');
  await library.place('documents/b', bytesOf('b'.repeat(100)), { giver: anna });
  const full = await roots.again({ folders, keepFree: Number.MAX_SAFE_INTEGER });
  await expect(full.place('documents/c', bytesOf('c'))).rejects.toMatchObject({ code: 'DISK_FULL' });
  await expect(full.admit('documents', { size: 1 })).rejects.toMatchObject({ code: 'DISK_FULL' });
});

test('a damaged table, or one of a newer bat, is made anew and that is said', async () => {
  const { again, at, told, library } = await openLibrary();
  await library.place('photos/a', bytesOf('one'));
  await library.close();
  const newer = new DatabaseSync(at('state/hashes.sqlite'));
  newer.exec('PRAGMA user_version = 999');
  newer.close();
  const opened = await again();
  expect(told.join('\n')).toContain('newer bat');
  expect(await opened.sync()).toMatchObject({ added: 1 });
  await opened.close();
  writeFileSync(at('state/hashes.sqlite'), 'this is no database, and longer than a header of SQLite would have to be to be taken for one');
  const anew = await again();
  expect(told.join('\n')).toContain('damaged');
  expect(await anew.sync()).toMatchObject({ added: 1, files: 1 });
});

test('a reread finds what the disk has damaged', async () => {
  const { library, at, told, again } = await openLibrary();
  await library.place('photos/a', bytesOf('one'));
  await library.close();
  // What a failing disk does: other bytes, and not a mark on the file. A file cannot be written to so; the table is told another hash.
  const table = new DatabaseSync(at('state/hashes.sqlite'));
  table.exec(`UPDATE files SET sha256 = x'${'00'.repeat(32)}'`);
  table.close();
  const opened = await again();
  expect(await opened.sync()).toMatchObject({ damaged: 0, read: 0 });
  expect(await opened.sync({ reread: true })).toMatchObject({ damaged: 1, read: 1 });
  expect(told.join('\n')).toContain('photos/a is damaged');
});

test('a file that is cut short after it was found is not claimed', async () => {
  const { library, at, write } = await openLibrary();
  write('photos/a', 'one');
  await library.sync();
  truncateSync(at('photos/a'), 1);
  expect(await library.find(sha256Of('one'))).toBeNull();
});

test('where the table cannot be written to a file that was sent has no name, and does not come once more with each try', async () => {
  const { library, at, write } = await openLibrary();
  const other = new DatabaseSync(at('state/hashes.sqlite'));
  onTestFinished(() => other.close());
  other.exec("CREATE TRIGGER full BEFORE INSERT ON files BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END");
  for (const _ of [1, 2]) await expect(library.place('photos/a', bytesOf('one'))).rejects.toMatchObject({ code: 'STATE_FAILED' });
  const file = join(await library.uploadsFolder('photos'), 'tus-1');
  write('photos/.bat-uploads/tus-1', 'two');
  await expect(library.place('photos/b', { file })).rejects.toMatchObject({ code: 'STATE_FAILED' });
  expect([readdirSync(at('photos')), readdirSync(at('photos/.bat-uploads'))]).toEqual([['.bat-uploads'], ['tus-1']]);
  other.exec('DROP TRIGGER full');
  expect(await library.place('photos/b', { file })).toMatchObject({ path: 'photos/b', stored: true });
  expect(await library.place('photos/a', bytesOf('one'))).toMatchObject({ path: 'photos/a', stored: true });
});
