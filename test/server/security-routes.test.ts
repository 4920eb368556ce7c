/** What each route has to see to itself: rights, names, links, quotas. Whatever is refused leaves nothing behind. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { describedOperations } from './api-description.ts';
import { RawConnection, request } from './raw.ts';
import { startServer, type StartOptions, type TestServer } from './start-server.ts';

/** Every file and folder below, with the text of each; links are not followed. */
function treeOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).sort((one, other) => (one.name < other.name ? -1 : 1)).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isFile()) return [`${path}: ${readFileSync(path, 'latin1').slice(0, 100)}`];
    return entry.isDirectory() ? [path, ...treeOf(path)] : [path];
  });
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('each right is needed', () => {
  /** By operation, who of `read`, `add` and `delete` alone may do it. */
  const allowed: Record<string, string> = {
    'POST /upload': 'a', 'POST /check': 'ra', 'POST /sync': 'ra', 'GET /files': 'r', 'GET /files/{}': 'r', 'DELETE /files/{}': 'd', 'PATCH /files/{}': '',
    'POST /folders': 'a', 'GET /search': 'r', 'GET /table': 'r', 'GET /thumbnails/{}': 'r',
    'POST /uploads': 'a', 'PATCH /uploads/{}': 'a', 'DELETE /uploads/{}': 'a',
    'GET /stores': 'rad', 'GET /stores/{}': 'ra', 'PUT /stores/{}': 'a', 'DELETE /stores/{}': 'ad', 'GET /stores/{}/objects': 'ra', 'GET /stores/{}/objects/{}': 'r', 'PUT /stores/{}/objects/{}': 'a',
    'DELETE /stores/{}/objects/{}': 'd', 'POST /stores/{}/uploads': 'a', 'GET /stores/{}/uploads/{}': 'a', 'PUT /stores/{}/uploads/{}/parts/{}': 'a', 'POST /stores/{}/uploads/{}/finish': 'a',
    'DELETE /stores/{}/uploads/{}': 'a', 'POST /stores/{}/sweep': 'a',
    'GET /backups': 'r', 'GET /backups/plans/{}/snapshots': 'r', 'GET /backups/plans/{}/contents': 'r', 'GET /backups/plans/{}/objects/{}': 'r',
    'GET /backups/stores/{}/snapshots': 'r', 'GET /backups/stores/{}/contents': 'r', 'GET /backups/stores/{}/objects/{}': 'r',
    'GET /session': 'rad', 'DELETE /session': 'rad', 'POST /session': 'rad',
  };
  /** Everybody may have these; the last one is by HEAD alone, of what nobody but its owner finds. */
  const open = ['GET /', 'GET /assets/{}', 'GET /health', 'GET /openapi.yaml', 'GET /uploads/{}'];
  /** What stands for the parameters of a path, in their order. */
  const sample: Record<string, string[]> = { '/files/{}': ['photos/a.txt'], '/thumbnails/{}': ['photos/a.txt'], '/stores/{}/objects/{}': ['plan', 'volumes/x'] };

  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ users: { r: { rights: ['read'] }, a: { rights: ['add'] }, d: { rights: ['delete'] }, all: { rights: ['read', 'add', 'delete'] } } });
  });
  afterAll(() => server.close());

  test('the list is whole', () => {
    expect(describedOperations().sort()).toEqual([...Object.keys(allowed), ...open].sort());
  });

  const pathOf = (template: string): string => {
    const values = [...(sample[template] ?? ['plan', 'x', '0'])];
    return `${template.replaceAll('{}', () => values.shift()!)}${template === '/upload' ? '?name=photos/b.txt' : ''}`;
  };
  const bodyOf = (method: string): RequestInit => (method === 'GET' || method === 'DELETE' ? {} : { body: '{"to":"photos/c.txt"}', headers: { 'content-type': 'application/json' } });

  test.each(Object.entries(allowed))('%s: %s', async (operation, who) => {
    const [method = '', template = ''] = operation.split(' ');
    // That these work where they may takes long, and other tests see to it.
    const isSlow = template === '/sync' || template.startsWith('/backups');
    for (const user of ['r', 'a', 'd'].filter((user) => !isSlow || !who.includes(user))) {
      mkdirSync(join(server.stores, 'plan/volumes'), { recursive: true });
      writeFileSync(join(server.stores, 'plan/volumes/x'), 'x');
      writeFileSync(join(server.photos, 'a.txt'), 'a');
      const answer = await server.fetch(pathOf(template), { method, as: user, ...bodyOf(method) });
      const code = answer.headers.get('bat-error');
      if (who.includes(user)) expect([user, code], `${user} ${answer.status}`).not.toEqual([user, 'DENIED']);
      else expect([user, answer.status, code]).toEqual([user, 403, 'DENIED']);
    }
    const nobody = await server.fetch(pathOf(template), { method, as: null, ...bodyOf(method) });
    expect([nobody.status, nobody.headers.get('bat-error')]).toEqual([401, 'UNAUTHENTICATED']);
  });

  test('append-only learns of no names: not by what a sync found odd', async () => {
    writeFileSync(Buffer.concat([Buffer.from(`${server.photos}/my secret `), Buffer.from([0xff])]), 'x');
    const told = async (as: string): Promise<string> => (await server.fetch('/sync?reread', { method: 'POST', as })).text();
    expect(await told('all')).toContain('my secret');
    expect(await told('a')).not.toContain('my secret');
  });
});

