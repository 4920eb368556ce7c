/**
 * What tests rely on in a server that speaks S3, shown of Ceph's gateway and of the one in this process: they give the same answers.
 * Where the gateway departs from what Amazon documents, the one in this process follows Amazon, and both answers stand here.
 */
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  RestoreObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { CompletedPart, S3ServiceException } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytesOf, inParallel } from '../../src/targets/conformance/data.ts';
import { missingCeph, sharedRgw } from './ceph-rgw.ts';
import { everythingIn, newBucket, removeBucket, s3Client, silent } from './s3-access.ts';
import type { S3Access } from './s3-access.ts';
import { startS3Server } from './s3-server.ts';

interface Answer {
  status: number;
  code?: string;
}

const missing = missingCeph();
const part = 5 * 2 ** 20;

describe.skipIf(missing)(`Ceph RGW speaks S3${missing ? ` (skipped: ${missing})` : ''}`, () => behaviour(async () => ({ ...(await sharedRgw()), stop: async () => {} }), (answers) => answers.ceph));

describe('the server in this process speaks S3', () => behaviour(startS3Server, (answers) => answers.amazon));

function behaviour(start: () => Promise<S3Access & { stop(): Promise<void> }>, either: <Value>(answers: { ceph: Value; amazon: Value }) => Value): void {
  let access: S3Access & { stop(): Promise<void> };
  let client: S3Client;
  let reader: S3Client;
  let bucket: string;

  beforeAll(async () => {
    access = await start();
    client = s3Client(access);
    reader = s3Client({ ...access, ...access.reader });
    bucket = await newBucket(access);
  });
  afterAll(async () => {
    await removeBucket(access, bucket);
    client.destroy();
    reader.destroy();
    await access.stop();
  });

  const put = (key: string, body: string | Buffer, more = {}) => client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ...more }));
  const get = (key: string, more = {}) => client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...more }));
  const head = (key: string) => client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
  const textOf = async (key: string, more = {}): Promise<string> => (await get(key, more)).Body!.transformToString();
  const list = (more = {}) => client.send(new ListObjectsV2Command({ Bucket: bucket, ...more }));
  const begin = async (key: string, more = {}) => {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key, ...more }));
    return { Bucket: bucket, Key: key, UploadId: UploadId! };
  };
  const sendPart = async (upload: { Bucket: string; Key: string; UploadId: string }, PartNumber: number, Body: Buffer | string, more = {}): Promise<CompletedPart> => {
    const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber, Body, ...more }));
    return { PartNumber, ETag: ETag! };
  };
  const complete = (upload: { Bucket: string; Key: string; UploadId: string }, Parts: CompletedPart[]) =>
    client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
  const otherClient = async (settings: Partial<S3Access>): Promise<Answer> => {
    const other = s3Client({ ...access, ...settings });
    const answer = await answerOf(other.send(new ListObjectsV2Command({ Bucket: bucket })));
    other.destroy();
    return answer;
  };

  describe('who asks', () => {
    test('a wrong secret and an unknown key are refused', async () => {
      expect(await otherClient({ secretKey: 'wrong' })).toEqual({ status: 403, code: 'SignatureDoesNotMatch' });
      expect(await otherClient({ accessKey: 'NOBODYSACCESSKEY0000' })).toEqual({ status: 403, code: 'InvalidAccessKeyId' });
      expect(await otherClient({})).toEqual({ status: 200 });
    });

    test('a request without a signature is refused', async () => {
      const response = await fetch(`${access.endpoint}/${bucket}/object`, { method: 'PUT', body: 'bytes' });
      expect(response.status).toBe(403);
      expect(await response.text()).toContain('<Code>AccessDenied</Code>');
    });

    test.each([-16, 16])('a clock that is off by %i minutes is refused, and the answer says what time it is', async (minutes) => {
      const credentials = { accessKeyId: access.accessKey, secretAccessKey: access.secretKey };
      const skewed = new S3Client({ endpoint: access.endpoint, region: access.region, forcePathStyle: true, maxAttempts: 1, credentials, systemClockOffset: minutes * 60_000 });
      const error = await skewed.send(new ListObjectsV2Command({ Bucket: bucket })).catch((error: S3ServiceException) => error);
      skewed.destroy();
      expect(error).toMatchObject({ name: 'RequestTimeTooSkewed', $metadata: { httpStatusCode: 403 } });
      expect(Math.abs(Date.parse((error as S3ServiceException).$response!.headers['date']!) - Date.now())).toBeLessThan(60_000);
    });

    test('the name of another region in the signature', async () => {
      const answer = either<Answer>({ ceph: { status: 200 }, amazon: { status: 400, code: 'AuthorizationHeaderMalformed' } });
      expect(await otherClient({ region: 'eu-nowhere-1' })).toEqual(answer);
    });

    test('keys that may only read', async () => {
      await put('for the reader', 'bytes');
      const object = { Bucket: bucket, Key: 'for the reader' };
      const upload = await begin('an upload');
      const denied = { status: 403, code: 'AccessDenied' };
      expect(await (await reader.send(new GetObjectCommand(object))).Body!.transformToString()).toBe('bytes');
      expect(await answerOf(reader.send(new HeadBucketCommand({ Bucket: bucket })))).toEqual({ status: 200 });
      expect(await answerOf(reader.send(new ListObjectsV2Command({ Bucket: bucket })))).toEqual({ status: 200 });
      expect(await answerOf(reader.send(new ListMultipartUploadsCommand({ Bucket: bucket })))).toEqual({ status: 200 });
      expect(await answerOf(reader.send(new PutObjectCommand({ ...object, Body: 'others' })))).toEqual(denied);
      expect(await answerOf(reader.send(new DeleteObjectCommand(object)))).toEqual(denied);
      expect(await answerOf(reader.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: [object] } })))).toEqual(denied);
      expect(await answerOf(reader.send(new CreateMultipartUploadCommand(object)))).toEqual(denied);
      expect(await answerOf(reader.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'x' })))).toEqual(denied);
      expect(await answerOf(reader.send(new AbortMultipartUploadCommand(upload)))).toEqual(denied);
      expect(await textOf('for the reader')).toBe('bytes');
      await client.send(new AbortMultipartUploadCommand(upload));
    });
  });

  describe('buckets', () => {
    test('one that is not there', async () => {
      const none = { Bucket: 'bat-no-such-bucket', Key: 'a' };
      const missing = { status: 404, code: 'NoSuchBucket' };
      expect(await answerOf(client.send(new ListObjectsV2Command(none)))).toEqual(missing);
      expect(await answerOf(client.send(new GetObjectCommand(none)))).toEqual(missing);
      expect(await answerOf(client.send(new PutObjectCommand({ ...none, Body: 'x' })))).toEqual(missing);
      expect(await answerOf(client.send(new CreateMultipartUploadCommand(none)))).toEqual(missing);
      expect(await answerOf(client.send(new DeleteBucketCommand(none)))).toEqual(missing);
      expect(await answerOf(client.send(new HeadBucketCommand(none)))).toEqual({ status: 404 });
    });

    test('one is made, made again, and removed only when it is empty', async () => {
      const Bucket = await newBucket(access);
      expect(await answerOf(client.send(new CreateBucketCommand({ Bucket })))).toEqual({ status: 200 });
      await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x' }));
      expect(await answerOf(client.send(new DeleteBucketCommand({ Bucket })))).toEqual({ status: 409, code: 'BucketNotEmpty' });
      await removeBucket(access, Bucket);
      expect(await answerOf(client.send(new HeadBucketCommand({ Bucket })))).toEqual({ status: 404 });
      expect(await answerOf(client.send(new CreateBucketCommand({ Bucket: 'No' })))).toEqual({ status: 400, code: 'InvalidBucketName' });
    });

    test('what it says of itself', async () => {
      expect(await answerOf(client.send(new HeadBucketCommand({ Bucket: bucket })))).toEqual({ status: 200 });
      expect((await client.send(new GetBucketVersioningCommand({ Bucket: bucket }))).Status).toBeUndefined();
    });
  });

  describe('objects', () => {
    test.each(['plain', 'two words', 'a+b', 'folder/deep/file', 'crêpes', '木/🦇', "100% 'so' (it) is*!", 'a&b<c>"d"', 'a%2Fb', 'a//b', 'x'.repeat(1024)])(
      'the key %j is stored, read, listed and deleted',
      async (key) => {
        await put(key, `bytes of ${key}`);
        expect(await textOf(key)).toBe(`bytes of ${key}`);
        expect((await list({ Prefix: key })).Contents?.map(({ Key }) => Key)).toEqual([key]);
        expect(await answerOf(client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })))).toEqual({ status: 204 });
        expect(await answerOf(get(key))).toEqual({ status: 404, code: 'NoSuchKey' });
      },
    );

    test('a key of more than 1024 bytes is refused', async () => {
      const code = either({ ceph: 'InvalidObjectName', amazon: 'KeyTooLongError' });
      expect(await answerOf(put(`é${'x'.repeat(1023)}`, 'x'))).toEqual({ status: 400, code });
    });

    test('one that is not there', async () => {
      expect(await answerOf(get('nothing'))).toEqual({ status: 404, code: 'NoSuchKey' });
      expect(await answerOf(head('nothing'))).toEqual({ status: 404 });
      expect(await answerOf(client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'nothing' })))).toEqual({ status: 204 });
    });

    test('size, ETag and type come back with it; the last one put is the one that is there', async () => {
      await put('twice', 'first', { ContentType: 'text/x-first' });
      const { ETag } = await put('twice', 'the second');
      expect(ETag).toBe(`"${md5('the second').toString('hex')}"`);
      expect(await head('twice')).toMatchObject({ ContentLength: 10, ETag, ContentType: 'application/octet-stream', AcceptRanges: 'bytes' });
      expect(await textOf('twice')).toBe('the second');
      await put('typed', Buffer.alloc(0), { ContentType: 'text/x-empty', Metadata: { made: 'by bat' } });
      expect(await head('typed')).toMatchObject({ ContentLength: 0, ContentType: 'text/x-empty', Metadata: { made: 'by bat' } });
      expect(await textOf('typed')).toBe('');
    });

    test.each([
      ['bytes=0-3', 'hell', 'bytes 0-3/11'],
      ['bytes=6-', 'world', 'bytes 6-10/11'],
      ['bytes=-3', 'rld', 'bytes 8-10/11'],
      ['bytes=10-10', 'd', 'bytes 10-10/11'],
      ['bytes=6-100', 'world', 'bytes 6-10/11'],
    ])('the range %s', async (Range, text, ContentRange) => {
      await put('ranged', 'hello world');
      const answer = await get('ranged', { Range });
      expect(answer).toMatchObject({ $metadata: { httpStatusCode: 206 }, ContentRange, ContentLength: text.length });
      expect(await answer.Body!.transformToString()).toBe(text);
    });

    test('a range outside of the object is refused', async () => {
      await put('ranged', 'hello world');
      await put('empty', Buffer.alloc(0));
      for (const Range of ['bytes=11-20', 'bytes=5-2']) expect(await answerOf(get('ranged', { Range }))).toEqual({ status: 416, code: 'InvalidRange' });
      expect(await answerOf(get('empty', { Range: 'bytes=0-0' }))).toEqual({ status: 416, code: 'InvalidRange' });
    });

    test('conditions', async () => {
      const { ETag } = await put('once', 'first', { IfNoneMatch: '*' });
      expect(await answerOf(put('once', 'second', { IfNoneMatch: '*' }))).toEqual({ status: 412, code: 'PreconditionFailed' });
      expect(await textOf('once')).toBe('first');
      expect(await answerOf(get('once', { IfMatch: ETag }))).toEqual({ status: 200 });
      expect(await answerOf(get('once', { IfMatch: '"other"' }))).toEqual({ status: 412, code: 'PreconditionFailed' });
      expect(await answerOf(get('once', { IfNoneMatch: ETag }))).toEqual({ status: 304 });
    });

    test('storage classes are labels, shown when they are not the standard one', async () => {
      for (const StorageClass of ['STANDARD_IA', 'GLACIER_IR', 'GLACIER', 'DEEP_ARCHIVE']) {
        await put(`class/${StorageClass}`, 'bytes', { StorageClass });
        expect((await head(`class/${StorageClass}`)).StorageClass).toBe(StorageClass);
        expect((await get(`class/${StorageClass}`)).StorageClass).toBe(StorageClass);
      }
      await put('class/STANDARD', 'bytes');
      expect((await head('class/STANDARD')).StorageClass).toBeUndefined();
      const listed = (await list({ Prefix: 'class/' })).Contents!.map(({ Key, StorageClass }) => Key === `class/${StorageClass}`);
      expect(listed).toEqual([true, true, true, true, true]);
      const code = either({ ceph: 'InvalidArgument', amazon: 'InvalidStorageClass' });
      expect(await answerOf(put('class/none', 'bytes', { StorageClass: 'LUKEWARM' }))).toEqual({ status: 400, code });
    });

    test('tags', async () => {
      await put('tagged', 'bytes', { Tagging: 'plan=nas&made%20by=bat%26co' });
      expect((await head('tagged')).TagCount).toBe(2);
      const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: 'tagged' }));
      expect(TagSet!.sort((a, b) => (a.Key! < b.Key! ? -1 : 1))).toEqual([{ Key: 'made by', Value: 'bat&co' }, { Key: 'plan', Value: 'nas' }]);
      const Tagging = Array.from({ length: 11 }, (_, index) => `t${index}=x`).join('&');
      expect(await answerOf(put('tagged', 'bytes', { Tagging }))).toEqual({ status: 400, code: 'InvalidArgument' });
    });

    test('encryption by the server', async () => {
      // This release of the gateway passes over AES256, and knows no keys.
      const shown = either({ ceph: undefined, amazon: 'AES256' });
      expect((await put('sealed', 'bytes', { ServerSideEncryption: 'AES256' })).ServerSideEncryption).toBe(shown);
      expect((await head('sealed')).ServerSideEncryption).toBe(shown);
      expect(await textOf('sealed')).toBe('bytes');
      expect(await answerOf(put('sealed', 'bytes', { ServerSideEncryption: 'rot13' }))).toEqual({ status: 400, code: 'InvalidArgument' });
      const withKey = either<Answer>({ ceph: { status: 400, code: 'InvalidArgument' }, amazon: { status: 200 } });
      expect(await answerOf(put('sealed', 'bytes', { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'the-key' }))).toEqual(withKey);
    });

    test('there is no thawing', async () => {
      await put('frozen', 'bytes', { StorageClass: 'GLACIER' });
      const restore = client.send(new RestoreObjectCommand({ Bucket: bucket, Key: 'frozen', RestoreRequest: { Days: 1 } }));
      expect(await answerOf(restore)).toEqual({ status: 501, code: 'NotImplemented' });
      expect(await textOf('frozen')).toBe('bytes');
    });
  });

  describe('what arrives is what was sent', () => {
    test('Content-MD5 is checked', async () => {
      expect(await answerOf(put('checked', 'bytes', { ContentMD5: md5('bytes').toString('base64') }))).toEqual({ status: 200 });
      expect(await answerOf(put('checked', 'others', { ContentMD5: md5('bytes').toString('base64') }))).toEqual({ status: 400, code: 'BadDigest' });
      expect(await answerOf(put('checked', 'others', { ContentMD5: 'junk' }))).toEqual({ status: 400, code: 'InvalidDigest' });
      expect(await textOf('checked')).toBe('bytes');
    });

    test('the signed checksum of the body is checked', async () => {
      const changed = s3Client(access);
      // Below the signature: what a line or a proxy would do.
      changed.middlewareStack.add((next) => (args) => {
        (args.request as { body: string }).body = 'bytez';
        return next(args);
      }, { step: 'finalizeRequest', priority: 'low' });
      expect(await answerOf(changed.send(new PutObjectCommand({ Bucket: bucket, Key: 'changed', Body: 'bytes' })))).toEqual({ status: 400, code: 'XAmzContentSHA256Mismatch' });
      changed.destroy();
      expect(await answerOf(head('changed'))).toEqual({ status: 404 });
    });

    test('a stream of known length is taken, its Content-MD5 checked', async () => {
      const stream = (ContentMD5: string) => ({ Bucket: bucket, Key: 'streamed', Body: Readable.from([Buffer.from('by'), Buffer.from('tes')]), ContentLength: 5, ContentMD5 });
      expect(await answerOf(client.send(new PutObjectCommand(stream(md5('bytes').toString('base64')))))).toEqual({ status: 200 });
      expect(await textOf('streamed')).toBe('bytes');
      expect(await answerOf(client.send(new PutObjectCommand(stream(md5('others').toString('base64')))))).toEqual({ status: 400, code: 'BadDigest' });
    });

    test('a body of unknown length, or in the chunks that the client makes unless told not to, is refused', async () => {
      const missingLength = { status: 411, code: 'MissingContentLength' };
      expect(await answerOf(client.send(new PutObjectCommand({ Bucket: bucket, Key: 'chunked', Body: Readable.from([Buffer.from('bytes')]) })))).toEqual(missingLength);
      const credentials = { accessKeyId: access.accessKey, secretAccessKey: access.secretKey };
      const untold = new S3Client({ endpoint: access.endpoint, region: access.region, forcePathStyle: true, maxAttempts: 1, credentials, logger: silent });
      const framed = new PutObjectCommand({ Bucket: bucket, Key: 'chunked', Body: Readable.from([Buffer.from('bytes')]), ContentLength: 5 });
      expect(await answerOf(untold.send(framed))).toEqual(missingLength);
      untold.destroy();
      expect(await answerOf(head('chunked'))).toEqual({ status: 404 });
    });

    test('a body that breaks off leaves nothing', async () => {
      const broken = s3Client(access);
      broken.middlewareStack.add((next) => async (args) => {
        const { headers, method, path } = args.request as { headers: Record<string, string>; method: string; path: string };
        const { hostname, port } = new URL(access.endpoint);
        const sent = request({ hostname, port, method, path: `${path}?x-id=PutObject`, headers });
        sent.on('error', () => {});
        sent.write('byt', () => sent.destroy());
        await new Promise((resolve) => sent.on('close', resolve));
        return next({ ...args, request: undefined });
      }, { step: 'finalizeRequest', priority: 'low' });
      await expect(broken.send(new PutObjectCommand({ Bucket: bucket, Key: 'broken', Body: 'bytes' }))).rejects.toThrow();
      broken.destroy();
      expect(await answerOf(head('broken'))).toEqual({ status: 404 });
    });
  });

  describe('listings', () => {
    test('a page has a thousand at most, and the pages together have all, by the bytes of their keys', async () => {
      const Bucket = await newBucket(access);
      const keys = [...Array.from({ length: 1096 }, (_, index) => `many/${index}`), 'many/~', 'many/é', 'many/\uFFFD', 'many/🦇'];
      await inParallel(keys, 16, (Key) => client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' })));
      const pages: string[][] = [];
      for await (const page of paginateListObjectsV2({ client }, { Bucket, Prefix: 'many/' })) pages.push(page.Contents!.map(({ Key }) => Key!));
      expect(pages.map(({ length }) => length)).toEqual([1000, 100]);
      expect(pages.flat()).toEqual(keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));

      const Objects = keys.slice(0, 1000).map((Key) => ({ Key }));
      const { Deleted, Errors } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      expect({ deleted: Deleted?.length, errors: Errors?.length ?? 0 }).toEqual({ deleted: 1000, errors: 0 });
      expect(await everythingIn(access, Bucket)).toEqual(keys.slice(1000));
      await removeBucket(access, Bucket);
    });

    test('prefix, start, size of the page, folders', async () => {
      for (const key of ['list/a', 'list/b/1', 'list/b/2', 'list/c', 'list/d/1', 'lisz']) await put(key, key);
      const names = ({ Contents = [], CommonPrefixes = [] }: Awaited<ReturnType<typeof list>>) => [...Contents.map(({ Key }) => Key), ...CommonPrefixes.map(({ Prefix }) => Prefix)];
      expect(names(await list({ Prefix: 'list/' }))).toEqual(['list/a', 'list/b/1', 'list/b/2', 'list/c', 'list/d/1']);
      expect(names(await list({ Prefix: 'list/', StartAfter: 'list/b/2' }))).toEqual(['list/c', 'list/d/1']);
      expect(names(await list({ Prefix: 'list/', Delimiter: '/' }))).toEqual(['list/a', 'list/c', 'list/b/', 'list/d/']);
      const first = await list({ Prefix: 'list/', Delimiter: '/', MaxKeys: 2 });
      expect({ names: names(first), truncated: first.IsTruncated, count: first.KeyCount }).toEqual({ names: ['list/a', 'list/b/'], truncated: true, count: 2 });
      const second = await list({ Prefix: 'list/', Delimiter: '/', MaxKeys: 2, ContinuationToken: first.NextContinuationToken });
      expect({ names: names(second), truncated: second.IsTruncated }).toEqual({ names: ['list/c', 'list/d/'], truncated: false });
      const none = await list({ Prefix: 'nothing' });
      expect({ names: names(none), truncated: none.IsTruncated, count: none.KeyCount }).toEqual({ names: [], truncated: false, count: 0 });
      const [object] = (await list({ Prefix: 'list/a' })).Contents!;
      expect(object).toMatchObject({ Size: 6, ETag: `"${md5('list/a').toString('hex')}"`, StorageClass: 'STANDARD' });
      expect((await list({ Prefix: 'list/b', EncodingType: 'url' })).Contents!.map(({ Key }) => decodeURIComponent(Key!))).toEqual(['list/b/1', 'list/b/2']);
    });

    test('many are deleted at once, those that are not there too', async () => {
      await put('delete/a', 'x');
      await put('delete/b', 'x');
      const remove = (Quiet: boolean, ...keys: string[]) => client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Quiet, Objects: keys.map((Key) => ({ Key })) } }));
      expect((await remove(false, 'delete/a', 'delete/none')).Deleted!.map(({ Key }) => Key).sort()).toEqual(['delete/a', 'delete/none']);
      expect((await remove(true, 'delete/b')).Deleted ?? []).toEqual([]);
      expect((await list({ Prefix: 'delete/' })).KeyCount).toBe(0);
      expect((await answerOf(remove(false, ...Array.from({ length: 1001 }, (_, index) => `delete/${index}`)))).status).toBe(400);
    });
  });

  describe('multipart uploads', () => {
    test('parts in any order become one object, with what was said at the beginning', async () => {
      const upload = await begin('big', { StorageClass: 'DEEP_ARCHIVE', Tagging: 'plan=nas', ContentType: 'text/x-big' });
      const bytes = bytesOf(2 * part + 10);
      const pieces = [bytes.subarray(0, part), bytes.subarray(part, 2 * part), bytes.subarray(2 * part)];
      const third = await sendPart(upload, 3, pieces[2]!, { ContentMD5: md5(pieces[2]!).toString('base64') });
      await sendPart(upload, 1, 'what is sent again counts');
      const first = await sendPart(upload, 1, pieces[0]!, { ContentMD5: md5(pieces[0]!).toString('base64') });
      const second = await sendPart(upload, 2, pieces[1]!);
      expect(await answerOf(head('big'))).toEqual({ status: 404 });
      const ETag = `"${md5(Buffer.concat(pieces.map(md5))).toString('hex')}-3"`;
      expect((await complete(upload, [first, second, third])).ETag).toBe(either({ ceph: '', amazon: ETag }));
      expect(await head('big')).toMatchObject({ ContentLength: bytes.length, ETag, StorageClass: 'DEEP_ARCHIVE', ContentType: 'text/x-big' });
      expect((await head('big')).TagCount).toBe(either({ ceph: 0, amazon: 1 }));
      expect(md5(Buffer.from(await (await get('big')).Body!.transformToByteArray()))).toEqual(md5(bytes));
      const across = await get('big', { Range: `bytes=${part - 5}-${2 * part + 4}` });
      expect(md5(Buffer.from(await across.Body!.transformToByteArray()))).toEqual(md5(bytes.subarray(part - 5, 2 * part + 5)));
      expect((await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: 'big' }))).Uploads ?? []).toEqual([]);
      expect(await answerOf(client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'late' })))).toEqual({ status: 404, code: 'NoSuchUpload' });
      const again = either<Answer>({ ceph: { status: 200 }, amazon: { status: 404, code: 'NoSuchUpload' } });
      expect(await answerOf(complete(upload, [first, second, third]))).toEqual(again);
      expect((await head('big')).ETag).toBe(ETag);
    });

    test('what cannot be completed', async () => {
      const small = await begin('never');
      const tooSmall = [await sendPart(small, 1, 'small'), await sendPart(small, 2, 'small too')];
      expect(await answerOf(complete(small, tooSmall))).toEqual({ status: 400, code: 'EntityTooSmall' });
      const upload = await begin('never');
      const first = await sendPart(upload, 1, bytesOf(part));
      const second = await sendPart(upload, 2, 'the last');
      expect(await answerOf(complete(upload, [{ ...first, ETag: second.ETag! }, second]))).toEqual({ status: 400, code: 'InvalidPart' });
      expect(await answerOf(complete(upload, [first, { ...second, PartNumber: 3 }]))).toEqual({ status: 400, code: 'InvalidPart' });
      // Amazon would leave out the parts that are not named.
      expect(await answerOf(complete(upload, [first]))).toEqual({ status: 400, code: 'InvalidPart' });
      expect(await answerOf(complete(upload, []))).toEqual({ status: 400, code: 'MalformedXML' });
      expect(await answerOf(head('never'))).toEqual({ status: 404 });
      expect((await client.send(new ListPartsCommand(upload))).Parts).toHaveLength(2);
      const sorted = either<Answer>({ ceph: { status: 200 }, amazon: { status: 400, code: 'InvalidPartOrder' } });
      expect(await answerOf(complete(upload, [second, first]))).toEqual(sorted);
    });

    test('an upload that nobody began', async () => {
      const none = { Bucket: bucket, Key: 'never', UploadId: 'nobodys' };
      const missing = { status: 404, code: 'NoSuchUpload' };
      expect(await answerOf(client.send(new UploadPartCommand({ ...none, PartNumber: 1, Body: 'x' })))).toEqual(missing);
      expect(await answerOf(client.send(new AbortMultipartUploadCommand(none)))).toEqual(missing);
      expect(await answerOf(client.send(new ListPartsCommand(none)))).toEqual(either({ ceph: { status: 404, code: 'NoSuchKey' }, amazon: missing }));
      expect(await answerOf(complete(none, [{ PartNumber: 1, ETag: 'x' }]))).toEqual(either({ ceph: { status: 500, code: 'InternalError' }, amazon: missing }));
      const upload = await begin('of another key');
      expect(await answerOf(client.send(new UploadPartCommand({ ...upload, Key: 'a key', PartNumber: 1, Body: 'x' })))).toEqual(missing);
    });

    test('parts are listed in pages, a broken one not at all', async () => {
      const upload = await begin('parted');
      for (const number of [2, 1, 30, 4]) await sendPart(upload, number, `part ${number}`);
      const broken = client.send(new UploadPartCommand({ ...upload, PartNumber: 5, Body: 'bytes', ContentMD5: md5('others').toString('base64') }));
      expect(await answerOf(broken)).toEqual({ status: 400, code: 'BadDigest' });
      const first = await client.send(new ListPartsCommand({ ...upload, MaxParts: 3 }));
      expect(first).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '4' });
      expect(first.Parts!.map(({ PartNumber }) => PartNumber)).toEqual([1, 2, 4]);
      expect(first.Parts![0]).toMatchObject({ Size: 6, ETag: `"${md5('part 1').toString('hex')}"` });
      const second = await client.send(new ListPartsCommand({ ...upload, MaxParts: 3, PartNumberMarker: '4' }));
      expect({ truncated: second.IsTruncated, numbers: second.Parts!.map(({ PartNumber }) => PartNumber) }).toEqual({ truncated: false, numbers: [30] });
    });

    test('uploads are listed in pages by key and id, and go when they are aborted', async () => {
      const keys = ['up/a', 'up/b', 'up/b', 'up/c'];
      const begun = [];
      for (const key of keys) begun.push(await begin(key));
      const seen: string[] = [];
      let page = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: 'up/', MaxUploads: 1 }));
      while (page.IsTruncated) {
        seen.push(...page.Uploads!.map(({ UploadId }) => UploadId!));
        page = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: 'up/', MaxUploads: 1, KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }));
      }
      seen.push(...page.Uploads!.map(({ UploadId }) => UploadId!));
      expect(seen.sort()).toEqual(begun.map(({ UploadId }) => UploadId).sort());
      for (const upload of begun) expect(await answerOf(client.send(new AbortMultipartUploadCommand(upload)))).toEqual({ status: 204 });
      expect(await answerOf(client.send(new AbortMultipartUploadCommand(begun[0]!)))).toEqual({ status: 404, code: 'NoSuchUpload' });
      expect((await everythingIn(access, bucket)).filter((name) => name.startsWith('up/'))).toEqual([]);
    });

    test('numbers of parts', async () => {
      const upload = await begin('numbered');
      const outside = either<Answer>({ ceph: { status: 200 }, amazon: { status: 400, code: 'InvalidArgument' } });
      expect(await answerOf(sendPart(upload, 10_000, 'x').then(() => ({ $metadata: { httpStatusCode: 200 } })))).toEqual({ status: 200 });
      for (const PartNumber of [0, 10_001]) expect(await answerOf(client.send(new UploadPartCommand({ ...upload, PartNumber, Body: 'x' })))).toEqual(outside);
    });
  });
}

/** The status, and the code of an error as its body has it: an answer to HEAD has none. */
async function answerOf(call: Promise<{ $metadata: { httpStatusCode?: number } }>): Promise<Answer> {
  try {
    return { status: (await call).$metadata.httpStatusCode! };
  } catch (error) {
    const { $metadata, Code } = error as S3ServiceException & { Code?: string };
    if (!$metadata?.httpStatusCode) throw error;
    return { status: $metadata.httpStatusCode, ...(Code !== undefined && { code: Code }) };
  }
}

function md5(bytes: string | Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest();
}
