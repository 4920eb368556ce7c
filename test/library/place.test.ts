import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bytesOf, md5Of, openLibrary, sha256Of } from './setting.ts';

test('a file is stored under its name, with its time, and known by both hashes', async () => {
  const { library, at } = await openLibrary();
  const placed = await library.place('photos/2024/a.jpg', bytesOf('one', 'two'), { mtime: '1700000000.123456', size: 6, hash: md5Of('onetwo') });
  expect(placed).toEqual({ path: 'photos/2024/a.jpg', size: 6, sha256: sha256Of('onetwo').hex, md5: md5Of('onetwo').hex, stored: true });
  expect(readFileSync(at('photos/2024/a.jpg'), 'utf8')).toBe('onetwo');
  expect(statSync(at('photos/2024/a.jpg')).mtimeMs).toBeCloseTo(1_700_000_000_123.456, 2);
  expect(await library.find(md5Of('onetwo'))).toMatchObject({ path: 'photos/2024/a.jpg' });
  expect(readdirSync(at('photos/.bat-uploads'))).toEqual([]);
});

test('content that is there already is not stored again, and not read where its hash is known', async () => {
  const { library, at } = await openLibrary();
  await library.place('photos/a.jpg', bytesOf('one'));
  expect(await library.place('documents/b.jpg', bytesOf('one'))).toMatchObject({ path: 'photos/a.jpg', stored: false });
  const neverRead: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => expect.unreachable('it was read') };
  expect(await library.place('documents/b.jpg', neverRead, { hash: sha256Of('one') })).toMatchObject({ path: 'photos/a.jpg', stored: false });
  expect(readdirSync(at('documents')).filter((name) => name !== '.bat-uploads')).toEqual([]);
});

test('content in a folder that one may not use is stored all the same', async () => {
  const { library } = await openLibrary();
  await library.place('documents/a', bytesOf('one'));
  const within = (folder: string): boolean => folder === 'photos';
  expect(await library.place('photos/a', bytesOf('one'), { hash: sha256Of('one'), within })).toMatchObject({ path: 'photos/a', stored: true });
  expect(await library.find(sha256Of('one'), (folder) => folder === 'nowhere')).toBeNull();
});

test('a file that was renamed by hand is still known, and one that was removed or changed is not', async () => {
  const { library, at } = await openLibrary();
  for (const content of ['one', 'two', 'three']) await library.place(`photos/${content}.jpg`, bytesOf(content));
  mkdirSync(at('photos/sorted'));
  renameSync(at('photos/one.jpg'), at('photos/sorted/first.jpg'));
  rmSync(at('photos/two.jpg'));
  writeFileSync(at('photos/three.jpg'), 'other');
  const found = await library.check([sha256Of('one'), sha256Of('two'), md5Of('three')]);
  expect(found.map((known) => known?.path ?? null)).toEqual(['photos/sorted/first.jpg', null, null]);
});

test('a name that is taken is kept, and the new file gets a number', async () => {
  const { library, at, write } = await openLibrary();
  for (const content of ['1', '2', '3']) await library.place('photos/a.jpg', bytesOf(content));
  expect(['a.jpg', 'a (2).jpg', 'a (3).jpg'].map((name) => readFileSync(at(`photos/${name}`), 'utf8'))).toEqual(['1', '2', '3']);
  for (let number = 4; number <= 300; number++) write(`photos/a (${number}).jpg`, '');
  expect(await library.place('photos/a.jpg', bytesOf('many'))).toMatchObject({ path: 'photos/a (301).jpg' });
  await expect(library.place('photos/a.jpg', bytesOf('exact'), { exactName: true })).rejects.toMatchObject({ code: 'EXISTS' });
  expect(readdirSync(at('photos/.bat-uploads'))).toEqual([]);
});

