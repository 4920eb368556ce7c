/** What a server, or the way to it, fails with, as it is told: with a code, whether it may pass, and what to do. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createNetServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { BatError } from '../../src/core/errors.ts';
import { HttpTarget } from '../../src/targets/http.ts';
import { HttpCaller } from '../../src/targets/http/caller.ts';
import type { HttpOptions } from '../../src/targets/http/options.ts';
import { bytesOf, hot } from '../../src/targets/conformance/data.ts';
import { startServer, type TestServer } from '../server/start-server.ts';
import { context } from './http-store.ts';
import { between, type Reaction } from './s3-between.ts';
import { certificate, privateKey } from './tls-fixture.ts';

function targetAt(options: HttpOptions, idle?: number): HttpTarget {
  const target = new HttpTarget('home', options, context, idle);
  onTestFinished(() => target.close());
  return target;
}

async function errorOf(work: () => Promise<unknown>): Promise<BatError> {
  const error = await work().then(() => null, (error: unknown) => error as BatError);
  expect(error, 'nothing failed').not.toBeNull();
  return error!;
}

const told = (error: BatError) => ({ code: error.code, transient: error.transient, message: error.message, hint: error.hint });

/** What comes of a `put`, and of a `stat`, where something answers so. */
async function answered(reaction: Reaction): Promise<{ put: BatError; stat: BatError }> {
  const { endpoint } = await between(() => reaction);
  const target = targetAt({ url: endpoint, token: 'bat_0123456789' });
  return { put: await errorOf(() => target.put('bat.json', bytesOf(10), hot)), stat: await errorOf(() => target.stat('bat.json')) };
}

const json = (status: number, code: string, extra: Record<string, string> = {}): Reaction => ({
  status,
  headers: { 'content-type': 'application/json', 'bat-error': code, ...extra },
  body: JSON.stringify({ error: { code, message: 'That is so.', hint: 'Do this.' } }),
});

