import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Volumes } from '../../src/catalog/volumes.ts';
import type { Entry } from '../../src/core/entry.ts';
import type { ObjectEvent, SelectedEntry } from '../../src/steps/flow.ts';
import { tarStep, volumeSizeOf } from '../../src/steps/tar.ts';
import { judged } from '../volume/judges/run.ts';
import { collect, failReading, listed, objectsOf, stepSetting, streamed, type MadeObject, type StepSetting } from './step-setting.ts';

const mebibyte = 2 ** 20;
let setting: StepSetting;
beforeEach(() => {
  setting = stepSetting();
});
afterEach(() => setting.remove());

/** The volumes of these entries; every chunk lies where the catalog says it does, and GNU tar reads them without a word. */
async function pack(entries: readonly SelectedEntry[], volume = '20MiB'): Promise<MadeObject[]> {
  const objects = objectsOf((await collect(tarStep.run({ volume }, [listed([entries])], setting.context()))) as ObjectEvent[]);
  for (const { bytes, closed } of objects) {
    expect(closed!.decoded).toBe(bytes.length);
    judged('tar', ['-tf', '-'], bytes);
  }
  const rows = setting.catalog.all('SELECT c.sha256, c.length, p.offset, p.volume FROM places p JOIN chunks c ON c.id = p.chunk ORDER BY p.volume');
  const volumes = [...new Set(rows.map((row) => row['volume']))];
  for (const row of rows) {
    const { bytes } = objects[objects.length - volumes.length + volumes.indexOf(row['volume'])] ?? { bytes: null };
    if (!bytes) continue;
    const [offset, length] = [row['offset'] as number, row['length'] as number];
    expect(createHash('sha256').update(bytes.subarray(offset, offset + length)).digest('hex')).toBe(Buffer.from(row['sha256'] as Uint8Array).toString('hex'));
  }
  return objects;
}

const members = ({ bytes }: MadeObject): string[] => judged('tar', ['-tf', '-', '--quoting-style=literal'], bytes).toString().trim().split('\n');
const contentOf = ({ bytes }: MadeObject, name: string): Buffer => judged('tar', ['-xOf', '-', name], bytes);
const plain = (type: Entry['type'], path: string, more: Partial<Entry> = {}): SelectedEntry => ({ entry: { path, type, mode: 0o755, uid: 0, gid: 0, mtime: '1700000000.000000000', size: 0, ...more }, stamp: '', absolute: '', before: false });
const chunksOf = (path: string): number => setting.catalog.get('SELECT length(chunks) / 4 AS count FROM draft WHERE name = ? AND leftover = 0', path)!['count'] as number;
/** As at the start of the next run: what was packed is stored. */
const storeAll = (): void => {
  for (const row of setting.catalog.all('SELECT id FROM volumes')) new Volumes(setting.catalog).markStored(row['id'] as number, 1);
};

test('small files are one member each, with all that an entry has; an empty one has no content', async () => {
  const [volume, ...others] = await pack([plain('directory', 'sub'), setting.selected('sub/a', 'A'), setting.selected('empty', ''), plain('symlink', 'link', { link: 'sub/a' }), plain('fifo', 'pipe')]);
  expect(others).toEqual([]);
  expect(members(volume!)).toEqual(['docs/sub/', 'docs/sub/a', 'docs/empty', 'docs/link', 'docs/pipe']);
  expect(contentOf(volume!, 'docs/sub/a').toString()).toBe('A');
  expect(chunksOf('empty')).toBe(0);
});

test('content that is known, from this run or an earlier one, makes no member', async () => {
  const [first] = await pack([setting.selected('a', 'same'), setting.selected('b', 'same')]);
  expect(members(first!)).toEqual(['docs/a']);
  storeAll();
  expect(await pack([setting.selected('c', 'same'), plain('directory', 'd')])).toEqual([]);
  expect(chunksOf('c')).toBe(1);
});

test('volumes keep to their size, and every frame but the last of one is a MiB', async () => {
  const volumes = await pack(Array.from({ length: 9 }, (_, index) => setting.selected(`file ${index}`, randomBytes(5 * mebibyte))));
  expect(volumes).toHaveLength(3);
  for (const { bytes, pieces } of volumes) {
    expect(bytes.length).toBeLessThanOrEqual(20 * mebibyte);
    expect(new Set(pieces.slice(0, -1))).toEqual(new Set([mebibyte]));
  }
});

