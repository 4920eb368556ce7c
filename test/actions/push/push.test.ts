import { hash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { hashesFile } from '../../../src/actions/push/state-file.ts';
import { FileHashes } from '../../../src/catalog/file-hashes.ts';
import { stampOf } from '../../../src/steps/shared/stamp.ts';
import { noise } from '../../e2e/noise.ts';
import { pastTick } from '../../past-tick.ts';
import { startFaultyProxy, type FaultyProxy } from '../../servers/faulty-proxy.ts';
import { pushSetting, retry, type PushSetting } from './push-setting.ts';

/** Paths that the disk does not open: to root, no mode closes a file. */
const closed = vi.hoisted(() => new Set<string>());
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const open: typeof real.open = async (path, ...rest) => {
    if (closed.has(String(path))) throw Object.assign(new Error('no'), { code: 'EACCES' });
    return real.open(path, ...rest);
  };
  return { ...real, open };
});

const large = 9 * 2 ** 20;

let setting: PushSetting;
const proxies: FaultyProxy[] = [];
beforeEach(async () => {
  setting = await pushSetting({ users: { anna: { rights: ['read', 'add', 'delete'] }, camera: { rights: ['add'] }, reader: { rights: ['read'] }, small: { rights: ['add'], quota: 3000 } } });
});
afterEach(async () => {
  closed.clear();
  for (const proxy of proxies.splice(0)) await proxy.stop();
  await setting.close();
});

const proxied = async (plan?: Parameters<typeof startFaultyProxy>[1]): Promise<FaultyProxy> => {
  const proxy = await startFaultyProxy({ endpoint: setting.server.url }, plan);
  proxies.push(proxy);
  return proxy;
};
const there = (path: string): string => readFileSync(join(setting.server.photos, path), 'utf8');
const kept = (): string[] => readdirSync(setting.server.photos, { recursive: true, encoding: 'utf8' }).filter((name) => !name.startsWith('.bat-')).sort();
/** Requests that carried a file. */
const sendings = (): string[] => setting.server.events.flatMap((event) => (event.type === 'request' && (event.path.startsWith('/upload?') || event.method === 'PATCH') ? [event.path] : []));

test('a tree goes up with its names and times, and the second time nothing is sent', async () => {
  setting.write({ 'a.jpg': 'first', '100/b.jpg': 'second', '100/ü #%.jpg': 'third', 'empty': '' });
  const first = await setting.push({ url: `${setting.server.url}/photos/from%20phone` });
  expect(first).toMatchObject({ error: null, summary: { sent: { files: 4, bytes: 16 }, there: { files: 0 } } });
  expect(there('from phone/DCIM/100/ü #%.jpg')).toBe('third');
  expect(first.told.flatMap((event) => (event.type === 'file' ? [event.to] : [])).sort()).toContain('photos/from phone/DCIM/100/b.jpg');
  const before = sendings().length;
  const second = await setting.push({ url: `${setting.server.url}/photos/elsewhere` });
  expect(second).toMatchObject({ error: null, summary: { sent: { files: 0 }, there: { files: 4, bytes: 16 } } });
  expect(sendings()).toHaveLength(before);
});

test('what people moved and renamed on the server is not sent again', async () => {
  setting.write({ 'a.jpg': 'first', 'b.jpg': 'second' });
  await setting.push();
  mkdirSync(join(setting.server.photos, 'sorted'));
  renameSync(join(setting.server.photos, 'DCIM/a.jpg'), join(setting.server.photos, 'sorted/holiday.jpg'));
  expect((await setting.push()).summary).toMatchObject({ sent: { files: 0 }, there: { files: 2 } });
  rmSync(join(setting.server.photos, 'sorted/holiday.jpg'));
  expect((await setting.push()).summary).toMatchObject({ sent: { files: 1 }, there: { files: 1 } });
});

