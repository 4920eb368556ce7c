/** `bat mirror` over lines that break and damage what they carry, and from files that change while they are read. */
import { randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TestServer } from '../../server/start-server.ts';
import { startFaultyProxy, type FaultPlan, type FaultyProxy } from '../../servers/faulty-proxy.ts';
import { filesIn, MirrorSetting, write } from './mirror-setting.ts';

let setting: MirrorSetting;
let from: TestServer;
let to: TestServer;
const proxies: FaultyProxy[] = [];
beforeEach(async () => {
  setting = new MirrorSetting();
  from = await setting.server();
  to = await setting.server();
});
afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.stop();
  await setting.close();
});

async function through(server: TestServer, plan: FaultPlan): Promise<FaultyProxy> {
  const proxy = await startFaultyProxy({ endpoint: server.url }, plan);
  proxies.push(proxy);
  return proxy;
}

/** The fault befalls the first request that is meant. */
function once(plan: FaultPlan): FaultPlan {
  let isOver = false;
  return (request) => {
    const fault = isOver ? undefined : plan(request);
    isOver ||= fault !== undefined;
    return fault;
  };
}

function inTurn(...plans: FaultPlan[]): FaultPlan {
  return (request) => plans.map((plan) => plan(request)).find((fault) => fault !== undefined);
}

test('broken reads go on where they broke, damaged ones are read again, and an answer that was lost stores nothing twice', async () => {
  const large = randomBytes(3_000_000);
  writeFileSync(join(from.photos, 'large'), large);
  write(from.photos, { damaged: 'some text that arrives with another letter', small: 'small' });
  const reads = await through(
    from,
    inTurn(
      once(({ url }) => (url.endsWith('/large') ? { kind: 'drop-response', after: 1_200_000 } : undefined)),
      once(({ url }) => (url.endsWith('/damaged') ? { kind: 'corrupt-response' } : undefined)),
    ),
  );
  const writes = await through(to, once(({ url }) => (url.startsWith('/upload?') && url.includes('small') ? { kind: 'lose-answer' } : undefined)));
  const { result } = await setting.run(`${reads.endpoint}/photos`, `${writes.endpoint}/photos`, { retryFor: 20_000 });
  expect(result).toMatchObject({ failed: 0, changed: 0, sent: { files: 3 } });
  expect(readFileSync(join(to.photos, 'large')).equals(large)).toBe(true);
  expect(filesIn(to.photos)).toEqual(filesIn(from.photos));
  expect(reads.counts()).toEqual({ 'drop-response': 1, 'corrupt-response': 1 });
  expect(reads.requests.filter(({ url }) => url.endsWith('/large')).map(({ status }) => status)).toEqual([undefined, 206]);
  expect(writes.counts()).toEqual({ 'lose-answer': 1 });
});

test('what is never as the table says is stored nowhere, and told', async () => {
  write(from.photos, { wrong: 'it always arrives with another letter', right: 'right' });
  const reads = await through(from, ({ url }) => (url.endsWith('/wrong') ? { kind: 'corrupt-response' } : undefined));
  for (const [address, folder] of [[`${to.url}/photos`, to.photos], [setting.at('disk'), setting.at('disk')]] as const) {
    await expect(setting.run(`${reads.endpoint}/photos`, address)).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE', result: { changed: 1, sent: { files: 1 } } });
    expect(filesIn(folder)).toEqual({ right: 'right' });
  }
});

test('a file that changes after the tables were compared is left for the next mirror', async () => {
  write(from.photos, { log: 'begin', other: 'other' });
  const reads = await through(from, ({ url }) => void (url.endsWith('/log') && appendFileSync(join(from.photos, 'log'), ' more')));
  await expect(setting.run(`${reads.endpoint}/photos`, `${to.url}/photos`)).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE', message: 'All else is mirrored, but 1 file changed meanwhile.' });
  expect(filesIn(to.photos)).toEqual({ other: 'other' });
  await setting.run(`${from.url}/photos`, `${to.url}/photos`);
  expect(filesIn(to.photos)).toEqual(filesIn(from.photos));
});

test('a file that changes on the other side after that is neither moved nor removed', async () => {
  write(from.photos, { a: '1', b: '2', c: '3' });
  await setting.run(`${from.url}/photos`, `${to.url}/photos`, { delete: true });
  for (const name of ['x', 'y']) write(to.photos, { [name]: name });
  await setting.run(`${from.url}/photos`, `${to.url}/photos`, { delete: true });
  setting.days(31);
  const writes = await through(to, ({ method, url }) => void (method === 'DELETE' && url.endsWith('/x') && writeFileSync(join(to.photos, 'x'), 'new work')));
  const address = `${writes.endpoint}/photos`;
  // Another address is another pair: what waits is known by its own.
  await setting.run(`${from.url}/photos`, address, { delete: true });
  setting.days(31);
  await expect(setting.run(`${from.url}/photos`, address, { delete: true })).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE', result: { removed: { files: 1 }, changed: 1 } });
  expect(filesIn(to.photos)).toEqual({ a: '1', b: '2', c: '3', x: 'new work' });
});
