/** Pushes over lines that break, lose answers and damage bytes, and to a server that goes away. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { noise } from '../../e2e/noise.ts';
import { startFaultyProxy, type FaultyProxy } from '../../servers/faulty-proxy.ts';
import { pushSetting, type PushSetting } from './push-setting.ts';

const large = 9 * 2 ** 20;

let setting: PushSetting;
const proxies: FaultyProxy[] = [];
beforeEach(async () => {
  setting = await pushSetting();
});
afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.stop();
  await setting.close();
});

const proxied = async (plan?: Parameters<typeof startFaultyProxy>[1]): Promise<FaultyProxy> => {
  const proxy = await startFaultyProxy({ endpoint: setting.server.url }, plan);
  proxies.push(proxy);
  return proxy;
};
const kept = (): string[] => readdirSync(setting.server.photos, { recursive: true, encoding: 'utf8' }).filter((name) => !name.startsWith('.bat-')).sort();

test('large files go up in parts that can be gone on with, and nothing of a broken line is sent twice', async () => {
  const bytes = noise(3 * large, 2);
  setting.write({ 'film.mov': bytes });
  let cuts = 2;
  const proxy = await proxied((request) => (request.method === 'PATCH' && cuts-- > 0 ? { kind: 'drop-request' } : undefined));
  const { summary, error } = await setting.push({ url: `${proxy.endpoint}/photos` });
  expect({ error, summary }).toMatchObject({ error: null, summary: { sent: { files: 1, bytes: bytes.length } } });
  expect(readFileSync(join(setting.server.photos, 'DCIM/film.mov')).equals(bytes)).toBe(true);
  const sent = proxy.requests.filter(({ method }) => method === 'PATCH').map(({ size }) => size);
  expect(sent).toHaveLength(3);
  // Each begins where the one before ended, give or take what was on its way.
  expect(sent[1]).toBeLessThan(sent[0]! * 0.6);
  expect(sent[2]).toBeLessThan(sent[1]! * 0.6);
});

test.each(['lose-answer', 'drop-response'] as const)('an answer that is lost does no harm: %s', async (kind) => {
  setting.write({ 'a.jpg': 'first', 'film.mov': noise(large, 3) });
  const struck = new Set<string>();
  const proxy = await proxied((request) => {
    const what = `${request.method} ${request.url.split('?')[0]!.replace(/[0-9a-f]{32}/, 'id')}`;
    if (struck.has(what)) return undefined;
    struck.add(what);
    return { kind };
  });
  const { summary, error } = await setting.push({ url: `${proxy.endpoint}/photos` });
  expect(error).toBeNull();
  expect(summary.sent.files + summary.there.files).toBe(2);
  expect(kept()).toEqual(['DCIM', 'DCIM/a.jpg', 'DCIM/film.mov']);
});

test('bytes that are damaged on their way are not kept, and sent again', async () => {
  setting.write({ 'a.jpg': 'first', 'film.mov': noise(large, 4) });
  const struck = new Set<string>();
  const proxy = await proxied(({ method, size }) => {
    if (!(method === 'PATCH' || (method === 'POST' && size === 5)) || struck.has(method)) return undefined;
    struck.add(method);
    return { kind: 'corrupt-request' };
  });
  const { summary, error } = await setting.push({ url: `${proxy.endpoint}/photos` });
  expect({ error, sent: summary.sent.files }).toEqual({ error: null, sent: 2 });
  expect(struck.size).toBe(2);
  expect(readFileSync(join(setting.server.photos, 'DCIM/a.jpg'), 'utf8')).toBe('first');
  expect(readFileSync(join(setting.server.photos, 'DCIM/film.mov')).equals(noise(large, 4))).toBe(true);
});

test('a server that goes away for a while is waited for, and that is told once', async () => {
  setting.write({ 'a.jpg': 'first', 'film.mov': noise(large, 5) });
  const proxy = await proxied();
  let isDown = false;
  const { summary, error, events } = await setting.push({
    url: `${proxy.endpoint}/photos`,
    emit: (event) => {
      if (event.type === 'push-progress' && event.bytes > 0 && !isDown) {
        isDown = true;
        void proxy.down();
      }
      if (event.type === 'retry' && event.away) void proxy.up();
    },
  });
  // What was kept without an answer is there already when it is asked for again.
  expect({ error, files: summary.sent.files + summary.there.files }).toEqual({ error: null, files: 2 });
  expect(kept()).toEqual(['DCIM', 'DCIM/a.jpg', 'DCIM/film.mov']);
  expect(events.filter(({ type }) => type === 'target-back').length).toBeGreaterThan(0);
});