test('a content that is in the tree many times is sent once', async () => {
  const files = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`${index}.jpg`, `content ${index % 3}`]));
  setting.write({ ...files, 'large 1': noise(large, 1), 'large 2': noise(large, 1) });
  expect((await setting.push({ parallel: 8 })).summary).toMatchObject({ sent: { files: 4 }, there: { files: 28 } });
  expect(sendings()).toHaveLength(4);
});

/** As if it had been read, and had this content. */
function remember(content: string | Uint8Array, ...names: string[]): void {
  const hashes = FileHashes.open(hashesFile(setting.environment), () => {});
  for (const path of names.map((name) => join(setting.folder, name))) hashes.set(path, { stamp: stampOf(lstatSync(path, { bigint: true })), sha256: hash('sha256', content) });
  hashes.close();
}

test('a file that is known is not read, and one that changed is', async () => {
  setting.write({ 'a.jpg': 'first' });
  await setting.push();
  setting.write({ 'b.jpg': 'never seen there', 'c.jpg': 'nor this one' });
  await pastTick();
  // Whoever reads it finds another content.
  remember('first', 'b.jpg', 'c.jpg');
  setting.write({ 'c.jpg': 'not any more' });
  expect((await setting.push()).summary).toMatchObject({ sent: { files: 1, bytes: 12 }, there: { files: 2 } });
});

test('a dry run sends nothing and says what would be', async () => {
  setting.write({ 'a.jpg': 'first', 'b.jpg': 'second', 'c.jpg': 'first' });
  const { summary, told } = await setting.push({ dryRun: true });
  expect(summary).toMatchObject({ sent: { files: 2, bytes: 11 }, there: { files: 1 } });
  expect(told.filter(({ type }) => type === 'file')).toHaveLength(2);
  expect(kept()).toEqual([]);
});

test('one that does not come back is given up on, and what was sent is told', async () => {
  setting.write({ 'a.jpg': 'first' });
  const proxy = await proxied();
  await proxy.down();
  const { error } = await setting.push({ url: `${proxy.endpoint}/photos`, retry: { ...retry, within: 50 } });
  expect(error).toMatchObject({ code: 'TARGET_UNREACHABLE', exitCode: 1 });
});

test.each([
  ['reader', 'TARGET_DENIED'],
  ['nobody', 'TARGET_DENIED'],
])('%s may not send, and nothing is tried twice', async (as, code) => {
  setting.write({ 'a.jpg': 'first', 'b.jpg': 'second' });
  const { error, events } = await setting.push({ as });
  expect(error).toMatchObject({ code });
  expect(events.filter(({ type }) => type === 'retry')).toEqual([]);
  expect(kept()).toEqual([]);
});

test('an append-only token is enough', async () => {
  setting.write({ 'a.jpg': 'first', 'film.mov': noise(large, 6) });
  expect(await setting.push({ as: 'camera' })).toMatchObject({ error: null, summary: { sent: { files: 2 } } });
  expect(await setting.push({ as: 'camera' })).toMatchObject({ error: null, summary: { there: { files: 2 } } });
});

test('where the room ends, small files still go, large ones are named', async () => {
  setting.write({ 'a large.jpg': noise(4000, 1), 'b.jpg': 'small', 'c larger.jpg': noise(5000, 2), 'd.jpg': 'little' });
  const { error, summary, events } = await setting.push({ as: 'small', parallel: 1 });
  expect(error).toMatchObject({ code: 'TARGET_FULL', exitCode: 1 });
  expect(summary).toMatchObject({ sent: { files: 2 }, refused: 2 });
  expect(events.flatMap((event) => (event.type === 'issue' ? [event.issue.path] : []))).toEqual([join(setting.folder, 'a large.jpg'), join(setting.folder, 'c larger.jpg')]);
  expect(sendings()).toHaveLength(3);
});

test('what the server does not take is told, and the rest goes on', async () => {
  setting.write({ '.bat-own': 'no', 'a\u0007.jpg': 'no', 'b.jpg': 'yes' });
  const { error, summary } = await setting.push();
  expect(error).toMatchObject({ code: 'PUSH_INCOMPLETE', exitCode: 1 });
  expect(summary).toMatchObject({ sent: { files: 1 }, refused: 2 });
});

