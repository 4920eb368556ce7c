/** What Cloudinary refuses, and a bad line: each is one sentence with a cure, tried again only where that helps, and without the secret. */
import { once } from 'node:events';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { BatError } from '../../src/core/errors.ts';
import type { CloudinaryTarget } from '../../src/targets/cloudinary.ts';
import type { CallKind } from '../servers/cloudinary-server.ts';
import { Refusal } from '../servers/cloudinary-server.ts';
import { startFaultyProxy, type Fault } from '../servers/faulty-proxy.ts';
import type { CloudinaryAccount } from './cloudinary-store.ts';
import { cloudinaryAccount } from './cloudinary-store.ts';

const hot = { temperature: 'hot' } as const;
const bytes = Buffer.from('some bytes');
let account: CloudinaryAccount;
let clock: number;

beforeEach(async () => {
  clock = Date.UTC(2026, 10, 20, 8, 30);
  account = await cloudinaryAccount({ now: () => clock });
});
afterEach(() => account.server.close());

/** What the call throws: a BatError of one line, with a hint, that gives nothing away. */
async function failure(work: Promise<unknown>): Promise<BatError> {
  const error: unknown = await work.then(() => 'no error', (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BatError);
  const told = error as BatError;
  expect(told.message).toMatch(/^Target "cloud" [^\n]{1,200}\.$/);
  expect(told.hint).toMatch(/\.$|\)\.$/);
  const { apiSecret, apiKey } = account.server.settings;
  const shown = inspect(told, { depth: 10, showHidden: true }) + JSON.stringify(told) + JSON.stringify((told.cause as Error)?.message);
  for (const secret of [apiSecret, Buffer.from(`${apiKey}:${apiSecret}`).toString('base64')]) expect(shown).not.toContain(secret);
  return told;
}

async function failureCode(work: Promise<unknown>): Promise<string> {
  return work.then(() => 'no error', (error: unknown) => (error as BatError).code);
}

const refuse = (kind: CallKind, refusal: () => Refusal | 'drop') => {
  account.server.settings.before = (asked) => {
    if (asked !== kind) return;
    const answer = refusal();
    if (answer === 'drop') return answer;
    throw answer;
  };
};

describe('the account', () => {
  it.each([
    ['a wrong secret', { 'api-secret': 'wrong-secret' }, /the secret is wrong/],
    ['an unknown key', { 'api-key': '1' }, /the key is not known/],
    ['a cloud that is not there', { 'cloud-name': 'nowhere' }, /no such cloud name/],
  ])('%s is denied, at connecting and at every other call', async (_, options, reason) => {
    const target = account.target(options);
    const calls: (() => Promise<unknown>)[] = [
      () => target.connect({ create: true }),
      () => target.put('bat.json', bytes, hot),
      () => target.read('bat.json', 0, 1),
      () => target.stat('bat.json'),
      () => target.remove('bat.json'),
      () => Array.fromAsync(target.list('')),
      () => target.sweep(),
    ];
    for (const call of calls) {
      const error = await failure(call());
      expect(error).toMatchObject({ code: 'TARGET_DENIED', transient: false, message: expect.stringMatching(reason), hint: expect.stringMatching(/API Keys/) });
    }
  });

  it('a clock that is a day off is told as what it is, and the right time can be had', async () => {
    const target = account.target({}, {}, { now: () => clock - 86_400_000 });
    // The Admin API does not look at the clock.
    await target.connect({ create: true });
    expect(await failure(target.put('bat.json', bytes, hot))).toMatchObject({ code: 'TARGET_DENIED', transient: false, message: expect.stringMatching(/more than an hour old/), hint: expect.stringMatching(/clock/) });
    expect(Math.abs((await target.clock())!.getTime() - Date.now())).toBeLessThan(60_000);
  });

  it.each([
    ['a used-up hour, as 420', 420],
    ['a used-up hour, as 429', 429],
  ])('%s: to be tried again when it is over', async (_, limitStatus) => {
    Object.assign(account.server.settings, { limitStatus, adminLimit: 0 });
    expect(await failure(account.target().connect({ create: true }))).toMatchObject({ code: 'TARGET_FAILED', transient: true, retryAfter: 1_801_000, message: expect.stringMatching(/used up/) });
  });

  it('a limit of calls that says how long in seconds is believed', async () => {
    refuse('usage', () => new Refusal(429, 'Too many requests', { 'Retry-After': '7' }));
    expect(await failure(account.target().connect({ create: true }))).toMatchObject({ transient: true, retryAfter: 7000 });
  });

  it('a failure that only says when the hour of calls ends is not waited for so long', async () => {
    const headers = { 'X-FeatureRateLimit-Reset': new Date(clock + 1_800_000).toUTCString() };
    refuse('usage', () => new Refusal(503, 'Down', headers));
    expect((await failure(account.target().connect({ create: true }))).retryAfter).toBeUndefined();
    refuse('usage', () => new Refusal(420, 'Enough', headers));
    expect((await failure(account.target().connect({ create: true }))).retryAfter).toBe(1_801_000);
  });

  it('a url that is none is refused without being shown', () => {
    expect(() => account.target({ url: 'cloudinary://key-without-secret@demo' })).toThrow(/The `url` of target "cloud" is no address/);
    expect(() => account.target({ url: 'https://key:hush-hush@demo' })).not.toThrow(/hush-hush/);
    expect(() => account.target({ url: 'cloudinary://key:100%hush@demo' })).toThrow(expect.objectContaining({ code: 'PLAN_INVALID', message: expect.not.stringContaining('hush') as string }));
  });

  it('may be one url', async () => {
    const { cloudName, apiKey, apiSecret } = account.server.settings;
    const target = account.target({ url: `cloudinary://${apiKey}:${apiSecret}@${cloudName}?upload_prefix=${account.server.url}&signature_algorithm=sha256`, 'upload-prefix': undefined, 'api-secret': undefined });
    await target.connect({ create: true });
    await target.put('bat.json', bytes, hot);
    expect(target.location).toBe('cloudinary://demo/backups/nas');
  });
});

