/** Fifty runs to a bucket over a line and a server that fail in a tenth of all requests. */
import type { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { describe, onTestFinished, test } from 'vitest';
import { type FaultyCloud, runThroughFaults } from '../e2e/faulty-runs.ts';
import { missingPrograms } from '../e2e/judges.ts';
import { missingCeph, sharedRgw } from '../servers/ceph-rgw.ts';
import { startFaultyProxy } from '../servers/faulty-proxy.ts';
import { everythingIn, newBucket, removeBucket, s3Client, type S3Access } from '../servers/s3-access.ts';
import { startS3Server } from '../servers/s3-server.ts';
import { seededFaults } from '../servers/seeded-faults.ts';

const missing = missingPrograms('rsync');
const seed = Number(process.env['BAT_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
/** Ceph where it is there: the one in this process is held to it elsewhere. */
const hasCeph = missingCeph() === null;

describe.skipIf(missing)(`${hasCeph ? 'Ceph RGW' : 'an S3 in this process'} behind faults, BAT_SEED=${seed}${missing ? ` (skipped: ${missing})` : ''}`, () => {
  test('fifty runs end with a bucket in which every object is right', async () => {
    const cloud = await faultyBucket();
    onTestFinished(() => cloud.stop());
    await runThroughFaults(cloud, { runs: 50, seed });
  });
});

async function faultyBucket(): Promise<FaultyCloud> {
  const server: S3Access & { stop(): Promise<void> } = hasCeph ? { ...(await sharedRgw()), stop: async () => {} } : await startS3Server();
  const proxy = await startFaultyProxy(server, seededFaults({ seed }));
  const bucket = await newBucket(server);
  const client = s3Client(server);
  const isUpload = (key: string): boolean => key.includes(' (upload ');
  return {
    proxy,
    options: `type: s3, endpoint: '${proxy.endpoint}', region: ${server.region}, bucket: ${bucket}, access-key: ${server.accessKey}, secret-key: '${server.secretKey}', part-size: 5MiB`,
    async *objects() {
      for (const Key of await everythingIn(server, bucket)) {
        if (isUpload(Key)) continue;
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
        yield [Key.replace(/^plan\//, ''), Body as Readable];
      }
    },
    leftovers: async () => (await everythingIn(server, bucket)).filter(isUpload),
    async stop() {
      client.destroy();
      await proxy.stop();
      await removeBucket(server, bucket);
      await server.stop();
    },
  };
}
