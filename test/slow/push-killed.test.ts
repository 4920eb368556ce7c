/** A push that is killed again and again, by -9: the next one goes on where it was. At the end everything is there, and hardly a byte went twice. */
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sandbox, type Sandbox } from '../cli/fixture.ts';
import { noise } from '../e2e/noise.ts';
import { startServer, type TestServer } from '../server/start-server.ts';

const large = 40 * 2 ** 20;
const kills = 20;

let server: TestServer;
let box: Sandbox;
let tree: string;
beforeAll(async () => {
  server = await startServer();
  box = sandbox();
  tree = mkdtempSync(join(tmpdir(), 'bat-push-killed-'));
  mkdirSync(join(tree, 'small'));
  for (let index = 0; index < 300; index++) writeFileSync(join(tree, 'small', `${index}.jpg`), noise(20_000, index % 256).subarray(index));
  for (const seed of [1, 2, 3]) writeFileSync(join(tree, `film ${seed}.mov`), noise(large + seed, seed));
});
afterAll(async () => {
  await server.close();
  box.remove();
  rmSync(tree, { recursive: true, force: true });
});

test('nothing is lost, and nothing that was acknowledged goes twice', async () => {
  const words = ['push', `${server.url}/photos`, `${tree}/`, '--limit', '30MiB/s', '--json'];
  const environment = { BAT_TOKEN: server.tokens['anna']! };
  /** When so many bytes have come since it began, the push is killed. */
  for (let kill = 0; kill < kills; kill++) {
    const { child, ended } = box.start(words, { environment });
    let lines = '';
    const enough = new Promise<void>((resolve) => {
      child.stdout!.on('data', (text: string) => {
        lines += text;
        // A little later each time, so that the kills fall into every part of the work.
        const done = lines.split('\n').filter((line) => line.includes('"status"')).length;
        if (done > kill % 7) resolve();
      });
      void ended.then(() => resolve());
    });
    await enough;
    child.kill('SIGKILL');
    await ended;
  }
  const { code, out, err } = await box.start(words.filter((word) => word !== '--limit' && word !== '30MiB/s'), { environment }).ended;
  expect({ code, err }, out).toEqual({ code: 0, err: '' });
  for (const seed of [1, 2, 3]) expect(readFileSync(join(server.photos, `film ${seed}.mov`)).equals(noise(large + seed, seed)), `film ${seed}`).toBe(true);
  for (let index = 0; index < 300; index++) expect(readFileSync(join(server.photos, 'small', `${index}.jpg`)).equals(readFileSync(join(tree, 'small', `${index}.jpg`))), String(index)).toBe(true);
  const total = 300 * 20_000 + 3 * large;
  const received = server.events.reduce((sum, event) => sum + (event.type === 'request' && (event.method === 'PATCH' || event.path.startsWith('/upload?')) ? event.bytesReceived : 0), 0);
  console.log(`${kills} kills: ${received} bytes came for ${total} bytes of files`);
  // What was on its way when it was killed, and no more: the buffers of the sockets, a small file for each sender.
  expect(received).toBeLessThan(total + kills * 4 * 2 ** 20);
  const answers = await box.start(words, { environment }).ended;
  expect(JSON.parse(answers.out.trim().split('\n').at(-1)!)).toMatchObject({ sent: { files: 0 }, there: { files: 303 } });
});
