/** What a test needs to know of a server that speaks S3, and its buckets, asked with Amazon's client and without bat. */
import { randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  paginateListObjectsV2,
  ListMultipartUploadsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { ListMultipartUploadsCommandOutput } from '@aws-sdk/client-s3';

export interface S3Keys {
  accessKey: string;
  secretKey: string;
}

export interface S3Access extends S3Keys {
  /** `http://127.0.0.1:…`; buckets are in the path. */
  endpoint: string;
  region: string;
  /** Keys that may read the same buckets, and write nothing. */
  reader: S3Keys;
}

/** Amazon's client tells the console about streams that it could not send again. */
export const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** A client that tries once and sends what it is told: no chunked framing, no checksums of its own. */
export function s3Client({ endpoint, region, accessKey, secretKey }: Omit<S3Access, 'reader'>): S3Client {
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    maxAttempts: 1,
    logger: silent,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/** Makes an empty bucket with a name of its own. */
export async function newBucket(access: S3Access): Promise<string> {
  const bucket = `bat-${randomBytes(8).toString('hex')}`;
  await withClient(access, (client) => client.send(new CreateBucketCommand({ Bucket: bucket })));
  return bucket;
}

/** Removes a bucket and all that is in it. */
export async function removeBucket(access: S3Access, bucket: string): Promise<void> {
  await withClient(access, async (client) => {
    for await (const { key, uploadId } of contentsOf(client, bucket)) {
      const place = { Bucket: bucket, Key: key };
      await (uploadId === undefined ? client.send(new DeleteObjectCommand(place)) : client.send(new AbortMultipartUploadCommand({ ...place, UploadId: uploadId })));
    }
    await client.send(new DeleteBucketCommand({ Bucket: bucket }));
  });
}

/** The keys of all objects in a bucket, and of its unfinished uploads as `KEY (upload ID)`. */
export async function everythingIn(access: S3Access, bucket: string): Promise<string[]> {
  return withClient(access, async (client) => {
    const names: string[] = [];
    for await (const { key, uploadId } of contentsOf(client, bucket)) names.push(uploadId === undefined ? key : `${key} (upload ${uploadId})`);
    return names;
  });
}

async function* contentsOf(client: S3Client, bucket: string): AsyncGenerator<{ key: string; uploadId?: string }> {
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket })) {
    for (const { Key } of page.Contents ?? []) yield { key: Key! };
  }
  let after: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {};
  while (after) {
    const page: ListMultipartUploadsCommandOutput = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, ...after }));
    for (const { Key, UploadId } of page.Uploads ?? []) yield { key: Key!, uploadId: UploadId! };
    after = page.IsTruncated ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : undefined;
  }
}

async function withClient<Result>(access: S3Access, use: (client: S3Client) => Promise<Result>): Promise<Result> {
  const client = s3Client(access);
  try {
    return await use(client);
  } finally {
    client.destroy();
  }
}
