import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Stores } from '../../src/catalog/stores.ts';
import { Objects } from '../../src/catalog/objects.ts';
import { Volumes } from '../../src/catalog/volumes.ts';
import { filesStep } from '../../src/steps/files.ts';
import type { ObjectEvent, SelectedEntry } from '../../src/steps/flow.ts';
import { collect, failReading, lane, listed, objectsOf, runId, stepSetting, streamed, type MadeObject, type StepSetting } from './step-setting.ts';

const mebibyte = 2 ** 20;
let setting: StepSetting;
beforeEach(() => {
  setting = stepSetting();
});
afterEach(() => setting.remove());

async function make(...entries: SelectedEntry[]): Promise<MadeObject[]> {
  const context = setting.context({ maker: 'files', lanes: [lane('files', { codec: 'zstd' })] });
  return objectsOf((await collect(filesStep.run({}, [listed([entries])], context))) as ObjectEvent[]);
}

/** As at the start of the next run: the objects have their names, and what was made is stored. */
function storeAll(objects: readonly MadeObject[]): void {
  const volumes = new Volumes(setting.catalog);
  const ids = setting.catalog.all(`SELECT id FROM volumes WHERE state = 'open' ORDER BY id`).map((row) => row['id'] as number);
  for (const [index, { name, bytes }] of objects.entries()) {
    new Objects(setting.catalog).add({ volume: ids[index]!, name: `${name}.zst`, size: bytes.length, sha256: Buffer.alloc(32), decoded: bytes.length, codec: 'zstd', level: 3, frames: [], recipients: null });
    volumes.markStored(ids[index]!, bytes.length);
  }
}

test('each file is an object under its own path', async () => {
  const objects = await make(setting.selected('a.txt', 'A'), setting.selected('b/c', 'C'), setting.selected('empty', ''));
  expect(objects.map(({ name, bytes }) => [name, bytes.toString()])).toEqual([['docs/a.txt', 'A'], ['docs/b/c', 'C']]);
});

test('a duplicate, small or large, makes no object', async () => {
  const large = randomBytes(12 * mebibyte);
  const objects = await make(setting.selected('a', 'A'), setting.selected('again', 'A'), setting.selected('large', large), setting.selected('large again', large));
  expect(objects.map(({ name }) => name)).toEqual(['docs/a', 'docs/large']);
  expect(objects[1]!.bytes.equals(large)).toBe(true);
});

test('names that a target does not take, or that another object has, are replaced', async () => {
  const first = await make(setting.selected('Name', '1'), setting.selected('odd name', '2'), setting.selected('folder', '3'));
  storeAll(first);
  const second = await make(setting.selected('Name', 'new'), setting.selected('name', '4'), setting.selected('folder2', '5'));
  expect(first.map(({ name }) => name)).toEqual(['docs/Name', expect.stringMatching(/^files\/[0-9a-f]{64}$/), 'docs/folder']);
  expect(second.map(({ name }) => name)).toEqual([`docs/Name.${runId}`, expect.stringMatching(/^files\/[0-9a-f]{64}$/), 'docs/folder2']);
});

test('in a store that others write to, every name has the run in it', async () => {
  new Stores(setting.catalog).note('two', 'a store', false);
  const objects = await make(setting.selected('a', 'A'));
  expect(objects.map(({ name }) => name)).toEqual([`docs/a.${runId}`]);
});

test('a large file that begins like a stored one is sent whole', async () => {
  const large = randomBytes(12 * mebibyte);
  storeAll(await make(setting.selected('large', large)));
  const other = Buffer.concat([large.subarray(0, 10 * mebibyte), randomBytes(mebibyte)]);
  const [object] = await make(setting.selected('other', other));
  expect(object!.bytes.equals(other)).toBe(true);
});

test('a very large one too, though what it begins with is not kept in memory', async () => {
  const large = randomBytes(48 * mebibyte);
  storeAll(await make(setting.selected('large', large)));
  const other = Buffer.concat([large, randomBytes(mebibyte)]);
  const entry = setting.selected('other', other);
  const [object] = await make(entry);
  expect(object!.bytes.equals(readFileSync(entry.absolute))).toBe(true);
  expect(await make(setting.selected('once more', other))).toEqual([]);
});

test('a large file of known bytes is not read to its end once the run is over', async () => {
  const large = randomBytes(12 * mebibyte);
  storeAll(await make(setting.selected('large', large)));
  const reason = new Error('interrupted');
  setting.controller.abort(reason);
  await expect(make(setting.selected('again', large))).rejects.toBe(reason);
});

test('the output of a command is an object', async () => {
  const objects = await make(streamed('app.dump', 'a dump'), streamed('nothing', ''));
  expect(objects.map(({ name, bytes }) => [name, bytes.toString()])).toEqual([['docs/app.dump', 'a dump']]);
});

test('a command that fails half way leaves no object, and its failure is the source\'s', async () => {
  const failure = new Error('the command failed');
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield randomBytes(9 * mebibyte);
    throw failure;
  }
  await expect(make(streamed('app.dump', stream()))).rejects.toBe(failure);
});

test('a large file whose disk fails half way leaves no object, and the next one is as it should be', async () => {
  await failReading(5);
  const objects = await make(setting.selected('failing', randomBytes(12 * mebibyte)), setting.selected('after', 'after'));
  expect(objects.map(({ name, end }) => [name, end])).toEqual([['docs/failing', 'discard'], ['docs/after', 'close']]);
  expect(objects[1]!.bytes.toString()).toBe('after');
  expect(setting.issues).toMatchObject([{ kind: 'unread', path: 'failing' }]);
  expect(setting.catalog.all('SELECT count(*) AS count FROM volumes')).toEqual([{ count: 1 }]);
});
