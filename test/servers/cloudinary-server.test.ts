/** The emulator is as strict as it should be: what the official package sends it takes, and what is wrong it refuses. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CloudinaryServer } from './cloudinary-server.ts';
import { startCloudinary } from './cloudinary-server.ts';

let server: CloudinaryServer;
let clock: number;

beforeEach(async () => {
  clock = Date.UTC(2026, 10, 20, 8, 30);
  server = await startCloudinary({ now: () => clock });
});
afterEach(() => server.close());

type Fields = Record<string, string>;

/** The signature by the published rules, written once more. */
function signed(fields: Fields, secret = server.settings.apiSecret, algorithm = 'sha1'): Fields {
  const given = { timestamp: String(Math.floor(clock / 1000)), ...fields };
  const text = Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}=${value.replaceAll('&', '%26')}`).join('&');
  return { ...given, signature: createHash(algorithm).update(text + secret).digest('hex'), api_key: server.settings.apiKey };
}

interface Answer {
  status: number;
  body: Record<string, unknown> & { error?: { message: string } };
}

async function post(action: string, fields: Fields, file?: Uint8Array<ArrayBuffer>, headers: Fields = {}): Promise<Answer> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  if (file) form.set('file', new Blob([file]), 'file');
  const response = await fetch(`${server.url}/v1_1/demo/raw/${action}`, { method: 'POST', body: form, headers });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

async function admin(path: string, credentials = `${server.settings.apiKey}:${server.settings.apiSecret}`, method = 'GET'): Promise<Answer & { headers: Headers }> {
  const response = await fetch(`${server.url}/v1_1/demo/${path}`, { method, headers: { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` } });
  return { status: response.status, body: (await response.json()) as Answer['body'], headers: response.headers };
}

function download(fields: Fields, headers: Fields = {}): Promise<Response> {
  return fetch(`${server.url}/v1_1/demo/raw/download?${new URLSearchParams(fields).toString()}`, { headers });
}

const upload = (fields: Fields, file: Uint8Array<ArrayBuffer> = new Uint8Array(10), headers: Fields = {}): Promise<Answer> => post('upload', signed({ type: 'private', ...fields }), file, headers);
const list = async (query = ''): Promise<string[]> => ((await admin(`resources/raw/private?${query}`)).body['resources'] as { public_id: string }[]).map((asset) => asset.public_id).sort();

describe('signatures', () => {
  it('are taken as SHA-1 and as SHA-256', async () => {
    expect((await upload({ public_id: 'a' })).status).toBe(200);
    expect((await post('upload', signed({ public_id: 'a' }, server.settings.apiSecret, 'sha256'), new Uint8Array(1))).status).toBe(200);
  });

  it.each([
    ['a wrong secret', () => signed({ public_id: 'a' }, 'wrong'), 401, /^Invalid Signature/],
    ['a field that was changed', () => ({ ...signed({ public_id: 'a' }), public_id: 'b' }), 401, /^Invalid Signature/],
    ['a field that was added', () => ({ ...signed({ public_id: 'a' }), overwrite: 'true' }), 401, /^Invalid Signature/],
    ['an unknown key', () => ({ ...signed({ public_id: 'a' }), api_key: '1' }), 401, /^Invalid api_key/],
    ['a time more than an hour ago', () => signed({ public_id: 'a', timestamp: String(clock / 1000 - 3601) }), 400, /^Stale request/],
    ['a time in more than an hour', () => signed({ public_id: 'a', timestamp: String(clock / 1000 + 3601) }), 400, /^Stale request/],
  ])('are refused for %s', async (_, fields, status, message) => {
    const answer = await post('upload', fields(), new Uint8Array(1));
    expect(answer).toMatchObject({ status, body: { error: { message: expect.stringMatching(message) } } });
    expect(server.everything()).toEqual([]);
  });

  it('are refused for another cloud, and the Admin API for a wrong key or secret', async () => {
    expect((await fetch(`${server.url}/v1_1/other/raw/upload`, { method: 'POST', body: new FormData() })).status).toBe(401);
    expect((await admin('usage', `1:${server.settings.apiSecret}`)).body.error?.message).toBe('unknown api_key');
    expect((await admin('usage', `${server.settings.apiKey}:wrong`)).body.error?.message).toBe('api_secret mismatch');
  });
});

