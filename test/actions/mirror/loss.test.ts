/** What `bat mirror` must not take for a file that was removed, or for one that was changed. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ServerLibrary } from '../../../src/actions/mirror/server-library.ts';
import { startServer, type TestServer } from '../../server/start-server.ts';
import { filesIn, MirrorSetting, write } from './mirror-setting.ts';

let setting: MirrorSetting;
let from: TestServer;
let disk: string;
beforeEach(async () => {
  setting = new MirrorSetting();
  from = await setting.server();
  disk = setting.at('disk');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await setting.close();
});

test('a file that the disk of the first server has damaged does not take the place of the good one', async () => {
  const folder = setting.at('first');
  let server = await startServer({ users: null, folder });
  write(server.photos, { a: 'good', b: 'other' });
  await setting.run(`${server.url}/photos`, disk);
  await server.close();
  // A disk that fails gives other bytes without a mark on the file: here the table is told another hash.
  const table = new DatabaseSync(join(folder, 'state', 'hashes.sqlite'));
  table.exec(`UPDATE files SET sha256 = x'${'00'.repeat(32)}' WHERE name = 'a'`);
  table.close();
  server = await startServer({ users: null, folder });
  try {
    await server.fetch('/sync?reread=true', { method: 'POST' });
    write(disk, { a: 'what was good' });
    await expect(setting.run(`${server.url}/photos`, disk, { delete: true })).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE', result: { unread: 1, aside: { files: 0 }, sent: { files: 0 } } });
    expect(filesIn(disk)).toEqual({ a: 'what was good', b: 'other' });
    // What is written anew is a file like any other.
    rmSync(join(server.photos, 'a'));
    write(server.photos, { a: 'mended' });
    await setting.run(`${server.url}/photos`, disk);
    expect(filesIn(disk)).toMatchObject({ a: 'mended' });
  } finally {
    await server.close();
  }
});

test.each(['photos', 'photos/year'])('what lies in a folder that the first server cannot look into is not taken for removed: %s', async (path) => {
  write(from.photos, { 'year/a': '1', 'year/b': '2', 'year/c': '3', 'year/shut/d': '4', 'year/gone': '5' });
  await setting.run(`${from.url}/${path}`, disk, { delete: true });
  const before = filesIn(disk);
  // As a server says it that was set up anew and knows nothing of the folder from before.
  const shut = path === 'photos' ? 'year/shut' : 'year';
  rmSync(join(from.photos, 'year/gone'));
  rmSync(join(from.photos, shut), { recursive: true });
  write(from.photos, { 'year/other': '6' });
  const { sync } = ServerLibrary.prototype;
  vi.spyOn(ServerLibrary.prototype, 'sync').mockImplementation(async function (this: ServerLibrary) {
    await sync.call(this);
    return [`photos/${shut}`];
  });
  for (const days of [1, 40, 40]) {
    setting.days(days);
    await setting.run(`${from.url}/${path}`, disk, { delete: true }).catch((error: unknown) => expect(error).toMatchObject({ code: 'SOURCE_UNREADABLE', result: { unread: 1 } }));
  }
  if (shut === 'year/shut') delete before['year/gone'];
  expect(filesIn(disk)).toEqual({ ...before, [path === 'photos' ? 'year/other' : 'other']: '6' });
});

test('a file that was back for a while waits anew, also where no mirror came to its end meanwhile', async () => {
  write(from.photos, { a: '1', b: '2', c: '3' });
  await setting.run(`${from.url}/photos`, disk, { delete: true });
  rmSync(join(from.photos, 'a'));
  await setting.run(`${from.url}/photos`, disk, { delete: true });
  setting.days(1);
  write(from.photos, { a: '1', d: '4' });
  // Whatever ends it: here nothing can be stored on the other side.
  await expect(setting.run(`${from.url}/photos`, disk, { delete: true, tell: () => { throw new Error('killed'); } })).rejects.toThrow('killed');
  rmSync(join(from.photos, 'a'));
  setting.days(30);
  const { result } = await setting.run(`${from.url}/photos`, disk, { delete: true });
  expect(result).toMatchObject({ removed: { files: 0 }, waiting: { files: 1 } });
  expect(readFileSync(join(disk, 'a'), 'utf8')).toBe('1');
});

test('a clock that was in 1970 when a file was missed first does not end its grace', async () => {
  write(from.photos, { a: '1', b: '2', c: '3' });
  await setting.run(`${from.url}/photos`, disk, { delete: true });
  rmSync(join(from.photos, 'a'));
  const now = setting.now;
  setting.now = new Date(5000);
  await setting.run(`${from.url}/photos`, disk, { delete: true });
  setting.now = now;
  const { result } = await setting.run(`${from.url}/photos`, disk, { delete: true });
  expect(result).toMatchObject({ removed: { files: 0 }, waiting: { files: 1, next: '2026-12-20T12:00:00.000Z' } });
});

test('where the clocks of both machines do not agree nothing is removed, and nothing begins to wait', async () => {
  write(from.photos, { a: '1', b: '2', c: '3', d: '4' });
  await setting.run(`${from.url}/photos`, disk, { delete: true });
  rmSync(join(from.photos, 'a'));
  await setting.run(`${from.url}/photos`, disk, { delete: true });
  rmSync(join(from.photos, 'b'));
  setting.days(31);
  const isAhead = vi.spyOn(Date, 'now').mockImplementation(() => performance.timeOrigin + performance.now() + 31 * 86_400_000);
  await expect(setting.run(`${from.url}/photos`, disk, { delete: true })).rejects.toMatchObject({ code: 'DELETION_REFUSED', message: expect.stringContaining('clock') as string, result: { removed: { files: 0 } } });
  isAhead.mockRestore();
  const { result } = await setting.run(`${from.url}/photos`, disk, { delete: true });
  expect(result).toMatchObject({ removed: { files: 1 }, waiting: { files: 1, next: '2027-01-20T12:00:00.000Z' } });
  expect(readFileSync(join(disk, 'b'), 'utf8')).toBe('2');
});

test('a folder is not mirrored into itself, nor into one of those above it', async () => {
  for (const [one, other] of [['photos/2024', 'photos'], ['photos', 'photos/2024'], ['photos', 'photos'], ['photos', '']]) {
    await expect(setting.run(`${from.url}/${one}`, `${from.url}/${other}`)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('itself') as string });
  }
  write(from.photos, { '2024/a': '1' });
  await setting.run(`${from.url}/photos`, `${from.url}/documents`);
  expect(filesIn(from.documents)).toEqual({ '2024/a': '1' });
});
