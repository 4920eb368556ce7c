import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { md5Of, sha256Of } from '../library/setting.ts';
import { startServer, type TestServer } from './start-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  // After the one at the start, which would else notice what the tests mean for theirs.
  await post('/sync');
});
afterAll(() => server.close());

const upload = (name: string, body: string | Uint8Array, { as = 'anna', query = '' } = {}): Promise<Response> =>
  server.fetch(`/upload?name=${encodeURIComponent(name)}${query}`, { method: 'POST', body: body as string, as });

const post = (path: string, body?: unknown, as = 'anna'): Promise<Response> =>
  server.fetch(path, { method: 'POST', as, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });

test('a file goes up, is a duplicate under another name, is renamed on disk, and still is one', async () => {
  const first = await upload('photos/2024/first.jpg', 'first', { query: `&hash=${md5Of('first').hex}&mtime=1700000000.5` });
  expect([first.status, await first.json()]).toEqual([201, { path: 'photos/2024/first.jpg', size: 5, sha256: sha256Of('first').hex, stored: true }]);
  const again = await upload('documents/second.jpg', 'first');
  expect([again.status, await again.json()]).toEqual([200, { duplicate: true, path: 'photos/2024/first.jpg', size: 5, sha256: sha256Of('first').hex }]);
  renameSync(`${server.photos}/2024/first.jpg`, `${server.photos}/by hand.jpg`);
  expect(await (await post('/sync')).json()).toMatchObject({ renamed: 1, added: 0, removed: 0 });
  expect(await (await upload('documents/third.jpg', 'first')).json()).toMatchObject({ duplicate: true, path: 'photos/by hand.jpg' });
});

test('a duplicate is said before the body is sent, to who waits for a word', async () => {
  await upload('photos/waiting.jpg', 'waiting');
  const socket = connect(server.port, '127.0.0.1');
  socket.write(`POST /upload?name=photos/other.jpg&hash=${sha256Of('waiting').hex} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nAuthorization: Bearer ${server.tokens['anna']!}\r\nContent-Length: 7000000\r\nExpect: 100-continue\r\n\r\n`);
  let answer = '';
  socket.on('data', (bytes) => (answer += bytes.toString()));
  await once(socket, 'close');
  expect(answer).toMatch(/^HTTP\/1.1 200 /);
  expect(answer).toContain('"duplicate":true');
});

test('who may only add is not told where things lie', async () => {
  await upload('photos/secret.jpg', 'secret');
  expect(await (await upload('photos/other.jpg', 'secret', { as: 'camera' })).json()).not.toHaveProperty('path');
  const hashes = [`sha256:${sha256Of('secret').hex}`, md5Of('nothing').hex];
  expect(await (await post('/check', { hashes }, 'camera')).json()).toEqual({ missing: [hashes[1]], known: { [hashes[0]!]: null } });
  expect(await (await post('/check', { hashes })).json()).toMatchObject({ known: { [hashes[0]!]: 'photos/secret.jpg' } });
});

test('a folder without its slash is said to be one', async () => {
  await post('/folders', { path: 'photos/albums' });
  for (const path of ['photos', 'photos/albums']) {
    const answer = await server.fetch(`/files/${path}`);
    expect([answer.status, await answer.json()]).toEqual([404, { error: { code: 'NOT_FOUND', message: `${path} is a folder, and no file.`, hint: `With a slash at the end, /files/${path}/, it is listed.` } }]);
  }
});

test('each request takes its right', async () => {
  const tries: [method: string, path: string, as: string][] = [
    ['POST', '/upload?name=photos/x', 'reader'], ['GET', '/files', 'camera'], ['GET', '/files/photos/', 'camera'], ['GET', '/search?q=a', 'camera'], ['GET', '/table', 'camera'],
    ['GET', '/thumbnails/photos/a.jpg', 'camera'], ['DELETE', '/files/photos/secret.jpg', 'camera'], ['PATCH', '/files/photos/secret.jpg', 'reader'], ['POST', '/folders', 'reader'],
  ];
  for (const [method, path, as] of tries) {
    const body = method === 'PATCH' || method === 'POST' ? JSON.stringify({ to: 'photos/x', path: 'photos/x' }) : null;
    const answer = await server.fetch(path, { method, as, body });
    expect([method, path, answer.status, await answer.json()]).toMatchObject([method, path, 403, { error: { code: 'DENIED' } }]);
  }
  const moved = await server.fetch('/files/photos/secret.jpg', { method: 'PATCH', as: 'camera', body: JSON.stringify({ to: 'photos/gone.jpg' }) });
  expect(moved.status).toBe(403);
});

