/**
 * An S3 in this process, for machines without Ceph: signatures, checksums, ranges, listings and multipart uploads as a real one has
 * them. s3-behaviour.test.ts holds it to Ceph's gateway; where that departs from what Amazon documents, this one follows Amazon.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { listen } from './loopback.ts';
import { S3Error } from './s3/error.ts';
import { listObjects } from './s3/listing.ts';
import { abortUpload, completeUpload, createUpload, listParts, listUploads, uploadPart } from './s3/multipart.ts';
import { deleteObject, deleteObjects, getObject, getTags, putObject } from './s3/objects.ts';
import { addressOf, readBody } from './s3/request.ts';
import type { Answer, S3Request } from './s3/request.ts';
import { verifySignature } from './s3/signature.ts';
import { Bucket } from './s3/storage.ts';
import { xmlDocument } from './s3/xml.ts';
import type { S3Access } from './s3-access.ts';

export interface S3Server extends S3Access {
  /** Makes a bucket that lies in another region: requests for it are sent there. */
  addBucketElsewhere(name: string, region: string): void;
  /** Cuts every connection and takes no new ones. What was confirmed is kept, what was on its way is not. */
  kill(): Promise<void>;
  /** Starts again at the same address, with what it held. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Operation {
  writes: boolean;
  run(request: S3Request): Answer;
}

const region = 'us-east-1';
const writer = { accessKey: 'BATWRITERACCESSKEY00', secretKey: 'write/Secret+of/the/tests+0123456789abcd', mayWrite: true };
const reader = { accessKey: 'BATREADERACCESSKEY00', secretKey: 'read/Secret+of/the/tests+0123456789abcde', mayWrite: false };

/** By method, what is named in the path, and the words in the query that make another operation of it. */
const operations: Record<string, Operation> = {
  'GET bucket list-type': { writes: false, run: listObjects },
  'GET bucket uploads': { writes: false, run: listUploads },
  'GET bucket location': { writes: false, run: ({ bucket }) => ({ status: 200, body: xmlDocument('LocationConstraint', bucket.region) }) },
  'GET bucket versioning': { writes: false, run: () => ({ status: 200, body: xmlDocument('VersioningConfiguration', '') }) },
  'HEAD bucket': { writes: false, run: ({ bucket }) => ({ status: 200, headers: { 'x-amz-bucket-region': bucket.region } }) },
  'POST bucket delete': { writes: true, run: deleteObjects },
  'PUT object': { writes: true, run: putObject },
  'PUT object partNumber uploadId': { writes: true, run: uploadPart },
  'GET object': { writes: false, run: getObject },
  'HEAD object': { writes: false, run: getObject },
  'GET object tagging': { writes: false, run: getTags },
  'GET object uploadId': { writes: false, run: listParts },
  'DELETE object': { writes: true, run: deleteObject },
  'DELETE object uploadId': { writes: true, run: abortUpload },
  'POST object uploads': { writes: true, run: createUpload },
  'POST object uploadId': { writes: true, run: completeUpload },
};

/** Words in a query that do not make another operation of a request. */
const parameters = new Set([
  'x-id', 'prefix', 'delimiter', 'max-keys', 'continuation-token', 'start-after', 'encoding-type', 'fetch-owner',
  'key-marker', 'upload-id-marker', 'max-uploads', 'part-number-marker', 'max-parts',
]);

export async function startS3Server(): Promise<S3Server> {
  const buckets = new Map<string, Bucket>();
  const { endpoint, open, close } = await listen((request, response) => void serve(buckets, request, response));
  return {
    endpoint,
    region,
    accessKey: writer.accessKey,
    secretKey: writer.secretKey,
    reader: { accessKey: reader.accessKey, secretKey: reader.secretKey },
    addBucketElsewhere: (name, elsewhere) => void buckets.set(name, new Bucket(elsewhere)),
    kill: close,
    start: open,
    async stop() {
      await close();
      buckets.clear();
    },
  };
}

async function serve(buckets: Map<string, Bucket>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const answer = await answerTo(buckets, request).catch((error: unknown) => {
      if (error instanceof S3Error) return answerOf(error, request.url!);
      throw error;
    });
    await send(answer, request, response);
  } catch {
    // The client has gone, or the server was killed.
    response.destroy();
  }
}

async function answerTo(buckets: Map<string, Bucket>, request: IncomingMessage): Promise<Answer> {
  const method = request.method!;
  let user;
  try {
    user = verifySignature({ method, url: request.url!, headers: request.headers }, [writer, reader], region);
  } catch (error) {
    // To its end, else the client may not see the answer.
    for await (const _ of request);
    throw error;
  }
  const body = await readBody(request);
  const { bucketName, key, query } = addressOf(request.url!);
  if (key === '' && (method === 'PUT' || method === 'DELETE') && query.size === (query.has('x-id') ? 1 : 0)) {
    if (!user.mayWrite) throw denied();
    return method === 'PUT' ? createBucket(buckets, bucketName) : deleteBucket(buckets, bucketName);
  }
  const bucket = bucketOf(buckets, bucketName);
  const words = [...query.keys()].filter((word) => !parameters.has(word) && !word.startsWith('response-')).sort();
  const operation = operations[[method, key === '' ? 'bucket' : 'object', ...words].join(' ')];
  if (!operation) throw new S3Error(501, 'NotImplemented', 'This server does not do that.');
  if (operation.writes && !user.mayWrite) throw denied();
  return operation.run({ method, bucket, bucketName, key, query, headers: request.headers, body });
}

function createBucket(buckets: Map<string, Bucket>, name: string): Answer {
  if (!/^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/.test(name)) throw new S3Error(400, 'InvalidBucketName', 'The name is no name for a bucket.', { BucketName: name });
  if (!buckets.has(name)) buckets.set(name, new Bucket(region));
  return { status: 200 };
}

function deleteBucket(buckets: Map<string, Bucket>, name: string): Answer {
  if (!bucketOf(buckets, name).isEmpty) throw new S3Error(409, 'BucketNotEmpty', 'The bucket is not empty.', { BucketName: name });
  buckets.delete(name);
  return { status: 204 };
}

function bucketOf(buckets: Map<string, Bucket>, name: string): Bucket {
  const bucket = buckets.get(name);
  if (!bucket) throw new S3Error(404, 'NoSuchBucket', 'The bucket does not exist.', { BucketName: name });
  if (bucket.region === region) return bucket;
  const fields = { Bucket: name, Endpoint: `s3.${bucket.region}.amazonaws.com` };
  throw new S3Error(301, 'PermanentRedirect', 'The bucket must be addressed at another endpoint.', fields, { 'x-amz-bucket-region': bucket.region });
}

function denied(): S3Error {
  return new S3Error(403, 'AccessDenied', 'Access denied.');
}

function answerOf(error: S3Error, url: string): Answer {
  return { status: error.status, headers: error.headers, body: error.body(url) };
}

async function send({ status, headers, body }: Answer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.writeHead(status, {
    'x-amz-request-id': 'in-process',
    ...(typeof body === 'string' && { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(body) }),
    ...(body === undefined && status !== 204 && status !== 304 && { 'content-length': 0 }),
    ...headers,
  });
  if (request.method === 'HEAD' || body === undefined) response.end();
  else if (typeof body === 'string') response.end(body);
  else await pipeline(Readable.from(body), response);
}
