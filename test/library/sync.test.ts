import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