describe('names', () => {
  let outside: string;
  let server: TestServer;
  beforeAll(async () => {
    outside = mkdtempSync(join(tmpdir(), 'bat-outside-'));
    writeFileSync(join(outside, 'secret.txt'), 'a secret');
    server = await startServer();
    writeFileSync(join(server.photos, 'mine.txt'), 'mine');
    symlinkSync(outside, join(server.photos, 'out'));
    symlinkSync(join(outside, 'secret.txt'), join(server.photos, 'link.txt'));
    symlinkSync('/', join(server.photos, 'root'));
    expect((await server.fetch('/sync', { method: 'POST' })).status).toBe(200);
  });
  afterAll(async () => {
    await server.close();
    rmSync(outside, { recursive: true });
  });
  /** But for what waits to be gone on with: it has no name yet, and goes in a week. */
  const all = (): string[] => [server.photos, server.documents, server.stores, outside].flatMap(treeOf).filter((line) => !line.includes('/.bat-uploads/')).concat(readdirSync(server.folder).sort());
  const upload = (name: string): Promise<Response> => server.fetch(`/upload?name=${encodeURIComponent(name)}`, { method: 'POST', body: `new ${name}` });

  const evil = [
    '../x', 'photos/../x', 'photos/../../x', 'photos/a/../../../x', '/etc/bat-x', '//etc/bat-x', 'photos//x', 'photos/./x', 'photos/..', 'photos/.', 'photos', '', '.', '/', 'photos/a\0b', 'photos/\0',
    'photos/.bat-uploads/x', 'photos/.bat-x', 'photos/sub/.bat-uploads/x', `photos/${'a'.repeat(300)}`, 'nothing/x', 'photos/out/x', 'photos/out/secret.txt', 'photos/root/tmp/bat-x', 'photos/link.txt/x', 'photos/mine.txt/x', '../documents/x', 'stores/x',
  ];

  test.each(evil)('%j: no file comes to it, no folder, nothing is moved to it', async (name) => {
    const before = all();
    const metadata = `name ${Buffer.from(name).toString('base64')}`;
    const answers = [
      await upload(name),
      await server.fetch('/folders', { method: 'POST', body: JSON.stringify({ path: name }) }),
      await server.fetch('/files/photos/mine.txt', { method: 'PATCH', body: JSON.stringify({ to: name }) }),
      await server.fetch('/uploads', { method: 'POST', body: 'x', headers: { 'tus-resumable': '1.0.0', 'upload-length': '1', 'upload-metadata': metadata, 'content-type': 'application/offset+octet-stream' } }),
    ];
    // The folder itself is there, and so a folder of its name: nothing is made.
    for (const [index, answer] of answers.entries()) if (!(index === 1 && answer.status < 300)) expect([index, answer.status >= 400 && answer.status < 500], await answer.text()).toEqual([index, true]);
    expect(all()).toEqual(before);
  });

  test.each(['photos/out/secret.txt', 'photos/link.txt', 'photos/root/etc/hostname', 'photos/out/', 'photos/root/', 'photos/.bat-uploads/'])('a link leads nowhere: %s', async (path) => {
    const before = all();
    for (const [method, url] of [['GET', `/files/${path}`], ['DELETE', `/files/${path}?recursive`], ['GET', `/thumbnails/${path}`]] as const) {
      const answer = await server.fetch(url, { method });
      expect([method, answer.status >= 400 && answer.status < 500]).toEqual([method, true]);
      expect(await answer.text()).not.toContain('a secret');
    }
    expect(all()).toEqual(before);
  });

  test('what a link leads to is in no list, and its content is not known', async () => {
    const listed = await (await server.fetch('/files/photos/')).text();
    for (const name of ['"out"', '"root"', '"link.txt"']) expect(listed).not.toContain(name);
    expect(await (await server.fetch('/check', { method: 'POST', body: JSON.stringify({ hashes: [`sha256:${sha256('a secret')}`] }) })).json()).toEqual({ missing: [`sha256:${sha256('a secret')}`], known: {} });
    expect(await (await server.fetch('/table')).text()).not.toContain('secret');
  });

  test('the place where uploads wait, made a link by somebody, is not followed', async () => {
    rmSync(join(server.documents, '.bat-uploads'), { recursive: true, force: true });
    symlinkSync(outside, join(server.documents, '.bat-uploads'));
    const before = treeOf(outside);
    const answer = await upload('documents/x.txt');
    expect([answer.status >= 400, existsSync(join(server.documents, 'x.txt'))]).toEqual([true, false]);
    expect(treeOf(outside)).toEqual(before);
    rmSync(join(server.documents, '.bat-uploads'));
  });

  test.each(['../x', 'volumes/../../x', '/x', 'volumes//x', '.bat-kept/x', 'volumes/.bat-tmp-uploads/x', 'volumes/a\0b', 'volumes/./x'])('an object called %j is refused', async (name) => {
    const before = all();
    const connection = await RawConnection.open(server.port);
    const encoded = name.split('/').map(encodeURIComponent).join('/').replaceAll('.', '%2e');
    await connection.send(`${request(`PUT /stores/plan/objects/${encoded}`, { Authorization: `Bearer ${server.tokens['anna']!}`, 'Content-Length': 1 })}x`);
    expect((await connection.answer())!.status).toBe(400);
    connection.end();
    expect(all()).toEqual(before);
  });

  test.each(['..', '.', '.bat-x', 'a/b', '%2e%2e', 'a\0b', 'A b', ''])('a plan called %j is refused', async (plan) => {
    const before = all();
    const answer = await server.fetch(`/stores/${encodeURIComponent(plan)}`, { method: 'PUT' });
    expect(answer.status >= 400 && answer.status < 500).toBe(true);
    expect(all()).toEqual(before);
  });

  test('a name on the disk adds no header to an answer', async () => {
    const name = 'a"\r\nSet-Cookie: x=y\r\n.txt';
    writeFileSync(join(server.photos, name), 'x');
    const answer = await server.fetch(`/files/photos/${encodeURIComponent(name)}?download`);
    expect([answer.status < 500, answer.headers.get('set-cookie')]).toEqual([true, null]);
    rmSync(join(server.photos, name));
  });

  test('another site uploads nothing', async () => {
    const before = all();
    const answer = await server.fetch('/upload?name=photos/x.txt', { method: 'POST', body: 'x', headers: { 'sec-fetch-site': 'cross-site', 'content-type': 'text/plain' } });
    expect(answer.status).toBe(403);
    expect(all()).toEqual(before);
  });
});

