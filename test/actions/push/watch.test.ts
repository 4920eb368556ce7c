import { appendFileSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PushEvent } from '../../../src/actions/push.ts';
import { BatError } from '../../../src/core/errors.ts';
import { noise } from '../../e2e/noise.ts';
import { startFaultyProxy, type FaultyProxy } from '../../servers/faulty-proxy.ts';
import { pushSetting, retry, type Pushed, type PushSetting } from './push-setting.ts';

const times = { settle: 300, tryAgainAfter: 100 };

let setting: PushSetting;
let proxy: FaultyProxy;
let stop: AbortController;
let running: Promise<Pushed> | null = null;
let told: PushEvent[];

beforeEach(async () => {
  setting = await pushSetting();
  proxy = await startFaultyProxy({ endpoint: setting.server.url });
  stop = new AbortController();
  told = [];
});
afterEach(async () => {
  stop.abort(interrupted());
  await running;
  running = null;
  await proxy.stop();
  await setting.close();
});

const interrupted = (): BatError => new BatError('INTERRUPTED', 'Interrupted.');
const watch = async (options: Parameters<PushSetting['push']>[0] = {}): Promise<void> => {
  running = setting.push({ url: `${proxy.endpoint}/photos`, paths: [`${setting.folder}/`], watch: times, retry: { ...retry, within: Infinity }, signal: stop.signal, tell: (event) => void told.push(event), ...options });
  await expect.poll(() => told.some(({ type }) => type === 'watching'), { timeout: 20_000 }).toBe(true);
};
const end = async (): Promise<Pushed> => {
  stop.abort(interrupted());
  return running!;
};
const kept = (): string[] => readdirSync(setting.server.photos, { recursive: true, encoding: 'utf8' }).filter((name) => !name.startsWith('.bat-')).sort();
const arrives = (...names: string[]): Promise<void> => expect.poll(kept, { timeout: 20_000 }).toEqual(names);
const uploads = (): string[] => proxy.requests.flatMap(({ method, url }) => (url.startsWith('/upload') && method !== 'HEAD' ? [url] : []));

test('first everything, then what comes, in new folders too; Ctrl-C ends it well when all is sent', async () => {
  setting.write({ 'a.jpg': 'first' });
  await watch();
  await arrives('a.jpg');
  setting.write({ 'new/deep/b.jpg': 'second' });
  await arrives('a.jpg', 'new', 'new/deep', 'new/deep/b.jpg');
  // One that came under another name, as browsers and cameras do it.
  writeFileSync(join(setting.folder, '..', 'c.part'), 'third');
  renameSync(join(setting.folder, '..', 'c.part'), join(setting.folder, 'c.jpg'));
  await arrives('a.jpg', 'c.jpg', 'new', 'new/deep', 'new/deep/b.jpg');
  await expect.poll(() => told.at(-1)?.type, { timeout: 20_000 }).toBe('watching');
  const { error, summary } = await end();
  expect({ error, summary }).toMatchObject({ error: null, summary: { sent: { files: 3 }, unread: 0 } });
});

test('a file that is still being written is not sent before it is whole, in the first push neither', async () => {
  const half = noise(50_000, 1);
  writeFileSync(join(setting.folder, 'early.mov'), half);
  let written = 1;
  // Each piece comes well before the file would count as quiet.
  const writer = setInterval(() => {
    if (written++ >= 12) return clearInterval(writer);
    for (const name of ['early.mov', 'late.mov']) appendFileSync(join(setting.folder, name), half);
  }, times.settle / 4);
  await watch();
  await arrives('early.mov', 'late.mov');
  clearInterval(writer);
  expect(written).toBeGreaterThan(12);
  for (const name of kept()) expect(readFileSync(join(setting.server.photos, name)).equals(readFileSync(join(setting.folder, name))), name).toBe(true);
  expect(uploads()).toHaveLength(2);
});

test('what is excluded stays, and a change of a known file is sent beside it', async () => {
  setting.write({ 'a.jpg': 'first' });
  await watch({ exclude: ['*.tmp', 'cache/'] });
  await arrives('a.jpg');
  setting.write({ 'b.tmp': 'no', 'cache/c.jpg': 'no', 'a.jpg': 'changed' });
  await arrives('a (2).jpg', 'a.jpg');
  expect(readFileSync(join(setting.server.photos, 'a (2).jpg'), 'utf8')).toBe('changed');
});

test('a server that is away is waited for, and what came meanwhile is sent when it is back', async () => {
  let retries = 0;
  await watch({ emit: (event) => void (retries += event.type === 'retry' ? 1 : 0) });
  await proxy.down();
  setting.write({ 'a.jpg': 'first' });
  await expect.poll(() => retries, { timeout: 20_000 }).toBeGreaterThan(0);
  setting.write({ 'b.jpg': 'second' });
  await proxy.up();
  await arrives('a.jpg', 'b.jpg');
});

test('a disk that is unmounted is waited for', async () => {
  let isMissed = false;
  await watch({ emit: (event) => void (isMissed ||= event.type === 'issue' && event.issue.message.includes('tried again')) });
  renameSync(setting.folder, `${setting.folder} away`);
  await expect.poll(() => isMissed, { timeout: 20_000 }).toBe(true);
  mkdirSync(setting.folder);
  setting.write({ 'a.jpg': 'first' });
  await arrives('a.jpg');
  setting.write({ 'b.jpg': 'second' });
  await arrives('a.jpg', 'b.jpg');
});

test('Ctrl-C while something waits to be sent is an interruption', async () => {
  setting.write({ 'a.jpg': 'first' });
  // Just written: it has to wait, and would for a minute.
  await watch({ watch: { ...times, settle: 60_000 } });
  const { error } = await end();
  expect(error).toMatchObject({ code: 'INTERRUPTED', exitCode: 130 });
  expect(kept()).toEqual([]);
});

test('a folder that was not there when it began is an error at once', async () => {
  rmSync(setting.folder, { recursive: true });
  expect(await setting.push({ watch: times })).toMatchObject({ error: { code: 'SOURCE_MISSING' } });
  mkdirSync(setting.folder);
});
