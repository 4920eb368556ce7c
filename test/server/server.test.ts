import { afterEach, expect, test } from 'vitest';
import { startServer, type StartOptions, type TestServer } from './start-server.ts';

let server: TestServer;
afterEach(() => server.close());
const begin = async (options?: StartOptions): Promise<void> => {
  server = await startServer(options);
};

test('it lives, and says so to everybody', async () => {
  await begin();
  const answer = await server.fetch('/health', { as: null });
  expect([answer.status, await answer.json()]).toEqual([200, { ok: true }]);
});

test('who it is, by a token as a bearer or as a password', async () => {
  await begin();
  const wanted = { user: 'camera', rights: ['add'], library: ['photos', 'documents'], stores: true, backups: false, users: true };
  expect(await (await server.fetch('/session', { as: 'camera' })).json()).toEqual(wanted);
  const basic = `Basic ${Buffer.from(`whoever:${server.tokens['camera']!}`).toString('base64')}`;
  expect(await (await server.fetch('/session', { as: null, headers: { authorization: basic } })).json()).toEqual(wanted);
});

test('without users everybody on this machine may do all', async () => {
  await begin({ users: null });
  expect(await (await server.fetch('/session')).json()).toEqual({ user: 'local', rights: ['read', 'add', 'delete'], library: ['photos', 'documents'], stores: true, backups: true, users: false });
});

test('a session of the page: begun with a token, good without it, over when it is ended', async () => {
  await begin();
  const begun = await server.fetch('/session', { method: 'POST' });
  expect(begun.status).toBe(201);
  const [cookie = ''] = begun.headers.getSetCookie();
  expect(cookie).toMatch(/^bat-session=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Strict$/);
  const session = { as: null, headers: { cookie: cookie.split(';')[0]! } };
  expect(await (await server.fetch('/session', session)).json()).toMatchObject({ user: 'anna' });
  expect((await server.fetch('/session', { ...session, method: 'DELETE' })).status).toBe(204);
  expect((await server.fetch('/session', session)).status).toBe(401);
});

test('what is not there and what means nothing there is told in JSON', async () => {
  await begin();
  const none = await server.fetch('/nothing');
  expect([none.status, await none.json()]).toEqual([404, { error: { code: 'NOT_FOUND', message: 'There is nothing of that name.', hint: 'GET /openapi.yaml says what there is.' } }]);
  const wrong = await server.fetch('/session', { method: 'PUT', body: 'x' });
  expect([wrong.status, wrong.headers.get('allow'), await wrong.json()]).toEqual([405, 'GET, HEAD, POST, DELETE, OPTIONS', { error: { code: 'METHOD_NOT_ALLOWED', message: 'PUT means nothing here.', hint: 'It takes GET, HEAD, POST, DELETE, OPTIONS.' } }]);
  const options = await server.fetch('/session', { method: 'OPTIONS' });
  expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, POST, DELETE, OPTIONS']);
  const head = await server.fetch('/health', { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
});
