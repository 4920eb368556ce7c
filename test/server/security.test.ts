/** What no route may have to think of: paths, hosts, other sites, tokens, headers. Against a server that listens, by hand where no client would send it. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makeToken } from '../../src/server/access/tokens.ts';
import { ask, RawConnection, request } from './raw.ts';
import { startServer, type TestServer } from './start-server.ts';

const bearer = (token: string): Record<string, string> => ({ Authorization: `Bearer ${token}` });

describe('a server with users', () => {
  let server: TestServer;
  beforeAll(async () => void (server = await startServer()));
  afterAll(() => server.close());

  test.each([
    '/files/photos/../../etc/passwd',
    '/files/photos/..',
    '/files/photos/%2e%2e/%2e%2e/etc/passwd',
    '/files/photos/%2E./x',
    '/files/photos/..%2f..%2fetc%2fpasswd',
    '/files/photos/a%2f%2e%2e%2fb',
    '/files/photos/./a',
    '/files/photos/..%5c..%5cx',
    '/files/photos/a%00.jpg',
    '/files/..;/x/../y',
    '/stores/../../x',
    '/assets/../serve.yaml',
    '/assets/%2e%2e/serve.yaml',
  ])('%s is refused, whoever sends it', async (path) => {
    for (const headers of [{}, bearer(server.tokens['anna']!)]) expect(await ask(server.port, `GET ${path}`, headers)).toMatchObject({ status: 400, code: 'NAME_REFUSED' });
  });

  test.each(['/files/photos/%', '/files/photos/%c3%28', '/files/photos/%ff'])('%s is no text', async (path) => {
    expect(await ask(server.port, `GET ${path}`, bearer(server.tokens['anna']!))).toMatchObject({ status: 400, code: 'BAD_REQUEST' });
  });

  test.each(['GET http://127.0.0.1/health', 'GET http://elsewhere.example/', 'GET \\health', 'GET /a\\b', 'OPTIONS *', 'CONNECT elsewhere.example:443', 'GET health'])('%s: no proxy, no other way to say a path', async (line) => {
    const answer = await ask(server.port, line, bearer(server.tokens['anna']!));
    if (answer) expect(answer).toMatchObject({ status: 400, code: 'BAD_REQUEST' });
    else expect(line).toMatch(/^CONNECT/);
  });

  test('nobody is let in without a token, by a wrong one, or by one that has not its form', async () => {
    const right = server.tokens['anna']!;
    const wrong: Record<string, string>[] = [
      {},
      bearer(makeToken()),
      bearer(`${right}x`),
      bearer(right.slice(0, -1)),
      bearer(right.toLowerCase()),
      bearer(createHash('sha256').update(right).digest('hex')),
      { Authorization: right },
      { Authorization: 'Bearer' },
      { Authorization: `Digest ${right}` },
      { Authorization: `Basic ${Buffer.from(right).toString('base64').slice(4)}` },
    ];
    for (const headers of wrong) expect(await ask(server.port, 'GET /session', headers, '127.0.0.9')).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
    const answer = await ask(server.port, 'GET /session', {}, '127.0.0.9');
    expect(answer!.head).toMatch(/^www-authenticate: Bearer realm="bat"$/im);
    // A token in the query would stand in logs and in the history of browsers.
    expect(await ask(server.port, `GET /session?token=${right}&access_token=${right}`, {}, '127.0.0.9')).toMatchObject({ status: 401 });
  });

  test('a token stands in no log and in no answer, nor does its hash', async () => {
    const token = server.tokens['anna']!;
    const hash = createHash('sha256').update(token).digest('hex');
    const answers = [
      await ask(server.port, `GET /nothing/${token}?x=${token}`, bearer(token)),
      await ask(server.port, `GET /nothing?${encodeURIComponent(token)}`, bearer(token)),
      await ask(server.port, 'GET /session', bearer(token)),
      await ask(server.port, 'POST /session', { ...bearer(token), 'Content-Length': 0 }),
    ];
    await expect.poll(() => server.events.filter((event) => event.type === 'request' && event.path.startsWith('/nothing')).length).toBe(2);
    const told = JSON.stringify([answers, server.events]);
    for (const secret of [token, token.slice(4), hash]) expect(told).not.toContain(secret);
    for (const name of readdirSync(server.state)) expect(readFileSync(join(server.state, name), 'latin1')).not.toContain(token);
  });

  test('a session is a new one each time, and ends for good', async () => {
    const token = server.tokens['reader']!;
    const planted = `bat-session=${'A'.repeat(43)}`;
    const first = await ask(server.port, 'POST /session', { ...bearer(token), Cookie: planted, 'Content-Length': 0 });
    const cookie = /^set-cookie: (bat-session=[\w-]{43});/im.exec(first!.head)![1]!;
    expect(cookie).not.toBe(planted);
    expect(await ask(server.port, 'GET /session', { Cookie: planted }, '127.0.0.8')).toMatchObject({ status: 401 });
    expect(await ask(server.port, 'GET /session', { Cookie: cookie })).toMatchObject({ status: 200 });
    const second = await ask(server.port, 'POST /session', { ...bearer(token), Cookie: cookie, 'Content-Length': 0 });
    expect(second!.head).not.toContain(cookie);
    // Signing in again ends what the browser had before.
    expect(await ask(server.port, 'GET /session', { Cookie: cookie }, '127.0.0.8')).toMatchObject({ status: 401 });
    // A session makes no other one, so that it ends with its time.
    const other = /^set-cookie: (bat-session=[\w-]{43});/im.exec(second!.head)![1]!;
    expect(await ask(server.port, 'POST /session', { Cookie: other, 'Content-Length': 0 })).toMatchObject({ status: 400 });
    expect(readFileSync(join(server.state, 'sessions.json'), 'utf8')).not.toContain(other.split('=')[1]!);
  });

  test.each([
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { Origin: 'https://elsewhere.example' },
    { Origin: 'null' },
    { Origin: 'http://127.0.0.1.elsewhere.example' },
    { Origin: 'http://127.0.0.1:1' },
    { Origin: 'file://127.0.0.1' },
  ])('another site is refused, token or not: %o', async (headers) => {
    const known = bearer(server.tokens['anna']!);
    for (const line of ['POST /session', 'GET /session', 'DELETE /session', 'OPTIONS /session', 'GET /files', 'PUT /health']) {
      const answer = await ask(server.port, line, { ...known, ...headers, 'Content-Length': 0 });
      expect(answer, line).toMatchObject({ status: 403, code: 'CROSS_SITE' });
      expect(answer!.head.toLowerCase()).not.toContain('access-control-');
    }
    // A link may lead to the page.
    expect((await ask(server.port, 'GET /health', headers))!.status).toBe(200);
  });

  test('its own page is not another site', async () => {
    const own = { ...bearer(server.tokens['anna']!), 'Sec-Fetch-Site': 'same-origin', Host: `nas.local:${server.port}`, Origin: `http://nas.local:${server.port}` };
    expect((await ask(server.port, 'GET /session', own))!.status).toBe(200);
  });

  test('headers of security stand on every answer', async () => {
    for (const [line, status] of [['GET /health', 200], ['GET /nothing', 401], ['GET /a/../b', 400], ['GET /health\\', 400], ['FOO /health', 400]] as const) {
      const answer = await ask(server.port, line);
      expect(answer!.status, line).toBe(status);
      for (const header of ['x-content-type-options: nosniff', 'x-frame-options: DENY', 'referrer-policy: no-referrer', 'cross-origin-resource-policy: same-origin', "content-security-policy: default-src 'none'"]) {
        expect(answer!.head.toLowerCase(), line).toContain(header.toLowerCase());
      }
      expect(answer!.head.toLowerCase()).not.toContain('x-powered-by');
    }
  });

  test.each([
    ['two lengths', 'POST /session HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
    ['a length and chunks', 'POST /session HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['chunks that are not the last word', 'POST /session HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
    ['a blank before the colon', 'POST /session HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello'],
    ['a folded header', 'GET /session HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n'],
    ['bare line feeds in a header', 'GET /session HTTP/1.1\r\nHost: a\r\nX: a\nAuthorization: x\r\n\r\n'],
    ['a NUL in a header', 'GET /session HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n'],
    ['a length that is none', 'POST /session HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello'],
    ['a chunk that is none', 'POST /session HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'],
    ['no host', 'GET /session HTTP/1.1\r\n\r\n'],
    ['headers without end', `GET /session HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`],
    ['a line of TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
  ])('%s: refused, and the connection ends', async (_name, text) => {
    const connection = await RawConnection.open(server.port);
    await connection.send(Buffer.from(text, 'latin1'));
    const answer = await connection.answer();
    expect(answer!.status === 431 || answer!.status === 400, String(answer!.status)).toBe(true);
    await connection.closed();
  });

  test('what stands behind a body that was not read is not taken for a request', async () => {
    const connection = await RawConnection.open(server.port);
    const inner = request('DELETE /session', bearer(server.tokens['anna']!));
    await connection.send(`${request('POST /nothing', { 'Content-Length': 100_000, ...bearer(server.tokens['anna']!) })}${inner}`);
    expect(await connection.answer()).toMatchObject({ status: 404 });
    expect(await connection.answer()).toBeNull();
  });

  test('a name in a header of the answer cannot add another header', async () => {
    const answer = await ask(server.port, 'GET /%0d%0aSet-Cookie:%20a=b', bearer(server.tokens['anna']!));
    expect(answer).toMatchObject({ status: 404 });
    expect(answer!.head.toLowerCase()).not.toContain('set-cookie');
  });
});

describe('a server without users', () => {
  let server: TestServer;
  beforeAll(async () => void (server = await startServer({ users: null })));
  afterAll(() => server.close());

  test.each(['elsewhere.example', 'elsewhere.example:7878', '127.0.0.1.elsewhere.example', '192.168.1.5', 'localhost.elsewhere.example', ''])('is not called %s: a name that was made to point here does nothing', async (host) => {
    expect(await ask(server.port, 'GET /session', { Host: host })).toMatchObject(host === '' ? { status: 400 } : { status: 421, code: 'WRONG_HOST' });
    if (host !== '') expect(await ask(server.port, 'GET /health', { Host: host })).toMatchObject({ status: 421 });
  });

  test.each(['127.0.0.1', 'localhost', 'localhost:7878', '127.1.2.3:80', '[::1]', '[::1]:7878'])('is called %s', async (host) => {
    expect(await ask(server.port, 'GET /session', { Host: host })).toMatchObject({ status: 200 });
  });

  test('another site is refused there, too', async () => {
    expect(await ask(server.port, 'POST /session', { Origin: 'https://elsewhere.example', 'Content-Length': 0 })).toMatchObject({ status: 403, code: 'CROSS_SITE' });
  });
});

describe('guessing', () => {
  let server: TestServer;
  beforeAll(async () => void (server = await startServer()));
  afterAll(() => server.close());
  const tryWith = async (token: string, from?: string): Promise<number> => (await ask(server.port, 'GET /session', bearer(token), from))!.status;

  test('is slowed down, and whoever has the right token comes in from the same address all the while', async () => {
    const seen: number[] = [];
    for (let index = 0; index < 40; index++) seen.push(await tryWith(makeToken()));
    expect(seen.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401));
    expect(seen.slice(10)).toEqual(Array.from({ length: 30 }, () => 429));
    const refused = await ask(server.port, 'GET /session', bearer(makeToken()));
    expect(refused!.code).toBe('GUESSING');
    expect(Number(/^retry-after: (\d+)$/im.exec(refused!.head)![1])).toBeLessThanOrEqual(10);
    expect(await tryWith(server.tokens['anna']!)).toBe(200);
    // Somebody else is not concerned.
    expect(await tryWith(makeToken(), '127.0.0.2')).toBe(401);
  });

  test('of a token that could be right by the beginning of its hash, five are looked at', async () => {
    const hash = (token: string): string => createHash('sha256').update(token).digest('hex').slice(0, 4);
    const wanted = hash(server.tokens['camera']!);
    const near: string[] = [];
    while (near.length < 5) {
      const token = makeToken();
      if (hash(token) === wanted) near.push(token);
    }
    for (const token of near) expect(await tryWith(token, '127.0.0.3')).toBe(401);
    expect(await tryWith(server.tokens['camera']!, '127.0.0.3')).toBe(429);
    expect(await tryWith(server.tokens['camera']!, '127.0.0.4')).toBe(200);
    expect(await tryWith(server.tokens['anna']!, '127.0.0.3')).toBe(200);
  });
});

describe('connections and time', () => {
  let server: TestServer;
  const open: RawConnection[] = [];
  afterEach(async () => {
    for (const connection of open.splice(0)) connection.end();
    await server.close();
  });
  const connect = async (from?: string): Promise<RawConnection> => {
    const connection = await RawConnection.open(server.port, from);
    open.push(connection);
    return connection;
  };

  test('one address does not take the places of all others', async () => {
    server = await startServer({ settings: { limits: { connections: 12 } } });
    for (let index = 0; index < 8; index++) await connect();
    const ninth = await connect();
    await ninth.closed();
    expect((await ask(server.port, 'GET /health', {}, '127.0.0.2'))!.status).toBe(200);
    expect(server.events).toContainEqual(expect.objectContaining({ type: 'notice', message: '127.0.0.1 has 8 connections: it gets no more.' }));
  });
});