describe('an upload', () => {
  it.each([
    ['423', () => new Refusal(423, 'Still processing'), { code: 'TARGET_FAILED', transient: true, retryAfter: 5000 }],
    ['500', () => new Refusal(500, 'Internal Server Error'), { code: 'TARGET_FAILED', transient: true }],
    ['413', () => new Refusal(413, 'Request Entity Too Large'), { code: 'TARGET_FULL', transient: false, hint: expect.stringMatching(/part-size/) }],
    ['a size that is too large', () => new Refusal(400, 'File size too large. Got 11926513. Maximum is 10485760. Upgrade your plan'), { code: 'TARGET_FULL', transient: false, hint: expect.stringMatching(/part-size/) }],
    ['a dropped line', () => 'drop' as const, { code: 'TARGET_FAILED', transient: true, message: expect.stringMatching(/the connection was cut/) }],
    ['anything else', () => new Refusal(400, 'Something odd'), { code: 'TARGET_FAILED', transient: false, message: expect.stringMatching(/400: Something odd\.$/) }],
  ])('%s', async (_, refusal, expected) => {
    const target = account.target();
    await target.connect({ create: true });
    refuse('upload', refusal);
    expect(await failure(target.put('bat.json', bytes, hot))).toMatchObject(expected);
  });

  it('that arrives with other bytes is to be sent again', async () => {
    const { assets } = account.server;
    const put = assets.put.bind(assets);
    assets.put = (type, id) => put(type, id, Buffer.from('other'));
    expect(await failure(account.target().put('bat.json', bytes, hot))).toMatchObject({ code: 'TARGET_FAILED', transient: true, message: expect.stringMatching(/what arrived there is not what was sent/) });
  });
});