describe('uploads', () => {
  it('replace, unless they are told not to, and say their MD5', async () => {
    const first = await upload({ public_id: 'a' }, new Uint8Array([1]));
    expect(first.body).toMatchObject({ bytes: 1, type: 'private', etag: createHash('md5').update(new Uint8Array([1])).digest('hex') });
    expect((await upload({ public_id: 'a', overwrite: 'false' }, new Uint8Array([2, 2]))).body).toMatchObject({ existing: true, bytes: 1 });
    expect((await upload({ public_id: 'a' }, new Uint8Array([2, 2]))).body).toMatchObject({ bytes: 2, asset_id: first.body['asset_id'] });
  });

  it('are refused when they are too large, empty, or larger than a request may be', async () => {
    server.settings.rawLimit = 1000;
    expect((await upload({ public_id: 'a' }, new Uint8Array(1001))).body.error?.message).toMatch(/^File size too large. Got 1001. Maximum is 1000. Upgrade your plan/);
    expect((await upload({ public_id: 'a' }, new Uint8Array(0))).body.error?.message).toBe('Empty file');
    server.settings.requestLimit = 500;
    expect((await upload({ public_id: 'a' }, new Uint8Array(900))).status).toBe(413);
    expect(server.everything()).toEqual([]);
  });

  it.each(['a'.repeat(256), 'a?b', 'a&b', 'a#b', 'a\\b', 'a%b', 'a<b', 'a>b', 'a+b', ' a', 'a ', '/a', 'a/', 'v12/a', 'x/v1/a', 'a.exe', 'a.BIN', 'a.ps1'])('refuse the name %j', async (name) => {
    expect((await upload({ public_id: name })).status).toBe(400);
  });

  it('take names of 255 characters, and a last part that looks like a version', async () => {
    for (const name of ['a'.repeat(255), 'folder/v12', 'with space/ü.000']) expect((await upload({ public_id: name })).status, name).toBe(200);
  });
});

describe('chunks', () => {
  const chunk = (id: string, range: string, size: number): Promise<Answer> => upload({ public_id: 'big' }, new Uint8Array(size), { 'X-Unique-Upload-Id': id, 'Content-Range': `bytes ${range}` });
  const six = 6_000_000;

  it('make one asset, in any order but for the first and the last', async () => {
    server.settings.rawLimit = 100_000_000;
    expect((await chunk('one', `0-${six - 1}/-1`, six)).body).toMatchObject({ done: false });
    expect((await chunk('one', `${2 * six}-${3 * six - 1}/-1`, six)).body).toMatchObject({ done: false });
    expect((await chunk('one', `${six}-${2 * six - 1}/-1`, six)).body).toMatchObject({ done: false });
    expect(server.everything()).toEqual(['unfinished one']);
    expect((await chunk('one', `${3 * six}-${3 * six + 9}/${3 * six + 10}`, 10)).body).toMatchObject({ done: true, bytes: 3 * six + 10 });
    expect(server.everything()).toEqual(['big']);
  });

  it.each([
    ['small ones', '0-999/2000', 1000, /larger than 5mb/],
    ['a range that is not theirs', '0-999/2000', 10, /does not match/],
    ['a first one that is not the first', `${six}-${2 * six - 1}/-1`, six, /must be the first/],
    ['more than the account allows', `0-${six - 1}/20000000`, six, /File size too large. Got 20000000/],
  ])('are refused for %s', async (_, range, size, message) => {
    expect((await chunk('bad', range, size)).body.error?.message).toMatch(message);
  });

  it('are refused when they come again', async () => {
    await chunk('twice', `0-${six - 1}/-1`, six);
    expect((await chunk('twice', `0-${six - 1}/-1`, six)).body.error?.message).toMatch(/already/);
  });

  it('are refused when the last one comes before another', async () => {
    server.settings.rawLimit = 100_000_000;
    await chunk('gap', `0-${six - 1}/-1`, six);
    expect((await chunk('gap', `${2 * six}-${2 * six + 9}/${2 * six + 10}`, 10)).body.error?.message).toMatch(/before the others/);
  });
});