describe('bodies beyond what is allowed are cut off, and leave nothing', () => {
  let server: TestServer;
  afterEach(() => server.close());
  const begin = async (options: StartOptions): Promise<void> => {
    server = await startServer(options);
  };
  const files = (): string[] => treeOf(server.photos).filter((line) => line.includes(': '));

  /** Sends chunks until nobody takes them. */
  async function endless(line: string, user = 'anna'): Promise<{ code: string | undefined; sent: number }> {
    const connection = await RawConnection.open(server.port);
    await connection.send(request(line, { Authorization: `Bearer ${server.tokens[user]!}`, 'Transfer-Encoding': 'chunked' }));
    const answer = connection.answer();
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    let sent = 0;
    while (sent < 2 ** 30 && (await connection.send(chunk))) sent += 0x10000;
    return { code: (await answer)?.code, sent };
  }

  test.each([
    ['the quota of a user', { users: { anna: { rights: ['add'], quota: '1MB' } } }, 'QUOTA'],
    ['the quota of a folder', { settings: { library: { photos: { path: 'photos', quota: '1MB' } } } }, 'QUOTA'],
    ['the largest file', { settings: { limits: { upload: '1MB', 'keep-free': 0 } } }, 'TOO_LARGE'],
    ['what is to stay free on the disk', { settings: { limits: { 'keep-free': '1000TB' } } }, 'DISK_FULL'],
  ])('%s: in chunks without end, and where the length is said', async (_name, options, code) => {
    await begin(options);
    const { code: found, sent } = await endless('POST /upload?name=photos/x');
    expect([found, sent < 2 ** 28]).toEqual([code, true]);
    await expect.poll(files).toEqual([]);
    const said = await RawConnection.open(server.port);
    await said.send(request('POST /upload?name=photos/x', { Authorization: `Bearer ${server.tokens['anna']!}`, 'Content-Length': 2_000_000_000, Expect: '100-continue' }));
    // Before a byte of it: nobody was asked to send.
    expect(await said.answer()).toMatchObject({ code });
    said.end();
    expect(files()).toEqual([]);
  });

  test('half an upload, held open, is ended and leaves nothing', async () => {
    await begin({ settings: { limits: { idle: '200ms', 'keep-free': 0 } } });
    const connection = await RawConnection.open(server.port);
    await connection.send(`${request('POST /upload?name=photos/half', { Authorization: `Bearer ${server.tokens['anna']!}`, 'Content-Length': 1_000_000 })}${'x'.repeat(100_000)}`);
    expect(await connection.answer()).toMatchObject({ status: 408, code: 'TIMEOUT' });
    await connection.closed();
    await expect.poll(files).toEqual([]);
  });

  test('half an upload whose sender is gone leaves nothing', async () => {
    await begin({});
    const connection = await RawConnection.open(server.port);
    await connection.send(`${request('POST /upload?name=photos/half', { Authorization: `Bearer ${server.tokens['anna']!}`, 'Content-Length': 1_000_000 })}${'x'.repeat(500_000)}`);
    await expect.poll(files).not.toEqual([]);
    connection.end();
    await expect.poll(files).toEqual([]);
  });

  test('JSON without end', async () => {
    await begin({});
    for (const line of ['POST /check', 'POST /folders']) {
      const { code, sent } = await endless(line);
      // Who goes on sending when the server has closed may lose the answer to the reset of the connection.
      expect(['TOO_LARGE', undefined], line).toContain(code);
      expect(sent, line).toBeLessThan(2 ** 26);
    }
  });
});