test('bytes that are not those of the hash, or not as many as announced, leave nothing', async () => {
  const { library, at } = await openLibrary();
  await expect(library.place('photos/a', bytesOf('one'), { hash: sha256Of('two') })).rejects.toMatchObject({ code: 'HASH_MISMATCH' });
  await expect(library.place('photos/a', bytesOf('one'), { size: 4 })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  const broken = (async function* () {
    yield Buffer.from('one');
    throw new Error('the line is cut');
  })();
  await expect(library.place('photos/a', broken)).rejects.toThrow('the line is cut');
  expect(readdirSync(at('photos'))).toEqual(['.bat-uploads']);
  expect(readdirSync(at('photos/.bat-uploads'))).toEqual([]);
});

test('of many uploads of one content at once a single one is stored', async () => {
  const { library, at } = await openLibrary();
  const placed = await Promise.all(Array.from({ length: 20 }, (_, index) => library.place(`photos/${index}.jpg`, bytesOf('the', ' same'))));
  expect(placed.filter(({ stored }) => stored)).toHaveLength(1);
  expect(new Set(placed.map(({ path }) => path)).size).toBe(1);
  expect(readdirSync(at('photos'))).toHaveLength(2);
});

test('nothing is put through a link, nor under a name that leads elsewhere', async () => {
  const { library, at, root } = await openLibrary();
  mkdirSync(`${root}/outside`);
  symlinkSync(`${root}/outside`, at('photos/link'));
  symlinkSync(`${root}/outside/none`, at('photos/dangling.jpg'));
  await expect(library.place('photos/link/a', bytesOf('1'))).rejects.toMatchObject({ code: 'NAME_REFUSED' });
  expect(await library.place('photos/dangling.jpg', bytesOf('1'))).toMatchObject({ path: 'photos/dangling (2).jpg' });
  for (const name of ['photos/../a', 'photos/./a', 'photos//a', '/photos/a', 'photos', 'photos/', 'photos/a/', 'photos/a\0b', 'photos/.bat-uploads/a', 'photos/a\nb', `photos/${'é'.repeat(128)}`, 'photos/\udc80']) {
    await expect(library.place(name, bytesOf('1')), JSON.stringify(name)).rejects.toMatchObject({ code: 'NAME_REFUSED' });
  }
  await expect(library.place('nowhere/a', bytesOf('1'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(readdirSync(`${root}/outside`)).toEqual([]);
});

test('a finished file is named where it lies, or is gone if it is not what was meant, and stays for failures that pass', async () => {
  const { library, at } = await openLibrary();
  const uploads = await library.uploadsFolder('photos');
  const finished = (content: string): { file: string } => {
    writeFileSync(`${uploads}/tus-1`, content);
    return { file: `${uploads}/tus-1` };
  };
  expect(await library.place('photos/a', finished('one'), { hash: sha256Of('one'), size: 3 })).toMatchObject({ path: 'photos/a', stored: true });
  expect(await library.place('photos/b', finished('one'))).toMatchObject({ path: 'photos/a', stored: false });
  await expect(library.place('photos/b', finished('two'), { hash: sha256Of('other') })).rejects.toMatchObject({ code: 'HASH_MISMATCH' });
  expect(readdirSync(uploads)).toEqual([]);
  writeFileSync(at('photos/in the way'), '');
  await expect(library.place('photos/in the way/b', finished('two'))).rejects.toMatchObject({ code: 'NAME_REFUSED' });
  expect(readdirSync(uploads)).toEqual(['tus-1']);
});

test('a path that ends in a slash names a folder, and no file goes by it', async () => {
  const { library, at } = await openLibrary();
  await library.place('photos/a', bytesOf('one'));
  await expect(library.remove('photos/a/')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(library.remove('photos/a/', { recursive: true })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(library.move('photos/a/', 'photos/b')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(readFileSync(at('photos/a'), 'utf8')).toBe('one');
  await library.makeFolder('photos/empty');
  expect(await library.remove('photos/empty/')).toBe(0);
});

test('a folder that another one takes the place of while a file comes gets nothing', async () => {
  const { library, at } = await openLibrary();
  await library.place('photos/a', bytesOf('one'));
  async function* slow(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('two');
    renameSync(at('photos'), at('elsewhere'));
    mkdirSync(at('photos'));
  }
  await expect(library.place('photos/b', slow())).rejects.toMatchObject({ code: 'FOLDER_AWAY' });
  expect([readdirSync(at('photos')), readdirSync(at('elsewhere')).sort(), readdirSync(at('elsewhere/.bat-uploads'))]).toEqual([[], ['.bat-uploads', 'a'], []]);
});
