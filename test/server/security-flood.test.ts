/** Much at once, by one connection: what would fill the memory of the server or keep it from answering others. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { userOf } from '../../src/server/access/users.ts';
import { Stores } from '../../src/server/stores/stores.ts';
import { Uploads } from '../../src/server/routes/tus/uploads.ts';
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

test('uploads that are over are remembered, but not more and more of them: they count against no quota', async () => {
  const user = userOf({ name: 'camera', rights: new Set(['add']), library: null, stores: null, quota: null });
  const records = (): number => readdirSync(join(server.photos, '.bat-uploads')).length;
  const place = async (uploads: Uploads): Promise<string> => {
    const record = await uploads.create(user, { name: 'photos/empty', size: 0 });
    await uploads.finish(record, user);
    return record.id;
  };
  const uploads = new Uploads(server.context, 5);
  const ids: string[] = [];
  for (let index = 0; index < 12; index++) ids.push(await place(uploads));
  expect(records()).toBe(5);
  expect(await uploads.find(ids.at(-1)!, user)).toMatchObject({ placed: { stored: false } });
  expect(await uploads.find(ids[0]!, user)).toBeNull();
  // Another start of the server finds them again.
  const next = new Uploads(server.context, 3);
  await next.sweep();
  expect(records()).toBe(3);
  ids.push(await place(next));
  expect(records()).toBe(3);
  expect(await next.find(ids.at(-1)!, user)).not.toBeNull();
});

test('names of plans that are made up take no memory, and places to try things out take none from plans', async () => {
  const { settings } = server.context;
  const stores = new Stores(settings);
  const camera = userOf({ name: 'camera', rights: new Set(['add']), library: null, stores: new Set(['laptop']), quota: null });
  const anybody = userOf({ name: 'laptop', rights: new Set(['add']), library: null, stores: null, quota: null });
  for (let index = 0; index < 100; index++) await stores.of(`made-up-${index}`, anybody);
  expect(stores.size).toBe(0);
  await stores.make(await stores.of('laptop', camera));
  expect(stores.size).toBe(1);
  expect(await stores.of('laptop', anybody)).toBe(await stores.of('laptop', camera));
  expect(await new Stores(settings).of('laptop', camera)).not.toBeNull();
  const scratch = (index: number): string => `.bat-check-${index.toString(16).padStart(8, '0')}`;
  for (let index = 0; index < 100; index++) mkdirSync(join(server.stores, scratch(index)));
  await expect(stores.of(scratch(100), camera).then((store) => stores.make(store))).rejects.toMatchObject({ code: 'QUOTA' });
  await stores.make(await stores.of('desktop', anybody));
});