describe('what the server says', () => {
  test.each([
    [401, 'UNAUTHENTICATED', 'TARGET_DENIED', false],
    [403, 'DENIED', 'TARGET_DENIED', false],
    [409, 'EXISTS', 'TARGET_DENIED', false],
    [400, 'NAME_REFUSED', 'TARGET_FAILED', false],
    [400, 'A_WORD_OF_A_LATER_BAT', 'TARGET_FAILED', false],
    [422, 'HASH_MISMATCH', 'TARGET_FAILED', true],
    [507, 'QUOTA', 'TARGET_FULL', false],
    [507, 'DISK_FULL', 'TARGET_FULL', false],
    [413, 'TOO_LARGE', 'TARGET_FULL', false],
    [503, 'FOLDER_AWAY', 'TARGET_UNREACHABLE', false],
    [503, 'STOPPING', 'TARGET_FAILED', true],
    [408, 'TIMEOUT', 'TARGET_FAILED', true],
    [500, 'FAILED', 'TARGET_FAILED', true],
    [500, 'INTERNAL', 'TARGET_FAILED', true],
  ])('%i %s', async (status, word, code, transient) => {
    const { put, stat } = await answered(json(status, word));
    expect(told(put)).toEqual({ code, transient, message: 'Target "home" could not store bat.json: that is so.', hint: 'Do this.' });
    // An answer to HEAD has its word in a header, and no sentence.
    expect(told(stat)).toMatchObject({ code, transient });
  });

  test('a token that is missing is asked for where a person gives it', async () => {
    const { endpoint } = await between(() => json(401, 'UNAUTHENTICATED'));
    expect((await errorOf(() => targetAt({ url: endpoint }).put('bat.json', bytesOf(10), hot))).hint).toContain('`token` of the target');
    const caller = new HttpCaller({ url: endpoint, who: 'bat push', given: { token: '--token-file or BAT_TOKEN', ca: '--ca' } });
    onTestFinished(() => caller.close());
    const call = { method: 'GET', path: ['table'], doing: 'read', what: 'the hash table' } as const;
    expect((await errorOf(() => caller.json(call))).hint).toBe('Give it as --token-file or BAT_TOKEN; `bat serve token` makes one on the server.');
  });

  test('how long it asks to wait', async () => {
    expect((await answered(json(429, 'GUESSING', { 'retry-after': '7' }))).put).toMatchObject({ code: 'TARGET_FAILED', transient: true, retryAfter: 7000 });
  });

  test('what no bat server says is that of something in between, or of a wrong address', async () => {
    const page = (status: number): Reaction => ({ status, headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' });
    for (const status of [403, 502, 503, 407]) expect((await answered(page(status))).put).toMatchObject({ code: 'TARGET_FAILED', transient: true });
    for (const status of [404, 200]) expect((await answered(page(status))).put).toMatchObject({ code: 'TARGET_UNREACHABLE', transient: false });
    const { endpoint } = await between(({ path }) => ({ status: 200, headers: { 'content-type': 'application/json' }, body: path.endsWith('/uploads') ? '{"id":"1"}' : '{"hello":"there"}' }));
    const target = targetAt({ url: endpoint });
    expect(await errorOf(() => target.put('bat.json', bytesOf(10), hot))).toMatchObject({ code: 'TARGET_UNREACHABLE' });
    const upload = await target.open('volumes/a.tar', { ...hot, partSize: 1000 });
    expect(await errorOf(() => upload.write(0, bytesOf(10)))).toMatchObject({ code: 'TARGET_UNREACHABLE' });
    expect(await errorOf(() => upload.finish(0))).toMatchObject({ code: 'TARGET_UNREACHABLE' });
    expect(await errorOf(() => targetAt({ url: endpoint }).connect({ create: true }))).toMatchObject({ code: 'TARGET_UNREACHABLE' });
  });

  test('a listing that is cut off is not taken for a whole one', async () => {
    for (const body of ['{"name":"a","size":1}\n', '{"name":"a","size":1}\n{"end":2}\n', '']) {
      const { endpoint } = await between(() => ({ status: 200, headers: { 'content-type': 'application/jsonl' }, body }));
      const list = async () => {
        for await (const _ of targetAt({ url: endpoint }).list(''));
      };
      expect(await errorOf(list)).toMatchObject({ code: 'TARGET_FAILED', transient: true });
    }
  });
});

describe('the way there', () => {
  let folder: string;
  let server: TestServer;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bat-tls-'));
    writeFileSync(join(folder, 'cert.pem'), certificate);
    writeFileSync(join(folder, 'key.pem'), privateKey);
    writeFileSync(join(folder, 'none.pem'), 'nothing');
    server = await startServer({ settings: { tls: { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') } } });
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const connect = (options: Partial<HttpOptions>): Promise<BatError> => errorOf(() => targetAt({ url: server.url, token: server.tokens['anna']!, ...options }).connect({ create: true }));

  test('a certificate that is not trusted, or made for another name, is no passing thing, and says what to do', async () => {
    expect(told(await connect({}))).toEqual({
      code: 'TARGET_UNREACHABLE',
      transient: false,
      message: expect.stringContaining(`the certificate of 127.0.0.1:${server.port} is not trusted: it signed itself`),
      hint: expect.stringContaining('`ca`'),
    });
    const elsewhere = await startServer({ settings: { listen: '127.0.0.2:0', tls: { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') } } });
    onTestFinished(() => elsewhere.close());
    expect(told(await connect({ url: elsewhere.url, ca: join(folder, 'cert.pem') }))).toMatchObject({ code: 'TARGET_UNREACHABLE', transient: false, message: expect.stringContaining('it is made for another name') });
    expect(told(await connect({ ca: join(folder, 'none.pem') }))).toMatchObject({ code: 'TARGET_UNREACHABLE', message: expect.stringContaining('There is no certificate') });
    expect(told(await connect({ ca: join(folder, 'away.pem') }))).toMatchObject({ code: 'TARGET_UNREACHABLE', message: expect.stringContaining('no such file') });
    await targetAt({ url: server.url, token: server.tokens['anna']!, ca: join(folder, 'cert.pem') }).connect({ create: true });
  });

  test('http and https mixed up', async () => {
    expect(await connect({ url: server.url.replace('https', 'http') })).toMatchObject({ code: expect.stringMatching(/TARGET_(UNREACHABLE|FAILED)/), hint: expect.stringContaining('https://') });
    const plain = await startServer();
    onTestFinished(() => plain.close());
    expect(told(await connect({ url: plain.url.replace('http', 'https') }))).toMatchObject({ code: 'TARGET_UNREACHABLE', transient: false, hint: expect.stringContaining('http://') });
  });

  test('nobody there, and nobody who answers', async () => {
    expect(told(await connect({ url: 'http://127.0.0.1:9' }))).toMatchObject({ code: 'TARGET_UNREACHABLE', transient: true, message: expect.stringContaining('the connection was refused') });
    const silent = createNetServer(() => {}).listen(0, '127.0.0.1');
    onTestFinished(() => void silent.close());
    await new Promise((resolve) => silent.once('listening', resolve));
    const target = targetAt({ url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` }, 50);
    expect(told(await errorOf(() => target.stat('bat.json')))).toMatchObject({ code: 'TARGET_FAILED', transient: true, message: expect.stringContaining('no sign of life') });
  });

  test('a token stands in no error', async () => {
    const token = server.tokens['anna']!;
    for (const error of [await connect({}), await connect({ url: 'http://127.0.0.1:9' }), await errorOf(async () => targetAt({ url: `https://anna:${token}@nas:7878`, token }))]) {
      expect(JSON.stringify([error.message, error.hint, error.cause, error.subject, String((error.cause as Error | undefined)?.stack)])).not.toContain(token);
    }
  });
});
