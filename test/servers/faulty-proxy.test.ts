/** The proxy does to requests what it is told, what it counts, and nothing else. */
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bytesOf, sha256 } from '../../src/targets/conformance/data.ts';
import { missingCeph, sharedRgw } from './ceph-rgw.ts';
import { startFaultyProxy } from './faulty-proxy.ts';
import type { Fault, FaultPlan } from './faulty-proxy.ts';
import { newBucket, removeBucket, s3Client } from './s3-access.ts';
import type { S3Access } from './s3-access.ts';
import { startS3Server } from './s3-server.ts';
import { faultNames, seededFaults } from './seeded-faults.ts';

const missing = missingCeph();
const broken = /ECONNRESET|socket hang up|aborted|EPIPE/;
const large = bytesOf(3 * 2 ** 20);

describe.skipIf(missing)(`a faulty proxy before Ceph RGW${missing ? ` (skipped: ${missing})` : ''}`, () => faults(async () => ({ ...(await sharedRgw()), stop: async () => {} })));

describe('a faulty proxy before the server in this process', () => faults(startS3Server));

function faults(start: () => Promise<S3Access & { stop(): Promise<void> }>): void {
  /** A client through the proxy, one that goes past it, and the proxy. */
  async function setUp(plan?: FaultPlan) {
    const server = await start();
    const proxy = await startFaultyProxy(server, plan);
    const Bucket = await newBucket(server);
    const direct = s3Client(server);
    const client = s3Client({ ...server, endpoint: proxy.endpoint });
    onTestFinished(async () => {
      client.destroy();
      direct.destroy();
      await proxy.stop();
      await removeBucket(server, Bucket);
      await server.stop();
    });
    const put = (through: S3Client, Key: string, Body: string | Buffer) => through.send(new PutObjectCommand({ Bucket, Key, Body }));
    const get = async (through: S3Client, Key: string) => Buffer.from(await (await through.send(new GetObjectCommand({ Bucket, Key }))).Body!.transformToByteArray());
    const isThere = (Key: string) => direct.send(new HeadObjectCommand({ Bucket, Key })).then(() => true, () => false);
    return { proxy, Bucket, client, direct, put, get, isThere };
  }

  /** The fault for the next request; none for those after it. */
  function once(fault: Fault): FaultPlan {
    let left = 1;
    return () => (left-- > 0 ? fault : undefined);
  }

  test('without a fault everything passes as it is, and is written down', async () => {
    const { proxy, Bucket, client, put, get } = await setUp();
    await put(client, 'two words+é', large);
    expect(sha256(await get(client, 'two words+é'))).toBe(sha256(large));
    const range = await client.send(new GetObjectCommand({ Bucket, Key: 'two words+é', Range: 'bytes=5-9' }));
    expect(Buffer.from(await range.Body!.transformToByteArray())).toEqual(large.subarray(5, 10));
    expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'two words+é' }))).ContentLength).toBe(large.length);
    expect((await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(1);
    await expect(get(client, 'nothing')).rejects.toMatchObject({ name: 'NoSuchKey' });
    expect(proxy.requests.map(({ method, status }) => `${method} ${status}`)).toEqual(['PUT 200', 'GET 200', 'GET 206', 'HEAD 200', 'GET 200', 'GET 404']);
    expect(proxy.requests[0]!.size).toBe(large.length);
    expect(proxy.counts()).toEqual({});
  });

  test('an answer of its own never reaches the server', async () => {
    const { proxy, client, put, isThere } = await setUp(once({ kind: 'answer', status: 503, headers: { 'retry-after': '7' }, body: '<Error><Code>SlowDown</Code></Error>' }));
    const error: unknown = await put(client, 'a', large).catch((error: unknown) => error);
    expect(error).toMatchObject({ name: 'SlowDown', $metadata: { httpStatusCode: 503 }, $response: { headers: { 'retry-after': '7' } } });
    expect(await isThere('a')).toBe(false);
    expect(proxy.counts()).toEqual({ 'answer 503': 1 });
    await put(client, 'a', 'now');
    expect(await isThere('a')).toBe(true);
  });

  test('a request that breaks off in the middle leaves nothing at the server', async () => {
    const { proxy, client, put, isThere } = await setUp(once({ kind: 'drop-request' }));
    await expect(put(client, 'a', large)).rejects.toThrow(broken);
    expect(await isThere('a')).toBe(false);
    expect(proxy.counts()).toEqual({ 'drop-request': 1 });
  });

  test('an answer that breaks off in the middle', async () => {
    const { proxy, client, direct, put, get } = await setUp();
    await put(direct, 'a', large);
    proxy.plan = once({ kind: 'drop-response' });
    await expect(get(client, 'a')).rejects.toThrow(broken);
    expect(sha256(await get(client, 'a'))).toBe(sha256(large));
    expect(proxy.counts()).toEqual({ 'drop-response': 1 });
  });

  test('an answer that is lost, when the server has done what it was asked', async () => {
    const { client, put, isThere } = await setUp(once({ kind: 'lose-answer' }));
    await expect(put(client, 'a', large)).rejects.toThrow(broken);
    expect(await isThere('a')).toBe(true);
  });

  test('half an answer that claims to be whole', async () => {
    const { proxy, client, direct, put, get } = await setUp();
    await put(direct, 'a', large);
    proxy.plan = once({ kind: 'truncate-response' });
    expect(sha256(await get(client, 'a'))).toBe(sha256(large.subarray(0, large.length / 2)));
  });

  test('a byte that is another, on the way there and back', async () => {
    const { proxy, client, direct, put, get, isThere } = await setUp(once({ kind: 'corrupt-request' }));
    await expect(put(client, 'a', large)).rejects.toMatchObject({ name: 'XAmzContentSHA256Mismatch' });
    expect(await isThere('a')).toBe(false);
    await put(direct, 'a', large);
    proxy.plan = once({ kind: 'corrupt-response' });
    const bytes = await get(client, 'a');
    expect({ length: bytes.length, differ: bytes.filter((byte, index) => byte !== large[index]).length }).toEqual({ length: large.length, differ: 1 });
  });

  test('a delay changes nothing, and what is stalled ends only with the connection', async () => {
    const { proxy, client, put, isThere } = await setUp(once({ kind: 'delay', milliseconds: 1 }));
    await put(client, 'a', large);
    expect(await isThere('a')).toBe(true);
    proxy.plan = once({ kind: 'stall' });
    const stalled = put(client, 'b', 'bytes').catch((error: unknown) => error);
    await expect.poll(() => proxy.counts()['stall']).toBe(1);
    await proxy.down();
    expect(String(await stalled)).toMatch(broken);
    await proxy.up();
    expect(await isThere('b')).toBe(false);
  });

  test('down it refuses connections, and up again it is at the same address', async () => {
    const { proxy, client, put, get } = await setUp();
    await put(client, 'a', 'bytes');
    await proxy.down();
    await expect(get(client, 'a')).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/);
    await expect(get(client, 'a')).rejects.toThrow('ECONNREFUSED');
    await proxy.up();
    expect((await get(client, 'a')).toString()).toBe('bytes');
  });

  test('a seed gives the same faults again, of every kind, to about the share that is asked for', async () => {
    const { proxy, client, put, get } = await setUp(seededFaults({ seed: 7, share: 0.5 }));
    const seen = new Set<string>();
    for (let index = 0; index < 150; index++) {
      await (index % 2 === 0 ? put(client, 'a', 'some bytes') : get(client, 'a')).catch(() => {});
      if (proxy.requests.at(-1)!.fault) seen.add(proxy.requests.at(-1)!.fault!);
    }
    expect([...seen].sort()).toEqual(
      ['answer 403', 'answer 429', 'answer 500', 'answer 503', 'corrupt-request', 'corrupt-response', 'delay', 'drop-request', 'drop-response', 'lose-answer', 'truncate-response'].sort(),
    );
    const replay = seededFaults({ seed: 7, share: 0.5 });
    expect(proxy.requests.map((request) => replay(request)?.kind)).toEqual(proxy.requests.map(({ fault }) => fault?.replace(/ \d+$/, '')));
  });
}

test('what could not be told from data is neither truncated nor corrupted, and only the faults that are asked for befall a request', () => {
  const listing = { method: 'GET', url: '/bucket?list-type=2', size: 0 };
  const plan = seededFaults({ seed: 1, share: 1, only: ['truncate-response', 'corrupt-response', 'lose-answer'] });
  expect(new Set(Array.from({ length: 50 }, () => plan(listing)?.kind))).toEqual(new Set(['lose-answer']));
  const read = { method: 'GET', url: '/bucket/key?x-id=GetObject', size: 0 };
  expect(new Set(Array.from({ length: 50 }, () => plan(read)?.kind))).toEqual(new Set(['truncate-response', 'corrupt-response', 'lose-answer']));
  const share = Array.from({ length: 10_000 }, seededShare(0.1)).filter(Boolean).length;
  expect(share).toBeGreaterThan(850);
  expect(share).toBeLessThan(1150);
  expect(faultNames).toContain('slow down, told how long');

  function seededShare(share: number): () => boolean {
    const plan = seededFaults({ seed: 3, share, only: ['delay'] });
    return () => plan(listing) !== undefined;
  }
});
