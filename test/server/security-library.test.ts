/** What a token that may only add could do to the disk, and what it could learn. */
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer, type TestServer } from './start-server.ts';

let server: TestServer;
beforeEach(async () => void (server = await startServer()));
afterEach(() => server.close());

const makeFolder = (path: string): Promise<Response> => server.fetch('/folders', { as: 'camera', method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ path }) });
const codeOf = async (answer: Response): Promise<string> => ((await answer.json()) as { error: { code: string } }).error.code;

test('folders are not made a thousand deep, by no way', async () => {
  const deep = `photos/${Array.from({ length: 101 }, () => 'a').join('/')}`;
  expect(await codeOf(await makeFolder(deep))).toBe('NAME_REFUSED');
  expect(await codeOf(await server.fetch(`/upload?name=${deep}`, { as: 'camera', method: 'POST', body: 'x' }))).toBe('NAME_REFUSED');
  expect(readdirSync(server.photos)).toEqual(['.bat-uploads']);
  expect((await makeFolder(deep.slice(0, -2))).status).toBe(201);
  expect((await server.fetch('/files/photos/a?recursive', { method: 'DELETE' })).status).toBe(204);
});

test('empty folders do not fill a disk past what is kept free', async () => {
  await server.close();
  server = await startServer({ settings: { limits: { 'keep-free': '1000000TiB' } } });
  const answer = await makeFolder('photos/new');
  expect([answer.status, await codeOf(answer)]).toEqual([507, 'DISK_FULL']);
  expect(readdirSync(server.photos)).toEqual(['.bat-uploads']);
});

test('where upper case is the same, the folder of uploads has no second name', async () => {
  mkdirSync(join(server.photos, '.BAT-uploads'));
  writeFileSync(join(server.photos, '.BAT-uploads', 'tus-1'), 'x');
  for (const path of ['/files/photos/.BAT-uploads/', '/files/photos/.BAT-uploads/tus-1']) expect(await codeOf(await server.fetch(path))).toBe('NAME_REFUSED');
  expect(await codeOf(await server.fetch('/files/photos/.Bat-uploads?recursive', { method: 'DELETE' }))).toBe('NAME_REFUSED');
  expect(await codeOf(await server.fetch('/upload?name=photos/.BAT-uploads/tus-2', { as: 'camera', method: 'POST', body: 'x' }))).toBe('NAME_REFUSED');
  expect(await (await server.fetch('/files/photos/')).json()).toMatchObject({ entries: [] });
});

test('an answer does not tell where a folder lies on the server', async () => {
  renameSync(server.photos, `${server.photos}-away`);
  const answer = await server.fetch('/upload?name=photos/a', { as: 'camera', method: 'POST', body: 'x' });
  const text = await answer.text();
  expect([answer.status, text]).toEqual([503, expect.stringContaining('FOLDER_AWAY')]);
  expect(text).not.toContain(server.folder);
  rmSync(`${server.photos}-away`, { recursive: true });
});