test('a user who is kept to some folders has no others', async () => {
  const kept = await startServer({ users: { anna: { rights: ['read', 'add', 'delete'] }, guest: { rights: ['read', 'add', 'delete'], library: ['photos'] } } });
  try {
    const send = (name: string, as: string): Promise<Response> => kept.fetch(`/upload?name=${name}`, { method: 'POST', body: 'the same', as });
    await send('documents/a', 'anna');
    expect((await send('documents/b', 'guest')).status).toBe(403);
    expect(await (await send('photos/a', 'guest')).json()).toMatchObject({ path: 'photos/a', stored: true });
    expect((await kept.fetch('/files/documents/a', { as: 'guest' })).status).toBe(403);
    expect((await kept.fetch('/files/photos/a', { as: 'guest', method: 'PATCH', body: JSON.stringify({ to: 'documents/x' }) })).status).toBe(403);
    expect(await (await kept.fetch('/files', { as: 'guest' })).json()).toEqual({ folders: [{ id: 'photos', files: 1, bytes: 8 }] });
    expect(await (await kept.fetch('/search?q=a', { as: 'guest' })).json()).toMatchObject({ files: [{ path: 'photos/a' }] });
    expect((await (await kept.fetch('/table', { as: 'guest' })).text()).trim().split('\n').map((line) => JSON.parse(line) as unknown)).toMatchObject([{ table: 1, folders: ['photos'] }, { path: 'photos/a' }, { end: 2 }]);
  } finally {
    await kept.close();
  }
});

