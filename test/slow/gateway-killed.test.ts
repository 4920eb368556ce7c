/** A gateway that is killed while parts of an upload are on their way, and is away for 20 seconds. */
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Backup } from '../e2e/backup.ts';
import { missingPrograms } from '../e2e/judges.ts';
import { noise } from '../e2e/noise.ts';
import { isPart, nth } from '../e2e/spooling.ts';
import { missingCeph, startRgw } from '../servers/ceph-rgw.ts';
import { startFaultyProxy } from '../servers/faulty-proxy.ts';
import { everythingIn, newBucket } from '../servers/s3-access.ts';

const missing = missingCeph() ?? missingPrograms('rsync');
const mebibyte = 2 ** 20;
const repeated = (urls: readonly string[]): string[] => [...new Set(urls.filter((url, index) => urls.indexOf(url) !== index))];

describe.skipIf(missing)(`Ceph RGW, killed${missing ? ` (skipped: ${missing})` : ''}`, () => {
  test.each([3, 9])('after %i parts of an upload were begun: only what was on its way is sent again', async (count) => {
    const rgw = await startRgw();
    const proxy = await startFaultyProxy(rgw);
    const bucket = await newBucket(rgw);
    const cloud = `{ type: s3, endpoint: '${proxy.endpoint}', region: ${rgw.region}, bucket: ${bucket}, access-key: ${rgw.accessKey}, secret-key: '${rgw.secretKey}', part-size: 5MiB, limit: { upload: 12MiB/s } }`;
    const backup = await Backup.create({
      steps: ['select', 'tar: { volume: 100MiB }', 'compress', 'encrypt: { to: KEY }', 'upload: { to: cloud, retry: { for: 10min, wait: 100ms, max-wait: 2s } }', 'record'],
      targets: [],
      more: { cloud },
    });
    onTestFinished(async () => {
      backup.remove();
      await proxy.stop();
      await rgw.stop();
    });
    writeFileSync(backup.at('src/film'), noise(70 * mebibyte, 1));

    /** Parts without an answer when the gateway was gone. */
    let onTheirWay: string[] = [];
    const killAndStart = async (): Promise<void> => {
      await rgw.killGateway();
      // Nobody listens at its port now, and nobody at this one.
      await proxy.down();
      onTheirWay = proxy.requests.filter((request) => isPart(request) && request.status === undefined).map(({ url }) => url);
      await delay(20_000);
      await rgw.startGateway();
      await proxy.up();
    };
    const isMoment = nth(isPart, count);
    let back: Promise<void> | null = null;
    proxy.plan = (request) => {
      if (isMoment(request)) back = killAndStart();
      return undefined;
    };
    const { err } = await backup.run();
    await back;

    expect(err).toMatch(/^warning: cloud: .*trying again/m);
    const parts = proxy.requests.filter(isPart).map(({ url }) => url);
    const again = repeated(parts);
    expect(new Set(parts).size, 'parts in all').toBeGreaterThanOrEqual(14);
    expect(onTheirWay.length).toBeGreaterThan(0);
    expect(onTheirWay.length, 'as many as an upload sends at a time').toBeLessThanOrEqual(4);
    expect(repeated(proxy.requests.filter((request) => isPart(request) && request.status === 200).map(({ url }) => url)), 'parts that were taken twice').toEqual([]);
    expect(onTheirWay, 'parts sent again').toEqual(expect.arrayContaining(again));
    await backup.expectRestoredFrom('cloud');
    expect((await everythingIn(rgw, bucket)).filter((name) => name.includes('(upload '))).toEqual([]);
  });
});
