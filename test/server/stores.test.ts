/** The stores against whoever means harm, and against bad luck: what a token may do, how much fits, and what is left of uploads. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { bytesOf } from '../../src/targets/conformance/data.ts';
import { ask, RawConnection, request } from './raw.ts';
import { startServer, type StartOptions, type TestServer } from './start-server.ts';

const users = {
  anna: { rights: ['read', 'add', 'delete'] },
  laptop: { rights: ['add'], library: [], stores: ['nas'] },
  reader: { rights: ['read'] },
};
const servers: TestServer[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function start(options: StartOptions = {}): Promise<TestServer> {
  const server = await startServer({ users, ...options });
  servers.push(server);
  if (!existsSync(join(server.stores, 'nas'))) mkdirSync(join(server.stores, 'nas'));
  return server;
}

/** Another process on the same folders. */
async function startAgain(server: TestServer): Promise<TestServer> {
  const copy = mkdtempSync(join(tmpdir(), 'bat-again-'));
  cpSync(server.folder, copy, { recursive: true, preserveTimestamps: true });
  rmSync(join(copy, 'state'), { recursive: true });
  folders.push(copy);
  return start({ folder: copy });
}

const digest = (bytes: Uint8Array): string => `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
const sum = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What the server says to one request: its status, and its code where it refuses. */
async function say(server: TestServer, as: string, method: string, path: string, body?: Uint8Array | object, headers: Record<string, string> = {}): Promise<{ status: number; code?: string; json?: any }> {
  const sent = body instanceof Uint8Array ? { body: Buffer.from(body), headers: { 'content-digest': digest(body), ...headers } } : body ? { body: JSON.stringify(body), headers } : { headers };
  const answer = await server.fetch(path, { as, method, ...sent });
  const text = await answer.text();
  const json = text.startsWith('{') ? JSON.parse(text.split('\n')[0]!) : undefined;
  return { status: answer.status, ...(json?.error ? { code: json.error.code } : json ? { json } : {}) };
}
const put = (server: TestServer, as: string, name: string, bytes: Uint8Array) => say(server, as, 'PUT', `/stores/nas/objects/${name}`, bytes);

async function begin(server: TestServer, as: string, name: string, partSize = 1000, writer = 'w'): Promise<string> {
  const { json } = await say(server, as, 'POST', '/stores/nas/uploads', { name, partSize, writer });
  return json.id as string;
}
const part = (server: TestServer, as: string, id: string, index: number, bytes: Uint8Array) => say(server, as, 'PUT', `/stores/nas/uploads/${id}/parts/${index}`, bytes);
const finish = (server: TestServer, as: string, id: string, name: string, parts: readonly Uint8Array[], partSize = 1000) =>
  say(server, as, 'POST', `/stores/nas/uploads/${id}/finish`, { name, partSize, size: parts.reduce((all, one) => all + one.length, 0), parts: parts.map(sum) });

const below = (server: TestServer): string[] => readdirSync(join(server.stores, 'nas'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(server.stores.length + 5)).sort();
const read = (server: TestServer, name: string): Buffer => readFileSync(join(server.stores, 'nas', name));

describe('a stolen token that may only add', () => {
  const volume = 'volumes/20260101-000000-abcd-00001.tar.zst.age';
  const manifest = 'manifests/20260101-000000-abcd-docs.jsonl.zst.age';

  test('can neither change, remove nor read what is stored', async () => {
    const server = await start();
    for (const name of [volume, manifest, 'keys/0123456789abcdef.age', 'docs/letter.txt.age']) {
      expect(await put(server, 'laptop', name, bytesOf(5000))).toMatchObject({ status: 201 });
      expect(await put(server, 'laptop', name, bytesOf(5000))).toMatchObject({ status: 201 });
      expect(await put(server, 'laptop', name, bytesOf(5000, 2))).toMatchObject({ status: 409, code: 'EXISTS' });
      expect(await put(server, 'laptop', name, new Uint8Array(0))).toMatchObject({ status: 409, code: 'EXISTS' });
      const id = await begin(server, 'laptop', name);
      await part(server, 'laptop', id, 0, bytesOf(500));
      expect(await finish(server, 'laptop', id, name, [bytesOf(500)])).toMatchObject({ status: 409, code: 'EXISTS' });
      expect(await say(server, 'laptop', 'DELETE', `/stores/nas/objects/${name}`)).toMatchObject({ status: 403, code: 'DENIED' });
      expect(read(server, name).equals(bytesOf(5000))).toBe(true);
    }
    for (const name of [volume, manifest, 'docs/letter.txt.age']) expect(await say(server, 'laptop', 'GET', `/stores/nas/objects/${name}`)).toMatchObject({ status: 403, code: 'DENIED' });
    expect(await say(server, 'laptop', 'GET', '/stores/nas/objects/keys/0123456789abcdef.age')).toMatchObject({ status: 200 });
    // What it began is its own, and may be taken back.
    expect(await say(server, 'laptop', 'POST', '/stores/nas/sweep', { writer: 'w', keep: [] })).toMatchObject({ json: { removed: 4 } });
    expect(await say(server, 'laptop', 'DELETE', '/stores/nas')).toMatchObject({ status: 204 });
    expect(below(server)).toEqual([volume, manifest, 'keys/0123456789abcdef.age', 'docs/letter.txt.age'].sort());
  });

  test('replaces the documents of a run, and what was there is kept where it cannot reach', async () => {
    const server = await start();
    for (const name of ['bat.json', 'README.txt', 'restore.py', 'signed/0123456789abcdef.json']) {
      for (const seed of [1, 2, 2, 3]) expect(await put(server, 'laptop', name, bytesOf(100, seed))).toMatchObject({ status: 201 });
      expect(read(server, name).equals(bytesOf(100, 3))).toBe(true);
      const kept = readdirSync(join(server.stores, 'nas/.bat-kept', name)).sort();
      expect(kept.map((file) => read(server, `.bat-kept/${name}/${file}`))).toEqual([bytesOf(100, 1), bytesOf(100, 2)]);
      for (const method of ['GET', 'PUT', 'DELETE']) {
        expect(await say(server, 'anna', method, `/stores/nas/objects/.bat-kept/${name}/${kept[0]}`, method === 'PUT' ? bytesOf(1) : undefined)).toMatchObject({ status: 400, code: 'NAME_REFUSED' });
      }
    }
    const listed = await (await server.fetch('/stores/nas/objects', { as: 'laptop' })).text();
    expect(listed).not.toContain('.bat-');
    expect(listed.trim().split('\n').at(-1)).toBe('{"end":4}');
    // Whoever may remove, replaces for good.
    await put(server, 'anna', 'bat.json', bytesOf(100, 4));
    expect(readdirSync(join(server.stores, 'nas/.bat-kept/bat.json'))).toHaveLength(2);
  });

  test('reaches no other store, and no upload of anybody else', async () => {
    const server = await start();
    mkdirSync(join(server.stores, 'other'));
    for (const [method, path] of [['GET', ''], ['PUT', ''], ['DELETE', ''], ['GET', '/objects'], ['PUT', '/objects/a'], ['POST', '/uploads'], ['POST', '/sweep']] as const) {
      expect(await say(server, 'laptop', method, `/stores/other${path}`, method === 'PUT' ? bytesOf(1) : undefined), `${method} ${path}`).toMatchObject({ status: 403, code: 'DENIED' });
    }
    const id = await begin(server, 'anna', volume);
    await part(server, 'anna', id, 0, bytesOf(1000));
    expect(await part(server, 'laptop', id, 0, bytesOf(1000, 2))).toMatchObject({ status: 404 });
    expect(await say(server, 'laptop', 'GET', `/stores/nas/uploads/${id}`)).toMatchObject({ status: 404 });
    expect(await say(server, 'laptop', 'DELETE', `/stores/nas/uploads/${id}`)).toMatchObject({ status: 204 });
    expect(await say(server, 'laptop', 'POST', '/stores/nas/sweep', { writer: 'w', keep: [] })).toMatchObject({ json: { removed: 0 } });
    expect(await finish(server, 'anna', id, volume, [bytesOf(1000)])).toMatchObject({ status: 201 });
    expect(await put(server, 'reader', 'bat.json', bytesOf(1))).toMatchObject({ status: 403 });
    expect(await say(server, 'laptop', 'GET', '/stores')).toMatchObject({ json: { stores: [] } });
  });

  test('has a place to try things out in, and there it may remove', async () => {
    const server = await start();
    const place = '/stores/.bat-check-0123abcd';
    expect(await say(server, 'laptop', 'PUT', place)).toMatchObject({ json: { stored: true, mayRemove: false } });
    for (const seed of [1, 2]) expect(await say(server, 'laptop', 'PUT', `${place}/objects/keys/a.age`, bytesOf(10, seed))).toMatchObject({ status: 201 });
    expect(await say(server, 'laptop', 'GET', `${place}/objects/keys/a.age`)).toMatchObject({ status: 200 });
    expect(await say(server, 'laptop', 'DELETE', `${place}/objects/keys/a.age`)).toMatchObject({ status: 204 });
    expect(await say(server, 'laptop', 'DELETE', place)).toMatchObject({ status: 204 });
    expect(readdirSync(server.stores)).toEqual(['nas']);
  });
});

describe('names', () => {
  const odd = ['.bat-tmp-uploads/x', '.BAT-KEPT/x', '.bat-kept/x', 'a/.bat-tmp-1/b', 'with%20space', '%C3%BC', 'a//b', 'a/', 'dot.', 'a%0Ab'];
  test('only plain ones are those of objects, and the own folders of the server are not reached', async () => {
    const server = await start();
    for (const name of odd) {
      expect(await put(server, 'anna', name, bytesOf(10)), name).toMatchObject({ status: 400, code: 'NAME_REFUSED' });
      expect(await say(server, 'anna', 'POST', '/stores/nas/uploads', { name: decodeURIComponent(name), partSize: 10, writer: '' }), name).toMatchObject({ status: 400, code: 'NAME_REFUSED' });
    }
    expect(below(server)).toEqual([]);
  });

  test('only those of plans are those of stores', async () => {
    const server = await start();
    for (const plan of ['..', '.', '.hidden', 'a.b', '%2e%2e', 'a%2Fb', '.bat-check-zz']) {
      expect(await ask(server.port, `PUT /stores/${plan}`, { Authorization: `Bearer ${server.tokens['anna']}`, 'Content-Length': 0 }), plan).toMatchObject({ status: 400, code: 'NAME_REFUSED' });
    }
    expect(readdirSync(server.stores)).toEqual(['nas']);
  });

  test('links that lie in a store are not followed', async () => {
    const server = await start();
    mkdirSync(join(server.folder, 'outside'));
    writeFileSync(join(server.folder, 'outside/secret'), 'secret');
    symlinkSync(join(server.folder, 'outside'), join(server.stores, 'nas/folder'));
    symlinkSync(join(server.folder, 'outside/secret'), join(server.stores, 'nas/file'));
    expect(await say(server, 'anna', 'GET', '/stores/nas/objects/folder/secret')).toMatchObject({ status: 400, code: 'NAME_REFUSED' });
    expect(await say(server, 'anna', 'GET', '/stores/nas/objects/file')).toMatchObject({ status: 404 });
    expect(await put(server, 'anna', 'folder/new', bytesOf(10))).toMatchObject({ status: 400 });
    expect(await say(server, 'anna', 'DELETE', '/stores/nas/objects/folder/secret')).toMatchObject({ status: 400 });
    expect(await say(server, 'anna', 'GET', '/stores/nas/objects?prefix=folder/')).toMatchObject({ status: 400 });
    expect(await say(server, 'anna', 'GET', '/stores/nas/objects')).toMatchObject({ json: { end: 0 } });
    expect(readdirSync(join(server.folder, 'outside'))).toEqual(['secret']);
    expect(await put(server, 'anna', 'file', bytesOf(10))).toMatchObject({ status: 500 });
    expect(readFileSync(join(server.folder, 'outside/secret'), 'utf8')).toBe('secret');
  });
});

describe('room', () => {
  const stores = (quota: string) => ({ stores: { path: 'stores', quota } });

  test('nothing is stored beyond the quota, in whatever pieces it comes', async () => {
    const server = await start({ settings: stores('100KiB') });
    expect(await put(server, 'laptop', 'a', bytesOf(40_000))).toMatchObject({ status: 201 });
    expect(await put(server, 'laptop', 'b', bytesOf(200_000))).toMatchObject({ status: 507, code: 'QUOTA' });
    const id = await begin(server, 'laptop', 'c', 20_000);
    expect(await part(server, 'laptop', id, 0, bytesOf(20_000))).toMatchObject({ status: 200 });
    // The same part again takes no more room.
    for (const seed of [2, 3, 4]) expect(await part(server, 'laptop', id, 0, bytesOf(20_000, seed))).toMatchObject({ status: 200 });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => part(server, 'laptop', id, index + 1, bytesOf(20_000))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    // Small objects take a block each.
    const small = await Promise.all(Array.from({ length: 20 }, (_, index) => put(server, 'laptop', `small-${index}`, bytesOf(1))));
    expect(small.filter(({ status }) => status === 201).length).toBeLessThan(10);
    expect(await say(server, 'laptop', 'DELETE', `/stores/nas/uploads/${id}`)).toMatchObject({ status: 204 });
    expect(await put(server, 'laptop', 'd', bytesOf(15_000))).toMatchObject({ status: 201 });
    expect(await say(server, 'anna', 'DELETE', '/stores/nas/objects/a')).toMatchObject({ status: 204 });
    expect(await put(server, 'laptop', 'e', bytesOf(40_000))).toMatchObject({ status: 201 });
  });

  test('what is broken off counts, as long as it lies there, and documents that are kept do, too', async () => {
    const server = await start({ settings: stores('200KiB') });
    const id = await begin(server, 'laptop', 'c', 30_000);
    for (let index = 0; index < 10; index++) {
      const connection = await RawConnection.open(server.port);
      const head = { Authorization: `Bearer ${server.tokens['laptop']}`, 'Content-Length': 30_000, 'Content-Digest': digest(bytesOf(30_000)) };
      await connection.send(request(`PUT /stores/nas/uploads/${id}/parts/${index}`, head));
      await connection.send(bytesOf(29_999));
      connection.end();
      await expect.poll(() => server.events.filter((event) => event.type === 'request' && event.path.endsWith(`/parts/${index}`)).length).toBe(1);
    }
    const size = readdirSync(join(server.stores, 'nas'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).reduce((all, entry) => all + statSync(join(entry.parentPath, entry.name)).blocks * 512, 0);
    expect(size).toBeLessThanOrEqual(200 * 1024);
    await say(server, 'laptop', 'DELETE', `/stores/nas/uploads/${id}`);
    const answers: (string | undefined)[] = [];
    for (let seed = 1; seed < 10; seed++) answers.push((await put(server, 'laptop', 'bat.json', bytesOf(50_000, seed))).code);
    expect(answers.filter((code) => code === 'QUOTA').length).toBeGreaterThan(4);
  });

  test('a user has a quota of its own, and the disk keeps some room whatever the quota', async () => {
    const server = await start({ users: { ...users, laptop: { ...users.laptop, quota: '50KiB' } } });
    expect(await put(server, 'laptop', 'a', bytesOf(40_000))).toMatchObject({ status: 201 });
    expect(await put(server, 'laptop', 'b', bytesOf(20_000))).toMatchObject({ status: 507, code: 'QUOTA' });
    await say(server, 'laptop', 'PUT', '/stores/.bat-check-0123abcd');
    const tried = ['b', 'c', 'd', 'e'].map((name) => say(server, 'laptop', 'PUT', `/stores/.bat-check-0123abcd/objects/${name}`, bytesOf(4000)));
    expect((await Promise.all(tried)).map(({ status }) => status).sort()).toEqual([201, 201, 507, 507]);
    expect(await put(server, 'anna', 'b', bytesOf(20_000))).toMatchObject({ status: 201 });
    const full = await start({ settings: { limits: { 'keep-free': '900TiB' } } });
    expect(await put(full, 'anna', 'a', bytesOf(10))).toMatchObject({ status: 507, code: 'DISK_FULL' });
    const small = await start({ settings: { limits: { upload: '10KiB', 'keep-free': 0 } } });
    expect(await put(small, 'anna', 'a', bytesOf(20_000))).toMatchObject({ status: 413, code: 'TOO_LARGE' });
    const id = await begin(small, 'anna', 'c', 8000);
    expect(await part(small, 'anna', id, 1, bytesOf(8000))).toMatchObject({ status: 413, code: 'TOO_LARGE' });
  });
});

describe('uploads', () => {
  test('damaged parts are refused, and what stood there before is not taken for them', async () => {
    const server = await start();
    const id = await begin(server, 'anna', 'volumes/a');
    await part(server, 'anna', id, 0, bytesOf(1000, 1));
    const damaged = await say(server, 'anna', 'PUT', `/stores/nas/uploads/${id}/parts/0`, bytesOf(1000, 2), { 'content-digest': digest(bytesOf(1000, 3)) });
    expect(damaged).toMatchObject({ status: 422, code: 'HASH_MISMATCH' });
    expect(await finish(server, 'anna', id, 'volumes/a', [bytesOf(1000, 1)])).toMatchObject({ status: 400 });
    await part(server, 'anna', id, 0, bytesOf(1000, 1));
    expect(await finish(server, 'anna', id, 'volumes/a', [bytesOf(1000, 1)])).toMatchObject({ status: 201 });
    // The answer got lost, and it is asked again.
    expect(await finish(server, 'anna', id, 'volumes/a', [bytesOf(1000, 1)])).toMatchObject({ status: 201 });
    expect(await finish(server, 'anna', id, 'volumes/a', [bytesOf(1000, 2)])).toMatchObject({ status: 404 });
    expect(below(server)).toEqual(['volumes/a']);
  });

  test('go on after the server was started again, without parts that a power cut lost', async () => {
    const server = await start();
    const id = await begin(server, 'anna', 'volumes/a');
    for (const index of [0, 1, 2]) await part(server, 'anna', id, index, bytesOf(1000, index + 1));
    const folder = join(server.stores, 'nas/.bat-tmp-uploads');
    const data = readFileSync(join(folder, `${id}.data`));
    data.fill(0, 1000, 2000);
    writeFileSync(join(folder, `${id}.data`), data);
    writeFileSync(join(folder, `${id}.log`), '{"part":3,"si', { flag: 'a' });
    writeFileSync(join(folder, '0123.put'), 'half an object');
    const again = await startAgain(server);
    const { json } = await say(again, 'anna', 'GET', `/stores/nas/uploads/${id}`);
    expect(json.parts.map(({ index }: { index: number }) => index)).toEqual([0, 2]);
    await part(again, 'anna', id, 1, bytesOf(1000, 2));
    await part(again, 'anna', id, 3, bytesOf(10, 4));
    const parts = [bytesOf(1000, 1), bytesOf(1000, 2), bytesOf(1000, 3), bytesOf(10, 4)];
    expect(await finish(again, 'anna', id, 'volumes/a', parts)).toMatchObject({ status: 201 });
    expect(read(again, 'volumes/a').equals(Buffer.concat(parts))).toBe(true);
    await put(again, 'anna', 'b', bytesOf(1));
    expect(below(again)).toEqual(['b', 'volumes/a']);
  });

  test('that have their name already take nothing more, and are known to be at their end', async () => {
    const server = await start();
    const bytes = Buffer.from('a volume');
    const id = await begin(server, 'laptop', 'volumes/1');
    expect((await part(server, 'laptop', id, 0, bytes)).status).toBe(200);
    const again = await startAgain(server);
    // As a server leaves it that is killed between giving the name and taking the old one away.
    const folder = join(again.stores, 'nas');
    mkdirSync(join(folder, 'volumes'));
    linkSync(join(folder, '.bat-tmp-uploads', `${id}.data`), join(folder, 'volumes/1'));
    expect((await part(again, 'laptop', id, 0, Buffer.from('b volume'))).code).toBe('NOT_FOUND');
    expect(read(again, 'volumes/1')).toEqual(bytes);
    expect((await finish(again, 'laptop', id, 'volumes/1', [bytes])).status).toBe(201);
    await say(again, 'laptop', 'POST', '/stores/nas/sweep', { writer: 'w', keep: [] });
    expect(below(again)).toEqual(['volumes/1']);
  });

  test('are looked up before their end is read, which is no longer than theirs can be', async () => {
    const server = await start();
    const id = await begin(server, 'anna', 'volumes/a');
    await part(server, 'anna', id, 0, bytesOf(1000, 1));
    const end = (id: string, bytes: number) => say(server, 'anna', 'POST', `/stores/nas/uploads/${id}/finish`, new Uint8Array(bytes));
    expect(await end(id.replace(/^.{8}/, '00000000'), 100)).toMatchObject({ status: 404 });
    expect(await end(id, 100)).toMatchObject({ status: 400 });
    expect(await end(id, 100_000)).toMatchObject({ status: 413, code: 'TOO_LARGE' });
    expect(await end(id.replace(/.{8}$/, '00000000'), 8_000_000)).toMatchObject({ status: 413, code: 'TOO_LARGE' });
    expect(await finish(server, 'anna', id, 'volumes/a', [bytesOf(1000, 1)])).toMatchObject({ status: 201 });
  });

  test('take nothing more where the flush of the folder failed after the object had its name', async () => {
    const server = await start();
    const id = await begin(server, 'anna', 'volumes/a');
    const bytes = bytesOf(1000, 1);
    await part(server, 'anna', id, 0, bytes);
    const handle = await open(server.stores);
    const handles = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const sync = handles.sync;
    const failing = vi.spyOn(handles, 'sync').mockImplementation(async function (this: FileHandle) {
      if ((await this.stat()).isDirectory()) throw Object.assign(new Error('broken'), { code: 'EIO' });
      await sync.call(this);
    });
    try {
      expect(await finish(server, 'anna', id, 'volumes/a', [bytes])).toMatchObject({ status: 500, code: 'FAILED' });
    } finally {
      failing.mockRestore();
    }
    expect(await part(server, 'anna', id, 0, bytesOf(1000, 2))).toMatchObject({ status: 404 });
    expect(readFileSync(join(server.stores, 'nas/volumes/a')).equals(bytes)).toBe(true);
    expect(await finish(server, 'anna', id, 'volumes/a', [bytes])).toMatchObject({ status: 201 });
    expect(below(server)).toEqual(['volumes/a']);
  });

  test('are forgotten a week after the last byte, and swept away by nobody but who began them', async () => {
    const server = await start();
    const [old, mine, kept, other] = [await begin(server, 'anna', 'a'), await begin(server, 'anna', 'b'), await begin(server, 'anna', 'c'), await begin(server, 'anna', 'd', 1000, 'another catalog')];
    const folder = join(server.stores, 'nas/.bat-tmp-uploads');
    const long = new Date(Date.now() - 8 * 24 * 3_600_000);
    for (const kind of ['log', 'data']) utimesSync(join(folder, `${old}.${kind}`), long, long);
    const again = await startAgain(server);
    expect(await say(again, 'anna', 'POST', '/stores/nas/sweep', { writer: 'w', keep: [kept] })).toMatchObject({ json: { removed: 1 } });
    expect(await say(again, 'anna', 'GET', `/stores/nas/uploads/${old}`)).toMatchObject({ status: 404 });
    expect(await say(again, 'anna', 'GET', `/stores/nas/uploads/${mine}`)).toMatchObject({ status: 404 });
    for (const id of [kept, other]) expect(await say(again, 'anna', 'GET', `/stores/nas/uploads/${id}`)).toMatchObject({ status: 200 });
  });

  test('a newer try of a part counts, and the one that hangs is cut off', async () => {
    const server = await start();
    const [wrong, right] = [bytesOf(1_000_000, 2), bytesOf(1_000_000)];
    const id = await begin(server, 'anna', 'a', 1_000_000);
    const hanging = await RawConnection.open(server.port);
    await hanging.send(request(`PUT /stores/nas/uploads/${id}/parts/0`, { Authorization: `Bearer ${server.tokens['anna']}`, 'Content-Length': wrong.length, 'Content-Digest': digest(wrong) }));
    await hanging.send(wrong.subarray(0, 900_000));
    await expect.poll(() => statSync(join(server.stores, `nas/.bat-tmp-uploads/${id}.data`)).size).toBeGreaterThan(0);
    expect(await part(server, 'anna', id, 0, right)).toMatchObject({ status: 200 });
    await hanging.closed();
    expect(await finish(server, 'anna', id, 'a', [right], 1_000_000)).toMatchObject({ status: 201 });
    expect(read(server, 'a').equals(right)).toBe(true);
  });
});

test('a disk that is not mounted is said to be away, and nothing is made in its place', async () => {
  const server = await start();
  rmSync(server.stores, { recursive: true });
  expect(await put(server, 'anna', 'a', bytesOf(10))).toMatchObject({ status: 503, code: 'FOLDER_AWAY' });
  expect(await say(server, 'anna', 'GET', '/stores/nas/objects')).toMatchObject({ status: 503, code: 'FOLDER_AWAY' });
  expect(await say(server, 'anna', 'GET', '/stores')).toMatchObject({ status: 503, code: 'FOLDER_AWAY' });
  expect(existsSync(server.stores)).toBe(false);
  const next = await start({ settings: { stores: 'away' } });
  expect(next.events).toContainEqual(expect.objectContaining({ type: 'notice', message: `The folder of the stores is away (${join(next.folder, 'away')}): no backup can come.` }));
});