test('what cannot be read is told, and the rest goes on', async () => {
  setting.write({ 'a.jpg': 'first', 'b.jpg': 'second' });
  closed.add(join(setting.folder, 'a.jpg'));
  const { error, summary, events } = await setting.push();
  expect(error).toMatchObject({ code: 'SOURCE_UNREADABLE', exitCode: 3 });
  expect(summary).toMatchObject({ sent: { files: 1 }, unread: 1 });
  expect(JSON.stringify(events)).toContain('permission denied');
});

test('a name that is not UTF-8 is told, and the rest goes on: exit code 3', async () => {
  setting.write({ 'a.jpg': 'first' });
  writeFileSync(Buffer.concat([Buffer.from(`${setting.folder}/bad`), Buffer.from([0xff])]), 'x');
  const { error, summary } = await setting.push();
  expect(error).toMatchObject({ code: 'SOURCE_UNREADABLE', exitCode: 3 });
  expect(summary).toMatchObject({ sent: { files: 1 }, unread: 1 });
});

test('links are passed over, and what leads out of the tree is not sent', async () => {
  setting.write({ 'a.jpg': 'first' });
  symlinkSync('/etc/passwd', join(setting.folder, 'secret'));
  expect(await setting.push()).toMatchObject({ error: null, summary: { sent: { files: 1 }, skipped: { symlinks: 1 } } });
  expect(kept()).toEqual(['DCIM', 'DCIM/a.jpg']);
});

test('a file that changes while it is sent is never kept half, and sent again as it is then', async () => {
  setting.write({ 'film.mov': noise(large, 7), 'log.txt': 'one' });
  let changed = false;
  const proxy = await proxied(({ method }) => {
    if (method === 'PATCH' && !changed) {
      changed = true;
      writeFileSync(join(setting.folder, 'film.mov'), noise(large, 8));
    }
    return undefined;
  });
  const { summary, error } = await setting.push({ url: `${proxy.endpoint}/photos` });
  expect({ error, sent: summary.sent.files }).toEqual({ error: null, sent: 2 });
  expect(readFileSync(join(setting.server.photos, 'DCIM/film.mov')).equals(noise(large, 8))).toBe(true);
});

test('a hash that was remembered wrongly does no harm', async () => {
  setting.write({ 'film.mov': noise(large, 11), 'a.jpg': 'first' });
  await pastTick();
  remember('something else', 'film.mov', 'a.jpg');
  const { summary, error } = await setting.push();
  expect({ error, summary }).toMatchObject({ error: null, summary: { sent: { files: 2 } } });
  expect(readFileSync(join(setting.server.photos, 'DCIM/film.mov')).equals(noise(large, 11))).toBe(true);
});

test('a file that changes each time is told and left for the next push: exit code 3', async () => {
  setting.write({ 'film.mov': noise(large, 9), 'a.jpg': 'first' });
  let seed = 10;
  const proxy = await proxied(({ method }) => {
    if (method === 'PATCH') writeFileSync(join(setting.folder, 'film.mov'), noise(large, seed++));
    return undefined;
  });
  const { summary, error } = await setting.push({ url: `${proxy.endpoint}/photos` });
  expect(error).toMatchObject({ code: 'SOURCE_UNREADABLE', exitCode: 3 });
  expect(summary).toMatchObject({ sent: { files: 1 }, changed: 1 });
  expect(existsSync(join(setting.server.photos, 'DCIM/film.mov'))).toBe(false);
});

test('two roots, one of them a file, and what is excluded', async () => {
  setting.write({ 'a.jpg': 'first', 'b.tmp': 'no', 'cache/c.jpg': 'no' });
  const single = join(setting.folder, '..', 'note.txt');
  writeFileSync(single, 'note');
  expect((await setting.push({ paths: [`${setting.folder}/`, single], exclude: ['*.tmp', 'cache/'] })).error).toBeNull();
  expect(kept()).toEqual(['a.jpg', 'note.txt']);
});