describe('downloads', () => {
  const query = (more: Fields = {}): Fields => signed({ public_id: 'a', type: 'private', ...more });

  beforeEach(async () => {
    await upload({ public_id: 'a' }, new Uint8Array([0, 1, 2, 3, 4]));
  });

  it('give ranges, or the whole where they are ignored', async () => {
    const part = await download(query(), { Range: 'bytes=1-2' });
    expect([part.status, part.headers.get('content-range'), [...new Uint8Array(await part.arrayBuffer())]]).toEqual([206, 'bytes 1-2/5', [1, 2]]);
    expect((await download(query(), { Range: 'bytes=5-6' })).status).toBe(416);
    server.settings.ignoresRanges = true;
    const whole = await download(query(), { Range: 'bytes=1-2' });
    expect([whole.status, (await whole.arrayBuffer()).byteLength]).toEqual([200, 5]);
  });

  it('carry the MD5 of the whole as their tag, or no tag', async () => {
    const md5 = createHash('md5').update(new Uint8Array([0, 1, 2, 3, 4])).digest('hex');
    expect((await download(query(), { Range: 'bytes=1-2' })).headers.get('etag')).toBe(`"${md5}"`);
    expect((await download(query())).headers.get('etag')).toBe(`"${md5}"`);
    server.settings.tagsDownloads = false;
    expect((await download(query(), { Range: 'bytes=1-2' })).headers.get('etag')).toBeNull();
  });

  it('need a signature that is not too old, and a link that has not expired', async () => {
    expect((await download({ ...query(), signature: 'x' })).status).toBe(401);
    const link = query({ expires_at: String(clock / 1000 + 60) });
    expect((await download(link)).status).toBe(200);
    clock += 61_000;
    expect((await download(link)).status).toBe(401);
    expect((await download(signed({ public_id: 'b', type: 'private' }))).status).toBe(404);
  });

  it('do not give out private assets at the delivery address', async () => {
    expect((await fetch(`${server.url}/demo/raw/private/a`)).status).toBe(401);
    await upload({ public_id: 'open', type: 'upload' });
    expect((await fetch(`${server.url}/demo/raw/upload/v1/open`)).status).toBe(200);
  });
});

describe('the Admin API', () => {
  it('lists by prefix, in pages, ten unless more are asked for, and late', async () => {
    server.settings.listingDelay = 5000;
    for (let number = 0; number < 25; number++) await upload({ public_id: `list/${String(number).padStart(2, '0')}` });
    await upload({ public_id: 'other' });
    expect(await list('prefix=list/')).toEqual([]);
    clock += 5000;
    expect(await list('prefix=list/')).toHaveLength(10);
    const first = (await admin('resources/raw/private?prefix=list/&max_results=20')).body;
    const second = (await admin(`resources/raw/private?prefix=list/&max_results=20&next_cursor=${String(first['next_cursor'])}`)).body;
    const ids = [first, second].flatMap((page) => (page['resources'] as { public_id: string }[]).map((asset) => asset.public_id));
    expect(new Set(ids).size).toBe(25);
    expect(second['next_cursor']).toBeUndefined();
    expect((await admin('resources/raw/private?max_results=501')).status).toBe(400);
    await post('destroy', signed({ public_id: 'other', type: 'private' }));
    expect(await list('prefix=other')).toEqual(['other']);
    clock += 5000;
    expect(await list('prefix=other')).toEqual([]);
  });

  it('says at once what one asset is, and removes many', async () => {
    server.settings.listingDelay = 5000;
    const { asset_id: id } = (await upload({ public_id: 'a/b' })).body;
    expect((await admin(`resources/${String(id)}`)).body).toMatchObject({ public_id: 'a/b', etag: expect.any(String) });
    expect((await admin('resources/raw/private/a/b')).body).toMatchObject({ asset_id: id });
    const tooMany = Array.from({ length: 101 }, (_, number) => `public_ids[]=${number}`).join('&');
    expect((await admin(`resources/raw/private?${tooMany}`, undefined, 'DELETE')).status).toBe(400);
    expect((await admin('resources/raw/private?public_ids[]=a/b&public_ids[]=c', undefined, 'DELETE')).body['deleted']).toEqual({ 'a/b': 'deleted', c: 'not_found' });
    await upload({ public_id: 'a/c' });
    await admin('resources/raw/private?prefix=a/', undefined, 'DELETE');
    expect(server.everything()).toEqual([]);
  });

  it.each([420, 429])('refuses with %i when the calls of the hour are used up, until the next one', async (status) => {
    server.settings.adminLimit = 2;
    server.settings.limitStatus = status;
    expect((await admin('ping')).headers.get('x-featureratelimit-remaining')).toBe('1');
    await admin('ping');
    const refused = await admin('usage');
    expect(refused.status).toBe(status);
    expect(refused.body.error?.message).toBe('Rate Limit Exceeded. Limit of 2 api operations reached. Try again on 2026-11-20 09:00:00 UTC');
    expect(refused.headers.get('x-featureratelimit-reset')).toBe('Fri, 20 Nov 2026 09:00:00 GMT');
    expect((await upload({ public_id: 'uploads are not counted' })).status).toBe(200);
    clock += 1_800_000;
    expect((await admin('usage')).body).toMatchObject({ media_limits: { raw_max_size_bytes: 10_485_760 } });
    expect(server.counts).toMatchObject({ admin: 2, usage: 2, upload: 1 });
  });
});
