/** 20,000 files that look like photos: pushed, moved about on the server by hand, pushed again. Nothing is sent, and it takes seconds. */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sandbox, type Sandbox } from '../cli/fixture.ts';
import { noise } from '../e2e/noise.ts';
import { startServer, type TestServer } from '../server/start-server.ts';

const files = 20_000;
const inFolder = 500;

let server: TestServer;
let box: Sandbox;
let tree: string;
beforeAll(async () => {
  server = await startServer();
  box = sandbox();
  tree = mkdtempSync(join(tmpdir(), 'bat-push-many-'));
  const bytes = noise(files * 16 + 20_000, 1);
  for (let index = 0; index < files; index++) {
    const folder = join(tree, `day ${Math.floor(index / inFolder)}`);
    if (index % inFolder === 0) mkdirSync(folder);
    writeFileSync(join(folder, `IMG_${index}.JPG`), bytes.subarray(index * 16, index * 16 + 8000 + (index % 4000)));
  }
});
afterAll(async () => {
  await server.close();
  box.remove();
  rmSync(tree, { recursive: true, force: true });
});

interface Summary {
  sent: { files: number };
  there: { files: number };
  seconds: number;
}

async function push(what: string): Promise<Summary> {
  const { code, out, err } = await box.start(['push', `${server.url}/photos/phone`, `${tree}/`, '--parallel', '8', '--json'], { environment: { BAT_TOKEN: server.tokens['anna']! } }).ended;
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const summary = JSON.parse(out.trim().split('\n').at(-1)!) as Summary;
  console.log(`${what}: ${summary.seconds} s`);
  return summary;
}

test('20,000 files', async () => {
  expect(await push('first push of 20,000 files')).toMatchObject({ sent: { files }, there: { files: 0 } });
  expect(await push('again, nothing has changed')).toMatchObject({ sent: { files: 0 }, there: { files } });

  // Sorted by hand: other folders, other names.
  const photos = join(server.photos, 'phone');
  for (const [index, day] of readdirSync(photos).entries()) {
    const to = join(server.photos, index % 2 === 0 ? 'holidays' : 'family', `album ${index}`);
    mkdirSync(to, { recursive: true });
    for (const name of readdirSync(join(photos, day))) renameSync(join(photos, day, name), join(to, `${index} ${name.toLowerCase()}`));
  }
  const before = server.events.length;
  expect(await push('again, after all of them were moved and renamed')).toMatchObject({ sent: { files: 0 }, there: { files } });
  const asked = server.events.slice(before).flatMap((event) => (event.type === 'request' ? [event.path] : []));
  expect(asked.filter((path) => path !== '/check')).toEqual([]);
  expect(await push('once more')).toMatchObject({ sent: { files: 0 }, there: { files } });
});
