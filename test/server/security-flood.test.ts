/** Much at once, by one connection: what would fill the memory of the server or keep it from answering others. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RawConnection, request } from './raw.ts';
import { startServer, type TestServer } from './start-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  mkdirSync(join(server.photos, 'a'));
  writeFileSync(join(server.photos, 'a', 'large.bin'), Buffer.alloc(2 ** 20));
});
afterAll(() => server.close());

const bearer = (user: string): Record<string, string> => ({ Authorization: `Bearer ${server.tokens[user]!}` });

test('a thousand requests in one go: one is answered, one is refused, and the connection ends', async () => {
  const before = server.events.length;
  const connection = await RawConnection.open(server.port);
  await connection.send(request('GET /files/photos/a/large.bin', bearer('reader')).repeat(1000));
  expect(await connection.answer()).toMatchObject({ status: 200 });
  const second = await connection.answer();
  expect(second).toMatchObject({ status: 400, code: 'BAD_REQUEST' });
  expect(second!.head).toMatch(/^connection: close$/im);
  await connection.closed();
  expect(await connection.answer()).toBeNull();
  const told = (): number[] => server.events.slice(before).flatMap((event) => (event.type === 'request' ? [event.status] : []));
  await expect.poll(told).toEqual([200, 400]);
});

test('one after the other, each once the one before is answered, a connection takes as many as come', async () => {
  const connection = await RawConnection.open(server.port);
  for (let index = 0; index < 50; index++) {
    await connection.send(request('GET /session', bearer('reader')));
    expect(await connection.answer()).toMatchObject({ status: 200 });
  }
  connection.end();
});

test('a search for a thousand words is refused, and the same word is looked for once', async () => {
  await server.fetch('/sync', { method: 'POST' });
  const words = Array.from({ length: 1200 }, (_, index) => `w${index}`);
  const refused = await server.fetch(`/search?q=${words.join('+')}`, { as: 'reader' });
  expect([refused.status, await refused.json()]).toMatchObject([400, { error: { code: 'BAD_REQUEST' } }]);
  const found = await server.fetch(`/search?q=${Array.from({ length: 1200 }, () => 'LARGE').join('+')}`, { as: 'reader' });
  expect(await found.json()).toMatchObject({ files: [{ path: 'photos/a/large.bin' }] });
});
