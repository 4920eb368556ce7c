/** What only the server in this process does. */
import { GetObjectCommand, HeadBucketCommand, PutObjectCommand, UploadPartCommand, CreateMultipartUploadCommand, ListPartsCommand } from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { newBucket, s3Client } from './s3-access.ts';
import { startS3Server } from './s3-server.ts';

async function started() {
  const server = await startS3Server();
  const client = s3Client(server);
  onTestFinished(async () => {
    client.destroy();
    await server.stop();
  });
  return { server, client };
}

test('killed and started again, it is at the same address and has what it had confirmed', async () => {
  const { server, client } = await started();
  const Bucket = await newBucket(server);
  await client.send(new PutObjectCommand({ Bucket, Key: 'kept', Body: 'bytes' }));
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'big' }));
  await client.send(new UploadPartCommand({ Bucket, Key: 'big', UploadId, PartNumber: 1, Body: 'part' }));
  await server.kill();
  await expect(client.send(new GetObjectCommand({ Bucket, Key: 'kept' }))).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/);
  await server.start();
  expect(await (await client.send(new GetObjectCommand({ Bucket, Key: 'kept' }))).Body!.transformToString()).toBe('bytes');
  expect((await client.send(new ListPartsCommand({ Bucket, Key: 'big', UploadId }))).Parts).toMatchObject([{ PartNumber: 1, Size: 4 }]);
});

test('a bucket of another region sends its callers there', async () => {
  const { server, client } = await started();
  server.addBucketElsewhere('far-away', 'eu-central-1');
  await expect(client.send(new GetObjectCommand({ Bucket: 'far-away', Key: 'a' }))).rejects.toMatchObject({
    name: 'PermanentRedirect',
    Endpoint: 's3.eu-central-1.amazonaws.com',
    $metadata: { httpStatusCode: 301 },
  });
  const error = await client.send(new HeadBucketCommand({ Bucket: 'far-away' })).catch((error: unknown) => error);
  expect(error).toMatchObject({ $metadata: { httpStatusCode: 301 }, $response: { headers: { 'x-amz-bucket-region': 'eu-central-1' } } });
});

test('the name of another region in a signature is refused, and the right one is told', async () => {
  const { server } = await started();
  const client = s3Client({ ...server, region: 'eu-central-1' });
  await expect(client.send(new HeadBucketCommand({ Bucket: 'any' }))).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
  await expect(client.send(new GetObjectCommand({ Bucket: 'any', Key: 'a' }))).rejects.toMatchObject({ name: 'AuthorizationHeaderMalformed', Region: 'us-east-1' });
  client.destroy();
});

test('a header that was changed on the way, or added, breaks the signature', async () => {
  const { server } = await started();
  const Bucket = await newBucket(server);
  const put = async (change: (headers: Record<string, string>) => void) => {
    const client = s3Client(server);
    client.middlewareStack.add(
      (next) => (args) => {
        change((args.request as { headers: Record<string, string> }).headers);
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    return client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'bytes', StorageClass: 'GLACIER' })).finally(() => client.destroy());
  };
  await put(() => {});
  await expect(put((headers) => (headers['x-amz-storage-class'] = 'STANDARD'))).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
  await expect(put((headers) => (headers['x-amz-tagging'] = 'a=b'))).rejects.toMatchObject({ name: 'AccessDenied' });
});
