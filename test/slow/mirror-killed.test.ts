/** `bat mirror` that is killed and stopped: no half file under a real name, nothing lost, and what had arrived is not sent again. */
import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { filesIn, write, type Files } from '../actions/mirror/mirror-setting.ts';
import { jsonLines, sandbox, type Sandbox } from '../cli/fixture.ts';
import { killedAt } from '../e2e/kill-after.ts';
import { startServer, type TestServer } from '../server/start-server.ts';
import { startFaultyProxy, type FaultyProxy } from '../servers/faulty-proxy.ts';
import { newBucket } from '../servers/s3-access.ts';
import { startS3Server, type S3Server } from '../servers/s3-server.ts';

let box: Sandbox;
let from: TestServer;
let to: TestServer;
let s3: S3Server;
const proxies: FaultyProxy[] = [];
beforeEach(async () => {
  box = sandbox();
  [from, to, s3] = [await startServer({ users: null }), await startServer({ users: null }), await startS3Server()];
});
afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.stop();
  for (const server of [from, to]) await server.close();
  await s3.stop();
  box.remove();
});

async function before(endpoint: string): Promise<FaultyProxy> {
  const proxy = await startFaultyProxy({ endpoint });
  proxies.push(proxy);
  return proxy;
}

const text = (length: number): string => randomBytes(length / 2).toString('hex');

/** New files, others under other names, some with another content. */
function change(folder: string, round: number): void {
  write(folder, { [`new/${round}`]: text(2000), [`double/${round}`]: `double ${round % 2}`, letter: `letter ${round}`, [`large ${round}`]: text(200_000) });
  if (round === 0) return;
  renameSync(join(folder, `new/${round - 1}`), join(folder, `new/was ${round - 1}`));
  rmSync(join(folder, `double/${round - 1}`));
}

function expectWhole(folder: string, known: Set<string>): void {
  for (const [path, content] of Object.entries(filesIn(folder))) expect(known, `${path} is half, or nothing that was ever there`).toContain(content);
}

const contents = (files: Files): Set<string> => new Set(Object.values(files));

test('killed at any request to a second server', async () => {
  const proxy = await before(to.url);
  const words = ['mirror', `${from.url}/photos`, `${proxy.endpoint}/photos`, '--delete', '-q'];
  const known = new Set<string>();
  let killed = 0;
  for (let round = 0; round < 8; round++) {
    change(from.photos, round);
    for (const content of contents(filesIn(from.photos))) known.add(content);
    for (let kill = 0; kill < 2; kill++) {
      const kept = contents(filesIn(to.photos));
      const started = box.start(words);
      let left = 2 + ((round * 2 + kill) * 3) % 7;
      proxy.plan = () => void (--left === 0 && started.child.kill('SIGKILL'));
      if ((await started.ended).code === null) killed++;
      expectWhole(to.photos, known);
      for (const content of kept) expect(contents(filesIn(to.photos)), 'it was there').toContain(content);
    }
    const there = contents(filesIn(to.photos));
    proxy.plan = () => undefined;
    const { out, code } = await box.start([...words.slice(0, -1), '--json']).ended;
    expect(code).toBe(0);
    expect(filesIn(to.photos)).toMatchObject(filesIn(from.photos));
    for (const line of jsonLines(out)) if (line['action'] === 'send') expect(there).not.toContain(filesIn(from.photos)[(line['path'] as string).replace('photos/', '')]);
  }
  expect(killed).toBeGreaterThan(12);
}, 300_000);

test('killed at any change of the disk, to a folder', async () => {
  const words = ['mirror', `${from.url}/photos`, 'disk', '--delete', '-q'];
  const disk = join(box.folder, 'disk');
  const known = new Set<string>();
  let killed = 0;
  for (let round = 0; round < 8; round++) {
    change(from.photos, round);
    for (const content of contents(filesIn(from.photos))) known.add(content);
    for (let kill = 0; kill < 2; kill++) {
      const kept = contents(filesIn(disk));
      if ((await box.start(words, { environment: killedAt(8 + ((round * 2 + kill) * 7) % 60) }).ended).code === null) killed++;
      expectWhole(disk, known);
      for (const content of kept) expect(contents(filesIn(disk)), 'it was there').toContain(content);
    }
    expect(await box.bat(...words)).toEqual({ code: 0, out: '', err: '' });
    expect(filesIn(disk)).toMatchObject(filesIn(from.photos));
  }
  expect(killed).toBeGreaterThan(12);
}, 300_000);

test('killed at any request to a bucket: what it had stored is not sent again', async () => {
  const proxy = await before(s3.endpoint);
  const address = `s3://${await newBucket(s3)}/photos?endpoint=${encodeURIComponent(proxy.endpoint)}`;
  const words = ['mirror', `${from.url}/photos`, address, '--delete', '--json'];
  const environment = { AWS_ACCESS_KEY_ID: s3.accessKey, AWS_SECRET_ACCESS_KEY: s3.secretKey };
  let killed = 0;
  for (let round = 0; round < 6; round++) {
    change(from.photos, round);
    const sent: string[] = [];
    for (let kill = 0; kill < 3; kill++) {
      const started = box.start(words, { environment });
      let left = kill === 2 ? Infinity : 3 + ((round * 2 + kill) * 3) % 6;
      proxy.plan = ({ method, url }) => {
        if (--left === 0) killed += Number(started.child.kill('SIGKILL'));
        else if (method === 'PUT' && !url.includes('index.jsonl')) sent.push(url);
        return undefined;
      };
      const { code } = await started.ended;
      if (kill === 2) expect(code).toBe(0);
    }
    // The one that was on its way when it was killed may have arrived without its answer; what that is, is read and not sent.
    expect(new Set(sent).size).toBeGreaterThanOrEqual(sent.length - 8);
    proxy.plan = () => undefined;
    const last = jsonLines((await box.start(words, { environment }).ended).out).at(-1)!;
    expect(last).toMatchObject({ message_type: 'summary', same: Object.keys(filesIn(from.photos)).length, sent: { files: 0 } });
  }
  expect(killed).toBe(12);
}, 300_000);

test('a large file that was killed on its way to a server goes on where it was; Ctrl-C ends it with 130', async () => {
  const large = text(30_000_000);
  writeFileSync(join(from.photos, 'large'), large);
  const [reads, writes] = [await before(from.url), await before(to.url)];
  const words = ['mirror', `${reads.endpoint}/photos`, `${writes.endpoint}/photos`, '-q'];
  for (const [signal, code] of [['SIGKILL', null], ['SIGINT', 130]] as const) {
    const started = box.start(words);
    // Some of it comes through, and then no more.
    reads.plan = ({ url }) => (url.endsWith('/large') ? { kind: 'drop-response', after: 10_000_000 } : undefined);
    let parts = 0;
    writes.plan = ({ method }) => {
      if (method === 'PATCH' && ++parts === 1) reads.plan = ({ url }) => {
        if (!url.endsWith('/large')) return undefined;
        started.child.kill(signal);
        return { kind: 'stall' };
      };
      return undefined;
    };
    expect((await started.ended).code).toBe(code);
    expect(filesIn(to.photos)).toEqual({});
  }
  reads.plan = () => undefined;
  const count = reads.requests.length;
  expect(await box.bat(...words)).toEqual({ code: 0, out: '', err: '' });
  expect(filesIn(to.photos)['large'] === large).toBe(true);
  const read = reads.requests.slice(count).filter(({ url }) => url.endsWith('/large')).reduce((sum, { received = 0 }) => sum + received, 0);
  expect(read).toBeLessThan(25_000_000);
}, 300_000);
