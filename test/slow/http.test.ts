/** The target `http` when the line, the server or the client fails in the midst of it. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { withRetry } from '../../src/targets/with-retry.ts';
import { targetSuite } from '../conformance/target-suite.ts';
import { Backup } from '../e2e/backup.ts';
import { runThroughFaults } from '../e2e/faulty-runs.ts';
import { HttpHome } from '../e2e/http-home.ts';
import { missingPrograms } from '../e2e/judges.ts';
import { expectEmptySpool, MiB, nth } from '../e2e/spooling.ts';
import { startFaultyProxy, type FaultyProxy, type ProxiedRequest } from '../servers/faulty-proxy.ts';
import { seededFaults } from '../servers/seeded-faults.ts';
import { httpStore } from '../targets/http-store.ts';

const missing = missingPrograms('rsync');
const seed = Number(process.env['BAT_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

type Request = Readonly<ProxiedRequest>;
const isPart = ({ method, url }: Request): boolean => method === 'PUT' && /\/parts\/\d+$/.test(url);
const isEnd = ({ method, url }: Request): boolean => method === 'POST' && url.endsWith('/finish');
/** What can be checked by who takes it: objects that are read, and all that is stored. */
const faults = seededFaults({ seed, isData: ({ method, url }) => method === 'GET' && /\/objects\/(volumes|manifests)\//.test(url), hasSum: ({ method }) => method === 'PUT' });

describe(`behind faults, BAT_SEED=${seed}`, () => {
  targetSuite('http, retried, over a line that fails in a tenth of all requests', async () => {
    let proxy: FaultyProxy | undefined;
    const plan = seededFaults({ seed, only: ['internal error', 'slow down', 'forbidden for a while', 'drop-request', 'drop-response', 'lose-answer', 'truncate-response', 'corrupt-request'], isData: ({ method, url }) => method === 'GET' && url.includes('/objects/'), hasSum: ({ method }) => method === 'PUT' });
    const forwarded = { endpoint: '' };
    proxy = await startFaultyProxy(forwarded, plan);
    const store = await httpStore({
      url: (server) => {
        forwarded.endpoint = server.url;
        return proxy!.endpoint;
      },
      options: { 'part-size': '256KiB' },
      wrap: (target) => withRetry(target, { attempts: 1000, wait: 0, maxWait: 0, within: Infinity }, () => {}),
    });
    return {
      ...store,
      async dispose() {
        await proxy!.stop();
        await store.dispose();
      },
    };
  }, { manyObjects: 300, largeObject: 6_000_000 });

  test.skipIf(missing)('thirty runs end with a store in which every object is right', async () => {
    const home = await HttpHome.start();
    onTestFinished(() => home.stop());
    home.proxy.plan = faults;
    await runThroughFaults({ proxy: home.proxy, options: `${home.options}, part-size: 1MiB`, objects: () => home.objects(), leftovers: async () => home.leftovers(), stop: () => home.stop() }, { runs: 30, seed });
  });
});

describe.skipIf(missing)('killed', () => {
  let home: HttpHome;
  let backup: Backup;
  const make = async (tar: string): Promise<void> => {
    backup = await Backup.create({
      steps: ['select', tar, 'compress', 'encrypt: { to: KEY }', 'upload: { to: home, retry: { attempts: forever, for: 5min, wait: 10ms, max-wait: 200ms } }', 'record'],
      targets: [],
      more: { home: `{ ${home.options}, part-size: 1MiB }` },
    });
    for (const name of ['a', 'b', 'c']) writeFileSync(backup.at('src', name), randomBytes(17 * MiB));
  };
  beforeEach(async () => {
    home = await HttpHome.start();
  });
  afterEach(async () => {
    backup.remove();
    await home.stop();
  });

  test('the server, twenty times in one run: the run goes on when it is back, and sends again only what it had not said to have', async () => {
    await make('tar: { volume: 20MiB }');
    let requests = 0;
    let back = Promise.resolve();
    home.proxy.plan = (request) => {
      if (!(isPart(request) || isEnd(request)) || ++requests % 3 !== 0 || requests > 60) return undefined;
      back = back.then(async () => {
        await home.kill();
        await home.startAgain();
      });
      return undefined;
    };
    await backup.run();
    await back;
    const taken = home.proxy.requests.filter((request) => isPart(request) && request.status === 200).map(({ url }) => url);
    expect(taken.filter((url, index) => taken.indexOf(url) !== index), 'parts that were taken twice').toEqual([]);
    expect(home.leftovers()).toEqual([]);
    await backup.expectRestoredFrom('home');
    await backup.box.bat('verify').then(({ code, err, out }) => expect(code, err + out).toBe(0));
  });

  test.each([[isPart, 4], [isEnd, 1], [isEnd, 2]] as const)('the client, with a spool: the next run sends the rest, and no part twice', async (kind, count) => {
    await make('tar: { volume: 20MiB, spool: spool }');
    const isMoment = nth(kind, count);
    const run = backup.box.start(['run', '-q']);
    home.proxy.plan = (request) => {
      if (!isMoment(request)) return undefined;
      run.child.kill('SIGKILL');
      return { kind: 'lose-answer' };
    };
    expect((await run.ended).code).toBe(null);
    // Meanwhile the server is started again, too.
    await home.kill();
    await home.startAgain();
    home.proxy.plan = () => undefined;
    await backup.run();
    const taken = home.proxy.requests.filter((request) => isPart(request) && request.status === 200).map(({ url }) => url);
    expect(taken.filter((url, index) => taken.indexOf(url) !== index)).toEqual([]);
    expectEmptySpool(backup);
    expect(home.leftovers()).toEqual([]);
    await backup.expectRestoredFrom('home');
  });

  test('the client, without a spool: what it left is swept away by its next run', async () => {
    await make('tar: { volume: 20MiB }');
    const isMoment = nth(isPart, 5);
    const run = backup.box.start(['run', '-q']);
    home.proxy.plan = (request) => {
      if (isMoment(request)) run.child.kill('SIGKILL');
      return undefined;
    };
    expect((await run.ended).code).toBe(null);
    home.proxy.plan = () => undefined;
    expect(home.leftovers().length).toBeGreaterThan(0);
    await backup.run();
    expect(home.leftovers()).toEqual([]);
    expect(home.names('volumes').length).toBeGreaterThanOrEqual(3);
    await backup.expectRestoredFrom('home');
  });
});
