/** `bat targets check` of buckets: what is wrong with a key, a bucket or a clock is told in a line with its cure. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkTargets, type CheckEvent } from '../../src/actions/targets-check.ts';
import { defaultRetry } from '../../src/core/retry.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { s3Target } from '../../src/targets/s3.ts';
import type { S3Options } from '../../src/targets/s3/options.ts';
import { missingCeph, sharedRgw } from '../servers/ceph-rgw.ts';
import { everythingIn, newBucket, removeBucket, type S3Access } from '../servers/s3-access.ts';
import { startS3Server, type S3Server } from '../servers/s3-server.ts';
import { accessOptions } from '../targets/s3-store.ts';

let server: S3Server;
let bucket: string;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server.stop());
beforeEach(async () => {
  bucket = await newBucket(server);
});
afterEach(() => removeBucket(server, bucket));

async function check(options: Partial<S3Options>, access: S3Access = server): Promise<{ events: CheckEvent[]; ok: boolean; left: readonly string[]; failed: { id: string; message: string; hint?: string }[] }> {
  const target = { id: 'cloud', type: s3Target, options: { ...accessOptions(access), bucket, 'part-size': '5MiB', ...options } };
  const plan = { name: 'home', folder: '/plans', file: '/plans/bat.yaml', targets: [target], retry: { ...defaultRetry, wait: 0 }, graph: { nodes: [], hooks: [] }, warnings: [] } as unknown as Plan;
  const events: CheckEvent[] = [];
  const [summary] = await checkTargets({ plan, only: [], full: false, environment: {}, signal: new AbortController().signal, tell: (event) => events.push(event) });
  const failed = events.flatMap((event) => (event.type === 'result' && event.result.failure ? [{ id: event.result.id, ...event.result.failure }] : []));
  return { events, ok: summary!.ok, left: summary!.leftBehind, failed };
}

test('a good bucket passes, and holds nothing afterwards, unfinished uploads included', async () => {
  const { ok, failed, events } = await check({});
  expect(failed).toEqual([]);
  expect(ok).toBe(true);
  expect(await everythingIn(server, bucket)).toEqual([]);
  const results = events.flatMap((event) => (event.type === 'result' ? [event.result] : []));
  expect(results.filter(({ status }) => status !== 'passed')).toEqual([]);
  const { sends } = events.find((event) => event.type === 'outlook')!.outlook;
  expect(sends).toBeLessThan(6_000_000);
});

test('a wrong secret, a key that may only read, no such bucket: one line each, with the cure', async () => {
  const wrong = await check({ 'secret-key': 'not the secret at all' });
  expect(wrong.failed).toEqual([{ id: 'access/connect', code: 'TARGET_DENIED', message: expect.stringMatching(/^Target "cloud" .*the secret of the access key is wrong\.$/) as string, hint: expect.stringContaining('secret-key') as string }]);
  expect(JSON.stringify(wrong.events)).not.toContain('not the secret at all');

  const { reader } = server;
  const readOnly = await check({ 'access-key': reader.accessKey, 'secret-key': reader.secretKey });
  expect(readOnly.failed).toEqual([{ id: 'access/write', code: 'TARGET_DENIED', message: expect.stringMatching(/^This key or user can read but not write\. Target "cloud"/) as string, hint: expect.stringMatching(/s3:PutObject.*\.bat-check-\*/) as string }]);
  expect(readOnly.left).toEqual([]);
  expect(await everythingIn(server, bucket)).toEqual([]);

  const missing = await check({ bucket: 'no-such-bucket' });
  expect(missing.failed).toEqual([{ id: 'access/connect', code: 'TARGET_UNREACHABLE', message: expect.stringContaining('there is no bucket no-such-bucket') as string, hint: expect.stringContaining('aws s3 mb') as string }]);
});

test('a clock that is far off is told with how far', async () => {
  const other = createServer((_, response) => {
    response.setHeader('date', new Date(Date.now() - 86_400_000).toUTCString());
    response.writeHead(403, { 'content-type': 'application/xml', 'x-amz-request-id': '1' });
    response.end('<?xml version="1.0"?><Error><Code>RequestTimeTooSkewed</Code><Message>The difference is too large.</Message></Error>');
  });
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  try {
    const { failed } = await check({ endpoint: `http://127.0.0.1:${(other.address() as AddressInfo).port}` });
    expect(failed).toMatchObject([{ id: 'access/connect', message: expect.stringContaining('clock of this machine is 1 d ahead') as string, hint: expect.stringContaining('timedatectl') as string }]);
  } finally {
    other.close();
    other.closeAllConnections();
  }
});

const missing = missingCeph();
describe.skipIf(missing)(`Ceph RGW${missing ? ` (skipped: ${missing})` : ''}`, () => {
  test('passes, and holds nothing afterwards', async () => {
    const rgw = await sharedRgw();
    const own = await newBucket(rgw);
    try {
      expect(await check({ bucket: own }, rgw)).toMatchObject({ ok: true, failed: [], left: [] });
      expect(await everythingIn(rgw, own)).toEqual([]);
    } finally {
      await removeBucket(rgw, own);
    }
  });
});