describe('the line', () => {
  it('nobody who listens', async () => {
    const target = account.target({ 'upload-prefix': 'http://127.0.0.1:1' });
    expect(await failure(target.connect({ create: true }))).toMatchObject({ code: 'TARGET_UNREACHABLE', transient: true, message: expect.stringMatching(/127\.0\.0\.1:1 refused the connection/) });
  });

  /** A target behind a proxy that does this to the next so many requests of downloads, or to all requests. */
  async function behind(fault: Fault, { times = Infinity, all = false } = {}): Promise<CloudinaryTarget> {
    let left = times;
    const proxy = await startFaultyProxy({ endpoint: account.server.url }, ({ url }) => ((all || url.includes('/download?')) && left-- > 0 ? fault : undefined));
    onTestFinished(() => proxy.stop());
    return account.target({ 'upload-prefix': proxy.endpoint });
  }
  const signIn: Fault = { kind: 'answer', status: 403, headers: { 'content-type': 'text/html' }, body: '<html><body>Please sign in.</body></html>' };

  it('a page of something in between is no refusal of Cloudinary', async () => {
    const target = await behind(signIn, { all: true });
    const calls = [() => target.connect({ create: true }), () => target.put('bat.json', bytes, hot), () => target.read('bat.json', 0, 1), () => target.sweep()];
    for (const call of calls) expect(await failure(call())).toMatchObject({ code: 'TARGET_FAILED', transient: true, message: expect.stringMatching(/something in between refused it.*HTTP 403/) });
  });

  it('an answer that ends early is no object that is too short', async () => {
    await account.target().put('bat.json', bytes, hot);
    const target = await behind({ kind: 'truncate-response' });
    expect(await failure(target.read('bat.json', 0, bytes.length))).toMatchObject({ code: 'TARGET_FAILED', transient: true, message: expect.stringMatching(/the connection was cut/) });
  });

  it('a list of parts that came damaged is asked for again, before it is taken for damaged', async () => {
    const name = 'files/all.zip';
    await account.target().put(name, bytes, hot);
    for (const kind of ['corrupt-response', 'truncate-response'] as const) {
      expect(await (await behind({ kind }, { times: 2 })).stat(name), kind).toEqual({ name, size: bytes.length });
      expect(await failureCode((await behind({ kind })).stat(name)), kind).toBe('OBJECT_DAMAGED');
    }
  });

  it('a server that says nothing is given up on, and one that is to be left is left at once', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      expect(await failure(account.target({ 'upload-prefix': url }, {}, { idle: 20 }).connect({ create: true }))).toMatchObject({ code: 'TARGET_FAILED', transient: true, message: expect.stringMatching(/timed out/) });
      const controller = new AbortController();
      const reason = new Error('stopped by the test');
      server.once('connection', () => controller.abort(reason));
      await expect(account.target({ 'upload-prefix': url }, {}, { idle: 1e6 }).put('bat.json', Buffer.alloc(5_000_000), { ...hot, signal: controller.signal })).rejects.toBe(reason);
    } finally {
      server.close();
    }
  });
});

describe('an answer that makes no sense', () => {
  let server: Server;
  let answers: { status?: number; headers?: Record<string, string>; body?: string }[];
  let asked: number;
  beforeEach(async () => {
    asked = 0;
    server = createHttpServer((request, response) => {
      const { status = 200, headers = {}, body = '' } = answers[Math.min(asked++, answers.length - 1)]!;
      request.resume().once('end', () => response.writeHead(status, headers).end(body));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const target = (): CloudinaryTarget => account.target({ 'upload-prefix': `http://127.0.0.1:${(server.address() as AddressInfo).port}` });

  it.each([
    ['no listing', '{}'],
    ['a listing that begins again and again', '{"resources":[{"public_id":"backups/nas/a.age","bytes":1,"version":1}],"next_cursor":"x"}'],
  ])('%s is neither empty nor endless', async (_, body) => {
    answers = [{ body }];
    expect(await failure(Array.fromAsync(target().list('')))).toMatchObject({ code: 'TARGET_FAILED', transient: true });
    expect(asked).toBeLessThan(4);
  });

  it.each(['ftp://127.0.0.1/', 'http://[', 'file:///etc/passwd'])('a download that lies at %s', async (location) => {
    answers = [{ status: 302, headers: { location } }];
    expect(await failure(target().read('bat.json', 0, 1))).toMatchObject({ code: 'TARGET_FAILED' });
  });

  it('a list without end', async () => {
    answers = [{ body: 'x'.repeat(33 * 2 ** 20) }];
    expect(await failure(target().connect({ create: true }))).toMatchObject({ code: 'TARGET_FAILED' });
  });
});