test('files in parts, and only if they changed', async () => {
  await upload('photos/parts.txt', '0123456789');
  const get = (headers: Record<string, string>, path = '/files/photos/parts.txt'): Promise<Response> => server.fetch(path, { headers });
  const whole = await get({});
  const etag = whole.headers.get('etag')!;
  expect([whole.status, await whole.text(), etag]).toEqual([200, '0123456789', `"${sha256Of('0123456789').hex}"`]);
  expect(whole.headers.get('content-security-policy')).toContain('sandbox');
  const cases: [headers: Record<string, string>, status: number, text: string][] = [
    [{ Range: 'bytes=2-4' }, 206, '234'],
    [{ Range: 'bytes=7-' }, 206, '789'],
    [{ Range: 'bytes=-3' }, 206, '789'],
    [{ Range: 'bytes=2-4', 'If-Range': etag }, 206, '234'],
    [{ Range: 'bytes=2-4', 'If-Range': '"another"' }, 200, '0123456789'],
    [{ Range: 'bytes=2-4', 'If-Range': whole.headers.get('last-modified')! }, 206, '234'],
    [{ 'If-None-Match': etag }, 304, ''],
    [{ 'If-None-Match': '"another"' }, 200, '0123456789'],
    [{ 'If-Modified-Since': whole.headers.get('last-modified')! }, 304, ''],
    [{ 'If-Match': etag }, 200, '0123456789'],
  ];
  for (const [headers, status, text] of cases) {
    const answer = await get(headers);
    expect([headers, answer.status, await answer.text()]).toEqual([headers, status, text]);
  }
  const beyond = await get({ Range: 'bytes=10-' });
  expect([beyond.status, beyond.headers.get('content-range'), await beyond.json()]).toMatchObject([416, 'bytes */10', { error: { code: 'RANGE_REFUSED' } }]);
  expect((await get({ 'If-Match': '"another"' })).status).toBe(412);
  const head = await server.fetch('/files/photos/parts.txt', { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '10', '']);
  const saved = await get({}, '/files/photos/parts.txt?download');
  expect(saved.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''parts.txt");
});

test('a page among the files is no page', async () => {
  await upload('documents/evil.html', '<script>alert(1)</script>');
  const answer = await server.fetch('/files/documents/evil.html');
  expect(answer.headers.get('content-type')).toBe('application/octet-stream');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
});

test('a file that is cut short while it is sent breaks the connection', async () => {
  writeFileSync(`${server.photos}/shrinking`, Buffer.alloc(64 * 1024 * 1024));
  const answer = await server.fetch('/files/photos/shrinking');
  truncateSync(`${server.photos}/shrinking`, 1000);
  await expect(answer.arrayBuffer()).rejects.toThrow();
});

test('a folder is listed page by page, without links and what is the server\'s own', async () => {
  for (const name of ['a', 'b', 'c']) await upload(`photos/pages/${name}`, `page ${name}`);
  mkdirSync(`${server.photos}/pages/inner`);
  symlinkSync('/etc', `${server.photos}/pages/link`);
  const page = async (query: string): Promise<{ entries: { name: string }[]; next?: string }> => (await (await server.fetch(`/files/photos/pages/?limit=2${query}`)).json()) as never;
  const first = await page('');
  expect(first).toMatchObject({ path: 'photos/pages', entries: [{ name: 'a', type: 'file', size: 6, sha256: sha256Of('page a').hex }, { name: 'b' }], next: 'b' });
  const second = await page(`&after=${first.next}`);
  expect(second).toMatchObject({ entries: [{ name: 'c' }, { name: 'inner', type: 'folder' }], next: 'inner' });
  expect((await page(`&after=${second.next}`)).entries).toEqual([]);
  expect((await server.fetch('/files/photos/pages/link/')).status).toBe(400);
  expect((await server.fetch('/files/photos/pages/link/passwd')).status).toBe(400);
  const root = (await (await server.fetch('/files/photos/')).json()) as { entries: { name: string }[] };
  expect(root.entries.map(({ name }) => name)).not.toContain('.bat-uploads');
});

test('moving, copying and removing, never onto something and only what was seen', async () => {
  const etag = `"${sha256Of('moving').hex}"`;
  const patch = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> => server.fetch(path, { method: 'PATCH', body: JSON.stringify(body), headers });
  await upload('photos/moving/a', 'moving');
  await upload('photos/moving/b', 'in the way');
  expect((await patch('/files/photos/moving/a', { to: 'photos/moving/b' })).status).toBe(409);
  expect((await patch('/files/photos/moving/a', { to: 'photos/moving/c' }, { 'If-Match': `"${'0'.repeat(64)}"` })).status).toBe(412);
  expect((await patch('/files/photos/moving/a', { to: 'documents/moved/c' }, { 'If-Match': etag })).status).toBe(200);
  expect((await patch('/files/documents/moved/c', { to: 'photos/copy', copy: true }, { 'If-Match': etag })).status).toBe(200);
  expect([readFileSync(`${server.documents}/moved/c`, 'utf8'), readFileSync(`${server.photos}/copy`, 'utf8')]).toEqual(['moving', 'moving']);
  expect((await patch('/files/documents/moved', { to: 'photos/moving' })).status).toBe(409);
  expect((await patch('/files/documents/moved', { to: 'photos/folder' })).status).toBe(200);
  expect(await (await post('/check', { hashes: [sha256Of('moving').hex] })).json()).toMatchObject({ known: { [sha256Of('moving').hex]: 'photos/folder/c' } });
  const remove = (path: string, headers: Record<string, string> = {}): Promise<Response> => server.fetch(path, { method: 'DELETE', headers });
  expect((await remove('/files/photos/folder')).status).toBe(409);
  expect((await remove('/files/photos/folder/c', { 'If-Match': `"${'0'.repeat(64)}"` })).status).toBe(412);
  expect((await remove('/files/photos/folder?recursive')).status).toBe(204);
  expect((await remove('/files/photos/folder')).status).toBe(404);
  expect((await remove('/files/photos')).status).toBe(400);
  expect((await remove('/files/photos/.bat-uploads?recursive')).status).toBe(400);
});

test('a search finds words of a path, whatever their case and accents', async () => {
  await upload('documents/Crème/Été 2024.txt', 'search');
  const search = async (words: string): Promise<string[]> => ((await (await server.fetch(`/search?q=${encodeURIComponent(words)}`)).json()) as { files: { path: string }[] }).files.map(({ path }) => path);
  expect(await search('ete creme')).toEqual(['documents/Crème/Été 2024.txt']);
  expect(await search('ete 2025')).toEqual([]);
});

test('what is more than the server takes, or wrong, is refused', async () => {
  const mismatch = await upload('photos/wrong', 'wrong', { query: `&hash=${'0'.repeat(64)}` });
  expect([mismatch.status, await mismatch.json()]).toMatchObject([422, { error: { code: 'HASH_MISMATCH' } }]);
  for (const query of ['', '?name=', '?name=photos/a&hash=12', '?name=photos/a&mtime=yesterday', '?name=%ff']) expect((await post(`/upload${query}`, {})).status, query).toBe(400);
  for (const name of ['photos/../x', '../x', '/etc/passwd', 'photos/a\0b', 'photos/.bat-uploads/x']) expect([400, 403], name).toContain((await upload(name, 'x')).status);
  expect((await post('/check', { hashes: ['zz'] })).status).toBe(400);
  expect((await post('/check', { hashes: Array.from({ length: 10_001 }, () => 'a') })).status).toBe(400);
});
