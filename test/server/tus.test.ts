import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { hash } from 'node:crypto';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { userOf } from '../../src/server/access/users.ts';
import { Uploads } from '../../src/server/routes/tus/uploads.ts';
import { noise } from '../e2e/noise.ts';
import { startServer, type TestServer } from './start-server.ts';

let folder: string;
let server: TestServer;
const start = async (settings: Record<string, unknown> = {}): Promise<void> => {
  server = await startServer({ folder, settings, users: { anna: { rights: ['read', 'add', 'delete'] }, camera: { rights: ['add'], library: ['photos'] }, reader: { rights: ['read'] }, tight: { rights: ['add'], quota: 1000 } } });
};
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bat-tus-'));
  await start();
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const tus = { 'Tus-Resumable': '1.0.0' };
const metadata = (fields: Record<string, string>): string => Object.entries(fields).map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`).join(',');
const create = (fields: Record<string, string>, size: number, { as = 'anna', ...headers }: Record<string, string> = {}): Promise<Response> =>
  server.fetch('/uploads', { method: 'POST', as, headers: { ...tus, 'Upload-Length': String(size), 'Upload-Metadata': metadata(fields), ...headers } });
const begin = async (fields: Record<string, string>, size: number, as = 'anna'): Promise<string> => {
  const answer = await create(fields, size, { as });
  expect(answer.status, await answer.text()).toBe(201);
  return answer.headers.get('location')!;
};
const patch = (place: string, offset: number, body: Uint8Array, as = 'anna'): Promise<Response> =>
  server.fetch(place, { method: 'PATCH', as, headers: { ...tus, 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream' }, body: Buffer.from(body) });
const head = (place: string, as = 'anna'): Promise<Response> => server.fetch(place, { method: 'HEAD', as, headers: tus });
const remains = (): string[] => readdirSync(join(server.photos, '.bat-uploads')).sort();
const bytesOf = (path: string): Buffer => readFileSync(join(server.photos, path));
const sha256 = (bytes: Uint8Array): string => hash('sha256', bytes);

/** Begins a PATCH by hand, sends so many bytes, and leaves the line open. */
async function halfSent(place: string, bytes: Uint8Array, size: number): Promise<import('node:net').Socket> {
  const socket = connect(server.port, '127.0.0.1');
  socket.write(`PATCH ${place} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${server.tokens['anna']}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: ${size}\r\n\r\n`);
  socket.write(bytes);
  socket.on('error', () => {});
  const id = place.split('/').at(-1)!;
  await expect.poll(() => (existsSync(join(server.photos, '.bat-uploads', `tus-${id}`)) ? statSync(join(server.photos, '.bat-uploads', `tus-${id}`)).size : 0), { timeout: 10_000 }).toBe(bytes.length);
  return socket;
}

test('an upload in pieces is placed when its last byte has come, with its time, and the answer says where', async () => {
  const bytes = noise(300_000, 1);
  const place = await begin({ name: 'photos/2024/ü.jpg', hash: `sha256:${sha256(bytes)}`, mtime: '1700000000.5' }, bytes.length);
  const first = await patch(place, 0, bytes.subarray(0, 100_000));
  expect([first.status, first.headers.get('upload-offset'), first.headers.get('bat-sha256')]).toEqual([204, '100000', null]);
  expect(first.headers.get('upload-expires')).not.toBeNull();
  expect((await head(place)).headers.get('upload-offset')).toBe('100000');
  expect(existsSync(join(server.photos, '2024/ü.jpg'))).toBe(false);
  const last = await patch(place, 100_000, bytes.subarray(100_000));
  expect(Object.fromEntries(last.headers)).toMatchObject({ 'upload-offset': '300000', 'bat-sha256': sha256(bytes), 'bat-path': 'photos/2024/%C3%BC.jpg' });
  expect(last.headers.get('bat-duplicate')).toBeNull();
  expect(bytesOf('2024/ü.jpg').equals(bytes)).toBe(true);
  expect(statSync(join(server.photos, '2024/ü.jpg')).mtimeMs).toBe(1_700_000_000_500);
  // As readable for others as what `POST /upload` brings.
  expect(statSync(join(server.photos, '2024/ü.jpg')).mode & 0o777).toBe(0o666 & ~process.umask());
  // Who lost the answer can ask again.
  expect(Object.fromEntries((await head(place)).headers)).toMatchObject({ 'upload-offset': '300000', 'upload-length': '300000', 'bat-sha256': sha256(bytes) });
});

test('a whole file may come with the request that begins, and an empty one needs no more', async () => {
  const answer = await server.fetch('/uploads', { method: 'POST', headers: { ...tus, 'Upload-Length': '5', 'Upload-Metadata': metadata({ name: 'photos/a' }), 'Content-Type': 'application/offset+octet-stream' }, body: 'hello' });
  expect([answer.status, answer.headers.get('upload-offset'), answer.headers.get('bat-path')]).toEqual([201, '5', 'photos/a']);
  const empty = await create({ filename: 'photos/empty' }, 0);
  expect([empty.status, empty.headers.get('bat-sha256')]).toEqual([201, sha256(Buffer.alloc(0))]);
  expect([bytesOf('a').toString(), bytesOf('empty').length]).toEqual(['hello', 0]);
});

test('a content that lies there already is not stored again', async () => {
  await begin({ name: 'photos/a' }, 5).then((place) => patch(place, 0, Buffer.from('hello')));
  const place = await begin({ name: 'photos/b' }, 5);
  const answer = await patch(place, 0, Buffer.from('hello'));
  expect([answer.headers.get('bat-duplicate'), answer.headers.get('bat-path')]).toEqual(['true', 'photos/a']);
  expect(existsSync(join(server.photos, 'b'))).toBe(false);
  // Who may only add does not learn where.
  const other = await begin({ name: 'photos/c' }, 5, 'camera');
  const secret = await patch(other, 0, Buffer.from('hello'), 'camera');
  expect([secret.headers.get('bat-duplicate'), secret.headers.get('bat-path')]).toEqual(['true', null]);
});

test('a name that is taken by something else gets a number', async () => {
  writeFileSync(join(server.photos, 'a.jpg'), 'other');
  const answer = await begin({ name: 'photos/a.jpg' }, 5).then((place) => patch(place, 0, Buffer.from('hello')));
  expect(answer.headers.get('bat-path')).toBe('photos/a%20(2).jpg');
  expect(bytesOf('a.jpg').toString()).toBe('other');
});

test('what came before a line broke stays, and the rest follows', async () => {
  const bytes = noise(200_000, 2);
  const place = await begin({ name: 'photos/film' }, bytes.length);
  (await halfSent(place, bytes.subarray(0, 70_000), bytes.length)).destroy();
  await expect.poll(async () => (await head(place)).headers.get('upload-offset'), { timeout: 10_000 }).toBe('70000');
  expect((await patch(place, 70_000, bytes.subarray(70_000))).headers.get('bat-sha256')).toBe(sha256(bytes));
});

test('a line that hangs does not keep its client from going on over another one', async () => {
  const bytes = noise(200_000, 3);
  const place = await begin({ name: 'photos/film' }, bytes.length);
  const hanging = await halfSent(place, bytes.subarray(0, 50_000), bytes.length);
  expect((await head(place)).headers.get('upload-offset')).toBe('50000');
  expect((await patch(place, 50_000, bytes.subarray(50_000))).headers.get('bat-sha256')).toBe(sha256(bytes));
  hanging.destroy();
});

test('of two clients that send the same piece one is told that it is behind, and the file is whole', async () => {
  const bytes = noise(150_000, 4);
  const place = await begin({ name: 'photos/film' }, bytes.length);
  const answers = await Promise.all([patch(place, 0, bytes), patch(place, 0, bytes)]);
  const statuses = answers.map(({ status }) => status).sort();
  expect(statuses).toEqual([204, 409]);
  expect(bytesOf('film').equals(bytes)).toBe(true);
});

describe('over a restart of the server', () => {
  const restart = async (): Promise<void> => {
    await server.close();
    await start();
  };

  test('an upload goes on where it was, and counts against the quota', async () => {
    const bytes = noise(900, 5);
    const place = await begin({ name: 'photos/a', hash: sha256(bytes) }, 900, 'tight');
    await patch(place, 0, bytes.subarray(0, 400), 'tight');
    await restart();
    await expect.poll(async () => (await create({ name: 'photos/b' }, 700, { as: 'tight' })).status, { timeout: 10_000 }).toBe(507);
    expect((await head(place, 'tight')).headers.get('upload-offset')).toBe('400');
    expect((await patch(place, 400, bytes.subarray(400), 'tight')).status).toBe(204);
    expect(bytesOf('a').equals(bytes)).toBe(true);
  });

  test('bytes that were never flushed are not counted on', async () => {
    const place = await begin({ name: 'photos/a' }, 10);
    await patch(place, 0, Buffer.from('hello'));
    const id = place.split('/').at(-1)!;
    await server.close();
    // As a power cut may leave it: longer than was ever acknowledged.
    writeFileSync(join(server.photos, '.bat-uploads', `tus-${id}`), `hello${'\0'.repeat(50)}`);
    await start();
    expect((await head(place)).headers.get('upload-offset')).toBe('5');
    await patch(place, 5, Buffer.from('world'));
    expect(bytesOf('a').toString()).toBe('helloworld');
  });

  test.each([['in part', 2], ['whole', 0]])('bytes that are gone %s come again, and no zeros stand in for them', async (_, left) => {
    const place = await begin({ name: 'photos/a' }, 10);
    await patch(place, 0, Buffer.from('hello'));
    await server.close();
    const file = join(server.photos, '.bat-uploads', `tus-${place.split('/').at(-1)!}`);
    if (left > 0) truncateSync(file, left);
    else rmSync(file);
    await start();
    expect((await patch(place, 5, Buffer.from('world'))).status).toBe(409);
    expect((await head(place)).headers.get('upload-offset')).toBe(String(left));
    await patch(place, left, Buffer.from('helloworld'.slice(left)));
    expect(bytesOf('a').toString()).toBe('helloworld');
  });

  test('one that was whole, and whose bytes are gone, is begun anew', async () => {
    const place = await begin({ name: 'photos/a' }, 5);
    await patch(place, 0, Buffer.from('hell'));
    await server.close();
    const file = join(server.photos, '.bat-uploads', `tus-${place.split('/').at(-1)!}`);
    writeFileSync(`${file}.json`, JSON.stringify({ ...JSON.parse(readFileSync(`${file}.json`, 'utf8')), durable: 5 }));
    rmSync(file);
    await start();
    expect((await head(place)).status).toBe(500);
    expect((await head(place)).status).toBe(404);
  });

  test('one that was whole but had no name yet gets it when its client asks', async () => {
    const place = await begin({ name: 'photos/a' }, 5);
    await patch(place, 0, Buffer.from('hell'));
    const id = place.split('/').at(-1)!;
    await server.close();
    const record = join(server.photos, '.bat-uploads', `tus-${id}.json`);
    writeFileSync(join(server.photos, '.bat-uploads', `tus-${id}`), 'hello');
    writeFileSync(record, JSON.stringify({ ...JSON.parse(readFileSync(record, 'utf8')), durable: 5 }));
    await start();
    expect((await head(place)).headers.get('bat-sha256')).toBe(sha256(Buffer.from('hello')));
    expect(bytesOf('a').toString()).toBe('hello');
  });

  test('one whose record was cut off is begun anew, and its remains go in the end', async () => {
    const place = await begin({ name: 'photos/a' }, 5);
    await patch(place, 0, Buffer.from('hell'));
    const id = place.split('/').at(-1)!;
    await server.close();
    const files = ['', '.json'].map((suffix) => join(server.photos, '.bat-uploads', `tus-${id}${suffix}`));
    writeFileSync(files[1]!, '{"version": 1, "id');
    await start();
    expect((await head(place)).status).toBe(404);
    expect(remains()).toHaveLength(2);
    await server.close();
    for (const file of files) utimesSync(file, 1, 1);
    await start();
    await expect.poll(remains, { timeout: 10_000 }).toEqual([]);
  });

  test('what nobody went on with for a week is removed, and its room is free again', async () => {
    const place = await begin({ name: 'photos/a' }, 900, 'tight');
    await patch(place, 0, noise(400, 6), 'tight');
    const id = place.split('/').at(-1)!;
    await server.close();
    const record = join(server.photos, '.bat-uploads', `tus-${id}.json`);
    writeFileSync(record, JSON.stringify({ ...JSON.parse(readFileSync(record, 'utf8')), touched: new Date(Date.now() - 8 * 86_400_000).toISOString() }));
    await start();
    await expect.poll(remains, { timeout: 10_000 }).toEqual([]);
    expect((await head(place, 'tight')).status).toBe(404);
    expect((await create({ name: 'photos/b' }, 900, { as: 'tight' })).status).toBe(201);
  });
});

test('what expires while the server runs gives its room back', async () => {
  const uploads = new Uploads(server.context);
  const user = userOf({ name: 'tight', rights: new Set(['add']), quota: 1000, library: null, stores: null });
  const record = await uploads.create(user, { name: 'photos/a', size: 900 });
  await uploads.append(record, user, (async function* () {
    yield noise(400, 10);
  })());
  await expect(uploads.create(user, { name: 'photos/b', size: 900 })).rejects.toMatchObject({ code: 'QUOTA' });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 6 * 86_400_000 });
  await uploads.sweep();
  expect(remains()).toHaveLength(2);
  vi.setSystemTime(Date.now() + 2 * 86_400_000);
  await uploads.sweep();
  vi.useRealTimers();
  expect(remains()).toEqual([]);
  expect(await uploads.create(user, { name: 'photos/b', size: 900 })).toMatchObject({ durable: 0 });
});

test('one user has no more than a thousand at a time', async () => {
  const uploads = new Uploads(server.context);
  const user = userOf({ name: 'anna', rights: new Set(['add']), quota: null, library: null, stores: null });
  for (let index = 0; index < 1000; index++) await uploads.create(user, { name: `photos/${index}`, size: 1 });
  await expect(uploads.create(user, { name: 'photos/more', size: 1 })).rejects.toMatchObject({ code: 'QUOTA' });
});

test('DELETE ends an upload and leaves nothing of it', async () => {
  const place = await begin({ name: 'photos/a' }, 900, 'tight');
  await patch(place, 0, noise(400, 7), 'tight');
  expect((await server.fetch(place, { method: 'DELETE', as: 'tight', headers: tus })).status).toBe(204);
  expect(remains()).toEqual([]);
  expect((await head(place, 'tight')).status).toBe(404);
  expect((await create({ name: 'photos/b' }, 900, { as: 'tight' })).status).toBe(201);
});

describe('is refused', () => {
  const codeOf = async (answer: Response): Promise<[number, string]> => [answer.status, ((await answer.json()) as { error: { code: string } }).error.code];

  test('bytes that are not those of the hash, and nothing of them stays', async () => {
    const place = await begin({ name: 'photos/a', hash: `md5:${'0'.repeat(32)}` }, 5);
    expect(await codeOf(await patch(place, 0, Buffer.from('hello')))).toEqual([422, 'HASH_MISMATCH']);
    expect(remains()).toEqual([]);
    expect((await head(place)).status).toBe(404);
    expect(existsSync(join(server.photos, 'a'))).toBe(false);
  });

  test.each([
    ['no right to add', 'reader', { name: 'photos/a' }, 5, 403, 'DENIED'],
    ['a folder of others', 'camera', { name: 'documents/a' }, 5, 403, 'DENIED'],
    ['a folder that is not there', 'anna', { name: 'nothing/a' }, 5, 404, 'NOT_FOUND'],
    ['a name that leads out', 'anna', { name: 'photos/../a' }, 5, 400, 'NAME_REFUSED'],
    ['an absolute name', 'anna', { name: '/etc/passwd' }, 5, 400, 'NAME_REFUSED'],
    ["a name of the server's own", 'anna', { name: 'photos/.bat-uploads/a' }, 5, 400, 'NAME_REFUSED'],
    ['a NUL', 'anna', { name: 'photos/a\0b' }, 5, 400, 'NAME_REFUSED'],
    ['no name', 'anna', { mtime: '1' }, 5, 400, 'NAME_REFUSED'],
    ['no hash', 'anna', { name: 'photos/a', hash: 'xyz' }, 5, 400, 'BAD_REQUEST'],
    ['no time', 'anna', { name: 'photos/a', mtime: 'yesterday' }, 5, 400, 'BAD_REQUEST'],
    ['more than the quota', 'tight', { name: 'photos/a' }, 1001, 507, 'QUOTA'],
    ['more than the server takes', 'anna', { name: 'photos/a' }, 51 * 2 ** 30, 413, 'TOO_LARGE'],
  ])('%s', async (_what, as, fields, size, status, code) => {
    expect(await codeOf(await create(fields as Record<string, string>, size, { as }))).toEqual([status, code]);
    expect(existsSync(join(server.photos, '.bat-uploads')) ? remains() : []).toEqual([]);
  });

  test('going on from another place, with another version, with more than was said', async () => {
    const place = await begin({ name: 'photos/a' }, 5);
    expect(await codeOf(await patch(place, 3, Buffer.from('lo')))).toEqual([409, 'OFFSET_WRONG']);
    expect(await codeOf(await server.fetch(place, { method: 'PATCH', headers: { ...tus, 'Tus-Resumable': '0.1.0', 'Upload-Offset': '0', 'Content-Type': 'application/offset+octet-stream' }, body: 'hello' }))).toEqual([400, 'BAD_REQUEST']);
    expect(await codeOf(await patch(place, 0, Buffer.from('hello and more')))).toEqual([413, 'TOO_LARGE']);
    expect(await codeOf(await server.fetch(place, { method: 'GET' }))).toEqual([405, 'METHOD_NOT_ALLOWED']);
    expect((await head(place)).headers.get('upload-offset')).toBe('0');
  });

  test("somebody else's upload, as if it were not there", async () => {
    const place = await begin({ name: 'photos/a' }, 5);
    const answer = await head(place, 'camera');
    expect([answer.status, answer.headers.get('bat-error')]).toEqual([404, 'NOT_FOUND']);
    expect(await codeOf(await patch(place, 0, Buffer.from('hello'), 'camera'))).toEqual([404, 'NOT_FOUND']);
    expect(await codeOf(await server.fetch(place, { method: 'DELETE', as: 'camera', headers: tus }))).toEqual([404, 'NOT_FOUND']);
  });

  test('bytes beyond the quota are cut off while they come', async () => {
    const place = await begin({ name: 'photos/a' }, 900, 'tight');
    const other = await begin({ name: 'photos/b' }, 900, 'tight');
    expect((await patch(place, 0, noise(900, 8), 'tight')).status).toBe(204);
    expect(await codeOf(await patch(other, 0, noise(900, 9), 'tight'))).toEqual([507, 'QUOTA']);
    expect(remains().filter((name) => name.includes(other.split('/').at(-1)!) && !name.endsWith('.json')).every((name) => statSync(join(server.photos, '.bat-uploads', name)).size === 0)).toBe(true);
  });
});

test('a folder that is away is told, and the upload goes on when it is back', async () => {
  const place = await begin({ name: 'photos/a' }, 5);
  await patch(place, 0, Buffer.from('hel'));
  renameSync(server.photos, `${server.photos} away`);
  expect((await patch(place, 3, Buffer.from('lo'))).status).toBe(503);
  expect((await create({ name: 'photos/b' }, 5)).status).toBe(503);
  renameSync(`${server.photos} away`, server.photos);
  expect((await patch(place, 3, Buffer.from('lo'))).headers.get('bat-path')).toBe('photos/a');
});

test('OPTIONS says what there is, and no answer lets another site in', async () => {
  const answer = await server.fetch('/uploads', { method: 'OPTIONS' });
  expect([answer.status, answer.headers.get('tus-version'), answer.headers.get('tus-extension')]).toEqual([204, '1.0.0', 'creation,creation-with-upload,termination,expiration']);
  const headers = [...answer.headers.keys(), ...(await create({ name: 'photos/a' }, 5)).headers.keys()];
  expect(headers.filter((name) => name.startsWith('access-control-'))).toEqual([]);
});
