/**
 * A gate before an S3 that keeps storage classes as labels: objects of the cold ones cannot be read through it until they have been
 * thawed, as at Amazon. Its clock stands still until a test moves it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { HeadObjectCommandOutput, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { bodyOf, relay, sendOn } from './forward.ts';
import { listen } from './loopback.ts';
import { S3Error } from './s3/error.ts';
import { addressOf, readBody } from './s3/request.ts';
import { verifySignature } from './s3/signature.ts';
import { textIn } from './s3/xml.ts';
import { s3Client } from './s3-access.ts';
import type { S3Access } from './s3-access.ts';

type Tier = 'Expedited' | 'Standard' | 'Bulk';

export interface RestoreRequest {
  bucket: string;
  key: string;
  tier: string;
  days: number;
  /** 202 started, 200 it was readable already, 409 it was on its way. */
  status: number;
}

export interface ColdGate extends S3Access {
  /** Moves the clock of the gate; thaws that are due are done, and copies whose days are over are gone. */
  advance(milliseconds: number): void;
  now(): Date;
  /** Every request to thaw an object that is there, in the order they came. */
  readonly restores: readonly RestoreRequest[];
  stop(): Promise<void>;
}

/** A thaw belongs to the object as it was: one put in its place is cold again. */
interface Thaw {
  version: string;
  readyAt: number;
  expiresAt: number;
}

const hour = 3_600_000;
const day = 24 * hour;

/** What Amazon promises at most, in milliseconds. A class without a tier refuses it. */
const delays: Record<string, Partial<Record<Tier, number>>> = {
  GLACIER: { Expedited: hour / 12, Standard: 5 * hour, Bulk: 12 * hour },
  DEEP_ARCHIVE: { Standard: 12 * hour, Bulk: 48 * hour },
};

/** Words in a query that leave a GET what it is: a read of the object. */
const readParameters = /^(x-id|partNumber|response-.*)$/;

export async function startColdGate(server: S3Access): Promise<ColdGate> {
  const thaws = new Map<string, Thaw>();
  const restores: RestoreRequest[] = [];
  const client = s3Client(server);
  let now = Date.now();

  /** The thaw of an object, if it is not over. */
  const thawOf = (place: string, version: string): Thaw | undefined => {
    const thaw = thaws.get(place);
    return thaw?.version === version && now < thaw.expiresAt ? thaw : undefined;
  };

  const restore = async (request: IncomingMessage): Promise<number> => {
    const { bucketName, key } = addressOf(request.url!);
    const { days, tier } = await orderOf(request, server);
    const { StorageClass = 'STANDARD', ETag, LastModified } = await headOf(client, bucketName, key);
    const wait = delayOf(StorageClass, tier);
    const place = `${bucketName}/${key}`;
    const version = versionOf(ETag, LastModified!.toUTCString());
    const thaw = thawOf(place, version);
    const status = !thaw ? 202 : now < thaw.readyAt ? 409 : 200;
    restores.push({ bucket: bucketName, key, tier, days, status });
    if (status === 409) throw new S3Error(409, 'RestoreAlreadyInProgress', 'The object is being thawed already.');
    const readyAt = thaw?.readyAt ?? now + wait;
    thaws.set(place, { version, readyAt, expiresAt: midnightAfter(Math.max(now, readyAt) + days * day) });
    return status;
  };

  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const answer = await sendOn(server.endpoint, request, bodyOf(request));
    request.resume();
    const { bucketName, key, query } = addressOf(request.url!);
    const storageClass = String(answer.headers['x-amz-storage-class'] ?? 'STANDARD');
    const reads = (request.method === 'GET' || request.method === 'HEAD') && key !== '' && [...query.keys()].every((word) => readParameters.test(word));
    if (!reads || !delays[storageClass]) return relay(answer, response);
    const thaw = thawOf(`${bucketName}/${key}`, versionOf(answer.headers.etag, answer.headers['last-modified']));
    if (request.method === 'GET' && (!thaw || now < thaw.readyAt)) {
      answer.destroy();
      throw new S3Error(403, 'InvalidObjectState', "The operation is not valid for the object's storage class", { StorageClass: storageClass });
    }
    return relay(answer, response, answer, thaw ? [...answer.rawHeaders, 'x-amz-restore', stateOf(thaw, now)] : answer.rawHeaders);
  };

  const { endpoint, close } = await listen((request, response) => {
    const isRestore = request.method === 'POST' && addressOf(request.url!).query.has('restore');
    const work = isRestore ? restore(request).then((status) => void response.writeHead(status, { 'content-length': 0 }).end()) : pass(request, response);
    work.catch((error: unknown) => {
      if (!(error instanceof S3Error)) return void request.socket.destroy();
      const body = error.body(request.url!);
      response.writeHead(error.status, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(body) }).end(body);
    });
  });
  return {
    ...accessOf(server),
    endpoint,
    restores,
    now: () => new Date(now),
    advance: (milliseconds) => void (now += milliseconds),
    async stop() {
      await close();
      client.destroy();
    },
  };
}

/** What is asked for, by whom it may be: Ceph answers to any restore that it has none, before it looks who asks. */
async function orderOf(request: IncomingMessage, { accessKey, secretKey, reader }: S3Access): Promise<{ days: number; tier: string }> {
  const user = verifySignature({ method: request.method!, url: request.url!, headers: request.headers }, [
    { accessKey, secretKey, mayWrite: true },
    { ...reader, mayWrite: false },
  ]);
  const xml = (await readBody(request)).bytes.toString();
  if (!user.mayWrite) throw new S3Error(403, 'AccessDenied', 'Access denied.');
  const days = Number(textIn(xml, 'Days'));
  if (!Number.isInteger(days) || days < 1) throw new S3Error(400, 'MalformedXML', 'Days must be a whole number, and at least 1.');
  return { days, tier: textIn(xml, 'Tier') ?? 'Standard' };
}

async function headOf(client: S3Client, Bucket: string, Key: string): Promise<HeadObjectCommandOutput> {
  try {
    return await client.send(new HeadObjectCommand({ Bucket, Key }));
  } catch (error) {
    if ((error as S3ServiceException).$metadata?.httpStatusCode === 404) throw new S3Error(404, 'NoSuchKey', 'The key does not exist.', { Key });
    throw error;
  }
}

function delayOf(storageClass: string, tier: string): number {
  const tiers = delays[storageClass];
  if (!tiers) throw new S3Error(403, 'InvalidObjectState', "Restore is not allowed for the object's current storage class", { StorageClass: storageClass });
  const wait = tiers[tier as Tier];
  if (wait === undefined) throw new S3Error(400, 'InvalidArgument', `Retrieval option ${tier} is not supported by the storage class ${storageClass}`);
  return wait;
}

function stateOf({ readyAt, expiresAt }: Thaw, now: number): string {
  return now < readyAt ? 'ongoing-request="true"' : `ongoing-request="false", expiry-date="${new Date(expiresAt).toUTCString()}"`;
}

/** Copies go at midnight, UTC. */
function midnightAfter(time: number): number {
  return Math.ceil(time / day) * day;
}

function versionOf(etag: string | undefined, modified: string | undefined): string {
  return `${etag} ${modified}`;
}

function accessOf({ region, accessKey, secretKey, reader }: S3Access): Omit<S3Access, 'endpoint'> {
  return { region, accessKey, secretKey, reader };
}
