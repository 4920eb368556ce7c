/** Objects of the cold classes behave behind the gate as they do at Amazon, over a server that knows nothing of it. */
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, RestoreObjectCommand } from '@aws-sdk/client-s3';
import type { Tier } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { missingCeph, sharedRgw } from './ceph-rgw.ts';
import { startColdGate } from './cold-gate.ts';
import { newBucket, removeBucket, s3Client } from './s3-access.ts';
import type { S3Access, S3Keys } from './s3-access.ts';
import { startS3Server } from './s3-server.ts';

const missing = missingCeph();
const hour = 3_600_000;

describe.skipIf(missing)(`cold storage before Ceph RGW${missing ? ` (skipped: ${missing})` : ''}`, () => coldStorage(async () => ({ ...(await sharedRgw()), stop: async () => {} })));

describe('cold storage before the server in this process', () => coldStorage(startS3Server));

function coldStorage(start: () => Promise<S3Access & { stop(): Promise<void> }>): void {
  async function setUp() {
    const server = await start();
    const gate = await startColdGate(server);
    const Bucket = await newBucket(server);
    const client = s3Client(gate);
    onTestFinished(async () => {
      client.destroy();
      await gate.stop();
      await removeBucket(server, Bucket);
      await server.stop();
    });
    return {
      gate,
      put: (Key: string, StorageClass?: 'GLACIER' | 'DEEP_ARCHIVE' | 'GLACIER_IR', Body = 'bytes') => client.send(new PutObjectCommand({ Bucket, Key, Body, ...(StorageClass && { StorageClass }) })),
      get: async (Key: string, Range?: string) => (await client.send(new GetObjectCommand({ Bucket, Key, Range }))).Body!.transformToString(),
      head: (Key: string) => client.send(new HeadObjectCommand({ Bucket, Key })),
      list: () => client.send(new ListObjectsV2Command({ Bucket })),
      restore: async (Key: string, tier?: Tier, Days = 1) => {
        const RestoreRequest = { Days, ...(tier && { GlacierJobParameters: { Tier: tier } }) };
        return (await client.send(new RestoreObjectCommand({ Bucket, Key, RestoreRequest }))).$metadata.httpStatusCode;
      },
      restoreAs: (keys: Partial<S3Keys>) => {
        const other = s3Client({ ...gate, ...keys });
        return other.send(new RestoreObjectCommand({ Bucket, Key: 'a', RestoreRequest: { Days: 1 } })).finally(() => other.destroy());
      },
    };
  }

  test('from cold to readable and back', async () => {
    const { gate, put, get, head, list, restore } = await setUp();
    await put('a', 'GLACIER');
    const cold = { name: 'InvalidObjectState', StorageClass: 'GLACIER', $metadata: { httpStatusCode: 403 } };
    await expect(get('a')).rejects.toMatchObject(cold);
    await expect(get('a', 'bytes=0-1')).rejects.toMatchObject(cold);
    expect(await head('a')).toMatchObject({ StorageClass: 'GLACIER', ContentLength: 5 });
    expect((await head('a')).Restore).toBeUndefined();
    expect((await list()).Contents).toMatchObject([{ Key: 'a', StorageClass: 'GLACIER' }]);

    expect(await restore('a', 'Standard', 2)).toBe(202);
    expect((await head('a')).Restore).toBe('ongoing-request="true"');
    gate.advance(5 * hour - 1);
    await expect(get('a')).rejects.toMatchObject(cold);
    gate.advance(1);
    const [, until] = /^ongoing-request="false", expiry-date="(.*)"$/.exec((await head('a')).Restore!)!;
    const days = (Date.parse(until!) - gate.now().getTime()) / (24 * hour);
    expect(days).toBeGreaterThanOrEqual(2);
    expect(days).toBeLessThan(3);
    expect(await get('a')).toBe('bytes');
    expect(await get('a', 'bytes=1-2')).toBe('yt');

    gate.advance(3 * 24 * hour);
    await expect(get('a')).rejects.toMatchObject(cold);
    expect((await head('a')).Restore).toBeUndefined();
    expect(await restore('a')).toBe(202);
  });

  test('asked for again: refused while it goes on, and longer when it is readable', async () => {
    const { gate, put, head, restore } = await setUp();
    await put('a', 'DEEP_ARCHIVE');
    expect(await restore('a', 'Bulk', 1)).toBe(202);
    await expect(restore('a', 'Standard', 1)).rejects.toMatchObject({ name: 'RestoreAlreadyInProgress', $metadata: { httpStatusCode: 409 } });
    gate.advance(48 * hour);
    const before = (await head('a')).Restore;
    expect(await restore('a', 'Bulk', 30)).toBe(200);
    expect((await head('a')).Restore).toMatch(/^ongoing-request="false"/);
    expect((await head('a')).Restore).not.toBe(before);
    expect(gate.restores.map(({ key, tier, days, status }) => ({ key, tier, days, status }))).toEqual([
      { key: 'a', tier: 'Bulk', days: 1, status: 202 },
      { key: 'a', tier: 'Standard', days: 1, status: 409 },
      { key: 'a', tier: 'Bulk', days: 30, status: 200 },
    ]);
  });

  test.each([
    ['GLACIER', 'Expedited', 5 / 60],
    ['GLACIER', 'Standard', 5],
    ['GLACIER', 'Bulk', 12],
    ['DEEP_ARCHIVE', 'Standard', 12],
    ['DEEP_ARCHIVE', 'Bulk', 48],
  ] as const)('%s, %s: readable after %d hours', async (storageClass, tier, hours) => {
    const { gate, put, get, restore } = await setUp();
    await put('a', storageClass);
    expect(await restore('a', tier)).toBe(202);
    gate.advance(hours * hour - 1);
    await expect(get('a')).rejects.toMatchObject({ name: 'InvalidObjectState' });
    gate.advance(1);
    expect(await get('a')).toBe('bytes');
  });

  test('what cannot be thawed', async () => {
    const { gate, put, restore } = await setUp();
    await put('hot');
    await put('instant', 'GLACIER_IR');
    await put('deep', 'DEEP_ARCHIVE');
    await expect(restore('hot')).rejects.toMatchObject({ name: 'InvalidObjectState' });
    await expect(restore('instant')).rejects.toMatchObject({ name: 'InvalidObjectState' });
    await expect(restore('nothing')).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(restore('deep', 'Expedited')).rejects.toMatchObject({ name: 'InvalidArgument', $metadata: { httpStatusCode: 400 } });
    await expect(restore('deep', 'Standard', 0)).rejects.toMatchObject({ name: 'MalformedXML' });
    expect(gate.restores).toEqual([]);
  });

  test('who may not write, or is not who he says, cannot ask', async () => {
    const { gate, put, restoreAs } = await setUp();
    await put('a', 'GLACIER');
    await expect(restoreAs(gate.reader)).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(restoreAs({ secretKey: 'wrong' })).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
    expect(gate.restores).toEqual([]);
  });

  test('hot objects, and classes that are read at once, pass', async () => {
    const { put, get } = await setUp();
    await put('hot');
    await put('instant', 'GLACIER_IR');
    expect(await get('hot')).toBe('bytes');
    expect(await get('instant')).toBe('bytes');
    await expect(get('nothing')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  test('an object put in the place of a thawed one is cold', async () => {
    const { gate, put, get, restore } = await setUp();
    await put('a', 'GLACIER');
    await restore('a', 'Expedited');
    gate.advance(hour);
    expect(await get('a')).toBe('bytes');
    await put('a', 'GLACIER', 'others');
    await expect(get('a')).rejects.toMatchObject({ name: 'InvalidObjectState' });
  });
}