test('a large new file that fits is one member; one larger than a volume is pieces that are joined by cat', async () => {
  const [fits, huge] = [randomBytes(12 * mebibyte), randomBytes(45 * mebibyte)];
  const volumes = await pack([setting.selected('fits', fits), setting.selected('huge', huge)]);
  expect(contentOf(volumes[0]!, 'docs/fits').equals(fits)).toBe(true);
  const pieces = volumes.flatMap((volume) => members(volume).filter((name) => name.startsWith('docs/huge')).map((name) => ({ name, bytes: contentOf(volume, name) })));
  expect(pieces[0]!.name).toBe('docs/huge.bat-0000000000000000');
  expect(pieces.map(({ name }) => name)).toEqual(pieces.map(({ name }) => name).sort());
  expect(Buffer.concat(pieces.map(({ bytes }) => bytes)).equals(huge)).toBe(true);
  for (const { bytes } of pieces) expect(bytes.length).toBeLessThanOrEqual(16 * mebibyte);
});

test('of a large file that changed, only the new bytes go in, at their offsets', async () => {
  const before = randomBytes(15 * mebibyte);
  await pack([setting.selected('image', before)]);
  storeAll();
  const after = Buffer.from(before);
  randomBytes(100_000).copy(after, 7 * mebibyte);
  const [volume] = await pack([setting.selected('image', after, { before: true })]);
  for (const name of members(volume!)) {
    const offset = Number(/^docs\/image\.bat-(\d{16})$/.exec(name)![1]);
    const bytes = contentOf(volume!, name);
    expect(after.subarray(offset, offset + bytes.length).equals(bytes)).toBe(true);
  }
  expect(volume!.bytes.length).toBeLessThan(9 * mebibyte);
});

test('the same MiB over and over is stored once', async () => {
  const [volume] = await pack([setting.selected('image', Buffer.alloc(30 * mebibyte, 'x'), { before: true })]);
  expect(volume!.bytes.length).toBeLessThan(9 * mebibyte);
  expect(chunksOf('image')).toBeGreaterThan(5);
});

test('a large file of known bytes is not read to its end once the run is over', async () => {
  const reason = new Error('interrupted');
  let read = 0;
  const context = { ...setting.context(), count: ({ bytes = 0 }) => void ((read += bytes), setting.controller.abort(reason)) };
  const packing = collect(tarStep.run({ volume: '20MiB' }, [listed([[setting.selected('zeros', Buffer.alloc(40 * mebibyte))]])], context));
  await expect(packing).rejects.toBe(reason);
  expect(read).toBe(4 * mebibyte);
  expect(setting.issues).toEqual([]);
});

test('the output of a command is a file of its own, whatever its length', async () => {
  const output = randomBytes(20 * mebibyte);
  async function* stream(): AsyncGenerator<Uint8Array> {
    for (let offset = 0; offset < output.length; offset += 65_536) yield output.subarray(offset, offset + 65_536);
  }
  const volumes = await pack([streamed('app.dump', stream()), streamed('small', 'a few bytes'), streamed('nothing', '')]);
  const pieces = volumes.flatMap((volume) => members(volume).filter((name) => name.includes('app.dump')).map((name) => contentOf(volume, name)));
  expect(Buffer.concat(pieces).equals(output)).toBe(true);
  expect(contentOf(volumes.at(-1)!, 'docs/small').toString()).toBe('a few bytes');
  expect(setting.catalog.get(`SELECT size FROM draft WHERE name = 'app.dump'`)).toMatchObject({ size: output.length });
});

test('a hard link is a member only where its first name lies in the same volume', async () => {
  const link = plain('hardlink', 'second', { link: 'first', size: 3 });
  const [same] = await pack([setting.selected('first', 'one', { firstName: true }), link]);
  expect(members(same!)).toEqual(['docs/first', 'docs/second']);
  expect(judged('tar', ['-tvf', '-'], same!.bytes).toString()).toContain('docs/second link to docs/first');
  storeAll();
  const [other] = await pack([setting.selected('first', 'one', { firstName: true }), link, setting.selected('x', 'x')]);
  expect(members(other!)).toEqual(['docs/x']);
});

test('nor where it lay in the volume before', async () => {
  const filler = Array.from({ length: 3 }, (_, index) => setting.selected(`filler ${index}`, randomBytes(7 * mebibyte)));
  const volumes = await pack([setting.selected('first', 'one', { firstName: true }), ...filler, plain('hardlink', 'second', { link: 'first', size: 3 })]);
  expect(volumes.map(members)).toEqual([['docs/first', 'docs/filler 0', 'docs/filler 1'], ['docs/filler 2']]);
});

