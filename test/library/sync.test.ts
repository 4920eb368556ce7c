import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bytesOf, openLibrary, sha256Of } from './setting.ts';

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
