/** `bat mirror` from a server to a server, a folder and a bucket. */
import { mkdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { filesIn, MirrorSetting, write } from './mirror-setting.ts';
import type { TestServer } from '../../server/start-server.ts';

let setting: MirrorSetting;
let from: TestServer;
beforeEach(async () => {
  setting = new MirrorSetting();
  from = await setting.server();
});
afterEach(() => setting.close());

const photos = { 'a.jpg': 'first', '2024/b ü (1).jpg': 'second', '2024/deep/c': '', 'twice/d': 'first' };

/** Where files can be looked at as they lie there. */
const places = {
  'a server': async () => {
    const to = await setting.server();
    return { address: `${to.url}/photos`, folder: to.photos };
  },
  'a folder': async () => ({ address: setting.at('disk'), folder: setting.at('disk') }),
};

describe.each(Object.entries(places))('to %s', (_name, open) => {
  test('what is missing is sent, each content once, with its times; a second mirror finds all in place', async () => {
    const { address, folder } = await open();
    write(from.photos, photos);
    utimesSync(join(from.photos, 'a.jpg'), 1_500_000_000.25, 1_500_000_000.25);
    const { result } = await setting.run(`${from.url}/photos`, address);
    expect(filesIn(folder)).toEqual(photos);
    expect(statSync(join(folder, 'a.jpg')).mtimeMs).toBe(1_500_000_000_250);
    expect(result).toMatchObject({ same: 0, sent: { files: 3, bytes: 11 }, copied: { files: 1, bytes: 5 }, failed: 0 });
    const again = await setting.run(`${from.url}/photos`, address);
    expect(again.actions).toEqual([]);
    expect(again.result.same).toBe(4);
  });

  test('files that were renamed or swapped are moved, and nothing is sent', async () => {
    const { address, folder } = await open();
    write(from.photos, { 'x/a': 'one', 'x/b': 'two', 'c': 'three', 'old/place/d': 'four' });
    await setting.run(`${from.url}/photos`, address);
    renameSync(join(from.photos, 'x/a'), join(from.photos, 'swap'));
    renameSync(join(from.photos, 'x/b'), join(from.photos, 'x/a'));
    renameSync(join(from.photos, 'swap'), join(from.photos, 'x/b'));
    renameSync(join(from.photos, 'old/place'), join(from.photos, 'new'));
    rmSync(join(from.photos, 'old'), { recursive: true });
    // A folder where a file was.
    renameSync(join(from.photos, 'c'), join(from.photos, 'c2'));
    mkdirSync(join(from.photos, 'c'));
    renameSync(join(from.photos, 'c2'), join(from.photos, 'c/in'));
    const { result } = await setting.run(`${from.url}/photos`, address);
    expect(filesIn(folder)).toEqual(filesIn(from.photos));
    expect(result).toMatchObject({ sent: { files: 0 }, moved: { files: 4 }, aside: { files: 0 }, failed: 0 });
  });

  test('an old content gives way to a new one, and waits beside it; removed files wait out their grace, and come back before it', async () => {
    const { address, folder } = await open();
    write(from.photos, { 'kept': '1', 'also': '2', 'more': '3', 'letter': 'old text', 'gone': 'bye', 'back': 'soon' });
    await setting.run(`${from.url}/photos`, address, { delete: true });
    write(from.photos, { letter: 'new text' });
    for (const name of ['gone', 'back']) rmSync(join(from.photos, name));
    setting.days(1);
    const first = await setting.run(`${from.url}/photos`, address, { delete: true });
    const aside = 'mirror-waiting/20261121-120000/letter';
    expect(filesIn(folder)).toEqual({ 'kept': '1', 'also': '2', 'more': '3', 'letter': 'new text', 'gone': 'bye', 'back': 'soon', [aside]: 'old text' });
    expect(first.result).toMatchObject({ aside: { files: 1 }, waiting: { files: 3, next: '2026-12-21T12:00:00.000Z' }, removed: { files: 0 } });
    write(from.photos, { back: 'soon' });
    setting.days(29.9);
    const second = await setting.run(`${from.url}/photos`, address, { delete: true });
    expect(second.result).toMatchObject({ waiting: { files: 2 }, removed: { files: 0 } });
    setting.days(0.2);
    const rehearsed = await setting.run(`${from.url}/photos`, address, { delete: true, dryRun: true });
    expect(rehearsed.actions.map(({ action }) => action)).toEqual(['remove', 'remove']);
    const without = await setting.run(`${from.url}/photos`, address);
    expect(without.result).toMatchObject({ removed: { files: 0 }, extra: { files: 2 } });
    const third = await setting.run(`${from.url}/photos`, address, { delete: true });
    expect(third.actions.map(({ action, path }) => `${action} ${path.split('/').at(-1)}`).sort()).toEqual(['remove gone', 'remove letter']);
    expect(filesIn(folder)).toEqual(filesIn(from.photos));
    const fourth = await setting.run(`${from.url}/photos`, address, { delete: true });
    expect(fourth.actions).toEqual([]);
  });

  test('a dry run says it all and changes nothing', async () => {
    const { address, folder } = await open();
    write(from.photos, photos);
    const { actions, result } = await setting.run(`${from.url}/photos`, address, { dryRun: true, delete: true });
    expect(actions.map(({ action, path }) => `${action} ${path.replace(/^photos\//, '')}`)).toEqual(['send 2024/b ü (1).jpg', 'send 2024/deep/c', 'send a.jpg', 'copy twice/d']);
    expect(result.sent.files).toBe(3);
    expect(filesIn(folder)).toEqual({});
  });
});

test('where the server lacks most of what it had nothing is removed without consent', async () => {
  const { address, folder } = await places['a server']();
  write(from.photos, { a: '1', b: '2', c: '3', d: '4', e: '5' });
  await setting.run(`${from.url}/photos`, address, { delete: true });
  for (const name of ['a', 'b', 'c']) rmSync(join(from.photos, name));
  await setting.run(`${from.url}/photos`, address, { delete: true });
  setting.days(31);
  await expect(setting.run(`${from.url}/photos`, address, { delete: true })).rejects.toMatchObject({
    code: 'DELETION_REFUSED',
    message: `Nothing was removed: ${from.url}/photos lacks 3 files that would go, more than the 2 files that it has.`,
    result: { removed: { files: 0 }, waiting: { files: 3 } },
  });
  expect(Object.keys(filesIn(folder))).toHaveLength(5);
  await setting.run(`${from.url}/photos`, address, { delete: true, forceDelete: true });
  expect(Object.keys(filesIn(folder))).toEqual(['d', 'e']);
});

test('a note of what waits that was lost or damaged begins the grace anew', async () => {
  const { address, folder } = await places['a server']();
  write(from.photos, { a: '1', b: '2', c: '3' });
  await setting.run(`${from.url}/photos`, address, { delete: true });
  rmSync(join(from.photos, 'a'));
  await setting.run(`${from.url}/photos`, address, { delete: true });
  setting.days(31);
  for (const file of Object.keys(filesIn(setting.at('state'))).filter((name) => name.endsWith('waiting.jsonl'))) writeFileSync(setting.at('state', file), '{"mirror":1}\n{"path":"a"');
  const { result, events } = await setting.run(`${from.url}/photos`, address, { delete: true });
  expect(result).toMatchObject({ removed: { files: 0 }, waiting: { files: 1, next: '2027-01-20T12:00:00.000Z' } });
  expect(events).toContainEqual(expect.objectContaining({ type: 'issue', issue: expect.objectContaining({ kind: 'note' }) as unknown }));
  expect(filesIn(folder)['a']).toBe('1');
});

test('all folders of a library, each under its own name; what lies elsewhere on the other server is no part of it, and yet not sent', async () => {
  const home = setting.at('second');
  mkdirSync(join(home, 'music'), { recursive: true });
  const to = await setting.server({ folder: home, settings: { library: { photos: 'photos', documents: 'documents', music: 'music' } } });
  write(from.photos, { 'x/a': 'song', b: 'picture' });
  write(from.documents, { c: 'letter' });
  write(join(home, 'music'), { a: 'song' });
  const { result } = await setting.run(from.url, to.url, { delete: true });
  expect(result).toMatchObject({ sent: { files: 2 }, copied: { files: 1 }, moved: { files: 0 }, waiting: { files: 0 } });
  expect([filesIn(to.photos), filesIn(to.documents), filesIn(join(home, 'music'))]).toEqual([{ 'x/a': 'song', b: 'picture' }, { c: 'letter' }, { a: 'song' }]);
  await expect(setting.run(`${from.url}/photos`, to.url)).rejects.toMatchObject({ code: 'USAGE', message: `${to.url} names no folder of the library to put the files in.` });
  await expect(setting.run(to.url, from.url)).rejects.toMatchObject({ code: 'USAGE', message: `${from.url} has no folder "music" in its library.`, hint: 'This token may use: photos, documents.' });
  // A slip of the pen is no empty folder.
  write(from.photos, { '2024/a.jpg': 'a' });
  for (const slip of ['photos/2042', 'photos/2024/a.jpg']) {
    await expect(setting.run(`${from.url}/${slip}`, `${to.url}/photos`)).rejects.toMatchObject({ code: 'USAGE', message: `${from.url} has no folder "${slip}".` });
  }
  mkdirSync(join(from.photos, 'empty'));
  expect((await setting.run(`${from.url}/photos/empty`, `${to.url}/photos`)).result).toMatchObject({ same: 0, sent: { files: 0 } });
  await expect(setting.run(`${from.url}/films`, to.url)).rejects.toMatchObject({ code: 'USAGE' });
  // A folder that is emptied is rather a disk that is not mounted: so says the server itself.
  rmSync(join(from.documents, 'c'));
  await expect(setting.run(from.url, to.url, { delete: true })).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE' });
});

test('tokens: one for each side, and each with the rights that it needs', async () => {
  const [first, second] = [await setting.server({ users: { anna: { rights: ['read'] } } }), await setting.server({ users: { anna: { rights: ['read', 'add', 'delete'] }, careful: { rights: ['read', 'add'] } } })];
  write(first.photos, { a: '1', b: '2' });
  write(second.photos, { other: '1' });
  await expect(setting.run(first.url, second.url, { toToken: second.tokens['anna']! })).rejects.toMatchObject({ code: 'TARGET_DENIED' });
  // Moving takes a name away, which this token may not.
  await expect(setting.run(first.url, second.url, { fromToken: first.tokens['anna']!, toToken: second.tokens['careful']! })).rejects.toMatchObject({ code: 'TARGET_DENIED' });
  expect(filesIn(second.photos)).toEqual({ other: '1' });
  await setting.run(first.url, second.url, { fromToken: first.tokens['anna']!, toToken: second.tokens['anna']! });
  expect(filesIn(second.photos)).toEqual({ a: '1', b: '2' });
});