describe('when a file is not what it was', () => {
  test.each([['small', 5000], ['large', 12 * mebibyte]])('a %s file that shrank, grew, or is gone', async (_, size) => {
    const [shrunk, grown, gone, last] = ['shrunk', 'grown', 'gone', 'last'].map((name) => setting.selected(name, randomBytes(size)));
    truncateSync(shrunk!.absolute, size / 2);
    appendFileSync(grown!.absolute, 'more');
    rmSync(gone!.absolute);
    await pack([shrunk!, grown!, gone!, last!]);
    expect(setting.issues.map(({ kind, path }) => `${path} ${kind}`)).toContain('gone vanished');
    const sizes = Object.fromEntries(setting.catalog.all(`SELECT name, size FROM draft WHERE type = 'file'`).map((row) => [row['name'], row['size']]));
    expect(sizes['shrunk']).toBe(size / 2);
    expect([size, size + 4]).toContain(sizes['grown']);
    expect(sizes['last']).toBe(size);
    // What was not read as it is now is read again by the next run.
    if (sizes['grown'] === size) expect(setting.catalog.get(`SELECT stamp FROM draft WHERE name = 'grown'`)).toEqual({ stamp: '' });
  });

  test('a large file that fails half way is filled up, and the archive stays whole', async () => {
    const failing = setting.selected('failing', randomBytes(12 * mebibyte));
    async function* entries(): AsyncGenerator<readonly SelectedEntry[]> {
      yield [failing];
      yield [setting.selected('after', 'after')];
    }
    const input = entries();
    const events: ObjectEvent[] = [];
    for await (const event of tarStep.run({ volume: '20MiB' }, [input], setting.context()) as AsyncIterable<ObjectEvent>) {
      if (event.type === 'open') truncateSync(failing.absolute, 9 * mebibyte);
      events.push(event.type === 'data' ? { type: 'data', bytes: Buffer.from(event.bytes) } : event);
    }
    const [volume] = objectsOf(events);
    expect(members(volume!)).toEqual(['docs/failing', 'docs/after']);
    expect(contentOf(volume!, 'docs/after').toString()).toBe('after');
    expect(contentOf(volume!, 'docs/failing')).toHaveLength(12 * mebibyte);
    expect(setting.issues).toMatchObject([{ kind: 'changed', path: 'failing' }]);
  });

  test('a large file whose disk fails half way is filled up too, and is in no snapshot', async () => {
    await failReading(5);
    const [volume] = await pack([setting.selected('failing', randomBytes(12 * mebibyte)), setting.selected('after', 'after')]);
    expect(members(volume!)).toEqual(['docs/failing', 'docs/after']);
    expect(contentOf(volume!, 'docs/failing')).toHaveLength(12 * mebibyte);
    expect(setting.issues).toMatchObject([{ kind: 'unread', path: 'failing' }]);
    expect(setting.catalog.all('SELECT name FROM draft')).toEqual([{ name: 'after' }]);
  });

  test('what it lacks is not made all at once', async () => {
    const shrunk = setting.selected('shrunk', randomBytes(9 * mebibyte));
    const entry = { ...shrunk.entry, size: 90 * mebibyte };
    const memory = new Set<ArrayBufferLike>();
    for await (const event of tarStep.run({ volume: '100MiB' }, [listed([[{ ...shrunk, entry }]])], setting.context()) as AsyncIterable<ObjectEvent>) {
      if (event.type !== 'data') continue;
      memory.add(event.bytes.buffer);
      event.release?.();
    }
    expect(memory.size).toBeLessThan(20);
    expect(setting.catalog.get(`SELECT size FROM draft WHERE name = 'shrunk'`)).toEqual({ size: 9 * mebibyte });
  });

  test('a first name that cannot be read: the next name takes its place', async () => {
    const first = setting.selected('first', 'one', { firstName: true });
    rmSync(first.absolute);
    writeFileSync(join(setting.folder, 'docs/second'), 'one');
    const link = (path: string): SelectedEntry => ({ ...plain('hardlink', path, { link: 'first', size: 3 }), absolute: join(setting.folder, 'docs', path) });
    const [volume] = await pack([first, link('second'), link('third')]);
    expect(contentOf(volume!, 'docs/second').toString()).toBe('one');
    expect(setting.catalog.all(`SELECT name, type, link FROM draft WHERE type IS NOT NULL ORDER BY name`)).toEqual([
      { name: 'second', type: 'file', link: null },
      { name: 'third', type: 'hardlink', link: 'second' },
    ]);
  });
});

test('volumes smaller than a run of chunks are refused in the plan', () => {
  expect(() => volumeSizeOf({ volume: '19MiB' })).toThrow(/too small/);
  expect(volumeSizeOf({})).toBe(128 * mebibyte);
});
