/** Multipart uploads when the line or the process breaks: what is sent again, what is taken up, what is left behind. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Pace } from '../../src/core/pace.ts';
import { S3Target } from '../../src/targets/s3/target.ts';
import type { S3Options } from '../../src/targets/s3/options.ts';
import type { OpenOptions, TargetContext, Upload } from '../../src/targets/target.ts';
import { withRetry } from '../../src/targets/with-retry.ts';
import { bytesOf, partsOf } from '../../src/targets/conformance/data.ts';
import { everythingIn, newBucket } from '../servers/s3-access.ts';
import { startS3Server } from '../servers/s3-server.ts';
import type { S3Server } from '../servers/s3-server.ts';
import { between, refusal } from './s3-between.ts';
import type { Between, Reaction, Seen } from './s3-between.ts';
import { accessOptions, context } from './s3-store.ts';

const name = 'volumes/20260101-000000-abcd-00001.tar';
const partSize = 5 * 2 ** 20;
const options: OpenOptions = { temperature: 'cold', partSize };
const bytes = bytesOf(2 * partSize + 1000);
const parts = partsOf(bytes, partSize);

let server: S3Server;
let bucket: string;
/** What the server before it does with a request; `pass` unless a test says otherwise. */
let react: (seen: Seen) => Reaction | Promise<Reaction>;
let line: Between;
beforeEach(async () => {
  server = await startS3Server();
  bucket = await newBucket(server);
  react = () => 'pass';
  line = await between((seen) => react(seen), server.endpoint);
});
afterEach(async () => {
  vi.useRealTimers();
  await server.stop();
});

function targetOf(extra: Partial<S3Options> = {}, given: TargetContext = context, patience?: number): S3Target {
  const target = new S3Target('cloud', 's3', { bucket, prefix: 'backups', ...accessOptions(server), endpoint: line.endpoint, ...extra }, given, patience);
  onTestFinished(() => target.close());
  return target;
}

async function writeAll(upload: Upload): Promise<void> {
  for (const [index, part] of parts.entries()) await upload.write(index, part);
}

async function expectStored(target: S3Target): Promise<void> {
  expect(createHash('sha256').update(await target.read(name, 0, bytes.length)).digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
}

const isPart = ({ query }: Seen, number?: number): boolean => query.has('partNumber') && (number === undefined || query.get('partNumber') === String(number));
const isEnd = ({ method, query }: Seen): boolean => method === 'POST' && query.has('uploadId');
/** Does it once, and passes the rest. */
function once(which: (seen: Seen) => boolean, reaction: Reaction): (seen: Seen) => Reaction {
  let done = false;
  return (seen) => {
    if (done || !which(seen)) return 'pass';
    done = true;
    return reaction;
  };
}

describe('a part', () => {
  const faults: [name: string, reaction: Reaction][] = [
    ['that is cut off in the middle', { cutAfter: 2 ** 20 }],
    ['whose answer gets lost', 'lose answer'],
    ['that the server cannot take now', refusal(503, 'SlowDown')],
    ['that arrives damaged', refusal(400, 'BadDigest')],
  ];
  test.for(faults)('%s is sent again by itself', async ([, reaction]) => {
    react = once((seen) => isPart(seen, 2), reaction);
    const target = targetOf();
    const upload = await target.open(name, options);
    await upload.write(0, parts[0]!);
    await expect(upload.write(1, parts[1]!)).rejects.toMatchObject({ code: 'TARGET_FAILED', transient: true });
    await upload.write(1, parts[1]!);
    await upload.write(2, parts[2]!);
    await upload.finish(bytes.length);
    await expectStored(target);
    expect(line.seen.filter((seen) => isPart(seen)).map(({ query }) => query.get('partNumber'))).toEqual(['1', '2', '2', '3']);
  });

  test('carries sums that the server holds it to', async () => {
    const upload = await targetOf().open(name, options);
    await upload.write(0, parts[0]!);
    const { headers } = line.seen.find((seen) => isPart(seen))!;
    expect(headers).toMatchObject({
      'content-length': String(partSize),
      'content-md5': createHash('md5').update(parts[0]!).digest('base64'),
      'x-amz-content-sha256': createHash('sha256').update(parts[0]!).digest('hex'),
    });
    expect(headers).not.toHaveProperty('content-encoding');
    expect(headers).not.toHaveProperty('x-amz-trailer');
    await upload.abort();
  });

  test('that goes nowhere is given up, and is not touched after that', async () => {
    react = (seen) => (isPart(seen) ? 'hang' : 'pass');
    const upload = await targetOf({}, context, 2000).open(name, options);
    await expect(upload.write(0, parts[0]!)).rejects.toMatchObject({ code: 'TARGET_FAILED', transient: true, message: expect.stringContaining('no sign of life') });
    await expect.poll(() => line.connections()).toBeLessThanOrEqual(1);
    await upload.abort();
  });

  test('asks for its pace before each slice, and goes no further meanwhile', async () => {
    const asked: number[] = [];
    const turns: (() => void)[] = [];
    const pace: Pace = {
      upload: async (length) => {
        asked.push(length);
        if (asked.length === 2) await new Promise<void>((resolve) => turns.push(resolve));
      },
      download: async () => {},
    };
    const upload = await targetOf({}, { ...context, pace }).open(name, options);
    const writing = upload.write(0, parts[0]!);
    await expect.poll(() => turns.length).toBe(1);
    expect(asked).toHaveLength(2);
    turns[0]!();
    await writing;
    expect(asked.reduce((sum, length) => sum + length, 0)).toBe(partSize);
    expect(Math.max(...asked)).toBeLessThanOrEqual(64 * 1024);
    await upload.abort();
  });

  test('is on its way beside others', async () => {
    const waiting: (() => void)[] = [];
    react = async (seen): Promise<Reaction> => {
      if (isPart(seen)) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          if (waiting.length === parts.length) for (const go of waiting) go();
        });
      }
      return 'pass';
    };
    const target = targetOf();
    const upload = await target.open(name, options);
    await Promise.all(parts.map((part, index) => upload.write(index, part)));
    await upload.finish(bytes.length);
    await expectStored(target);
  });

  test('stops at once when the run is stopped', async () => {
    const controller = new AbortController();
    react = (seen) => {
      if (isPart(seen)) queueMicrotask(() => controller.abort(new Error('stopped by the user')));
      return isPart(seen) ? 'hang' : 'pass';
    };
    const upload = await targetOf().open(name, { ...options, signal: controller.signal });
    await expect(upload.write(0, parts[0]!)).rejects.toThrow('stopped by the user');
    react = () => 'pass';
    await upload.abort();
    expect(await everythingIn(server, bucket)).toEqual([]);
  });

  test('beyond the ten thousandth is refused', async () => {
    const upload = await targetOf().open(name, options);
    await expect(upload.write(10_000, Buffer.alloc(1))).rejects.toMatchObject({ code: 'TARGET_FULL', transient: false, hint: expect.stringContaining('part-size') });
    await upload.abort();
  });
});

describe('the end', () => {
  test('whose answer gets lost is found to be done', async () => {
    react = once(isEnd, 'lose answer');
    const target = targetOf();
    const upload = await target.open(name, options);
    await writeAll(upload);
    await expect(upload.finish(bytes.length)).rejects.toMatchObject({ transient: true });
    const receipt = await upload.finish(bytes.length);
    expect(receipt).toMatchObject({ name, size: bytes.length, checksum: expect.stringMatching(/^etag:[0-9a-f]{32}-3$/) });
    await upload.abort();
    await expectStored(target);
  });

  test('whose answer gets lost, where another upload then took the name, is not found to be done', async () => {
    react = once(isEnd, 'lose answer');
    const target = targetOf();
    const upload = await target.open(name, options);
    await writeAll(upload);
    await expect(upload.finish(bytes.length)).rejects.toMatchObject({ transient: true });
    await target.put(name, Buffer.alloc(bytes.length), { temperature: 'hot' });
    react = once(isEnd, refusal(404, 'NoSuchUpload'));
    await expect(upload.finish(bytes.length)).rejects.toMatchObject({ code: 'TARGET_FAILED', transient: false, message: expect.stringContaining('does not know the upload any more') });
  });

  test('that fails inside of an answer of 200 is tried again', async () => {
    react = once(isEnd, { ...refusal(200, 'InternalError'), body: '<?xml version="1.0"?>\n  <Error><Code>InternalError</Code><Message>Again, please.</Message></Error>' });
    const retried: string[] = [];
    const target = targetOf();
    const patient = withRetry(target, { attempts: 3, wait: 0, maxWait: 0, within: Infinity }, (event) => void retried.push(event.type));
    const upload = await patient.open(name, options);
    await writeAll(upload);
    await upload.finish(bytes.length);
    expect(retried).toContain('retry');
    await expectStored(target);
  });

  test('of an upload that somebody aborted fails for good', async () => {
    const target = targetOf();
    const upload = await target.open(name, options);
    await writeAll(upload);
    expect(await targetOf().sweep()).toBe(1);
    await expect(upload.finish(bytes.length)).rejects.toMatchObject({ code: 'TARGET_FAILED', transient: false });
    expect(await target.stat(name)).toBeNull();
  });
});

describe('an upload of a process that was killed', () => {
  test('is taken up where it was, by another', async () => {
    const killed = await targetOf().open(name, options);
    await killed.write(0, parts[0]!);
    await killed.write(2, parts[2]!);
    line.seen.length = 0;

    const target = targetOf();
    const resumed = await target.resume(name, killed.id!, options);
    expect([...resumed!.parts].sort(([a], [b]) => a - b)).toEqual([0, 2].map((index) => [index, { size: parts[index]!.length, checksum: `md5:${createHash('md5').update(parts[index]!).digest('hex')}` }]));
    await resumed!.upload.write(1, parts[1]!);
    expect(await resumed!.upload.finish(bytes.length)).toMatchObject({ size: bytes.length });
    await expectStored(target);
    expect(line.seen.filter((seen) => isPart(seen)).map(({ query }) => query.get('partNumber'))).toEqual(['2']);
  });

  test('is known to be finished if it was killed just after the end', async () => {
    const killed = await targetOf().open(name, options);
    await writeAll(killed);
    const receipt = await killed.finish(bytes.length);
    line.seen.length = 0;

    const resumed = await targetOf().resume(name, killed.id!, options);
    expect([...resumed!.parts].map(([index, { size }]) => [index, size])).toEqual(parts.map((part, index) => [index, part.length]));
    expect(await resumed!.upload.finish(bytes.length)).toEqual(receipt);
    await resumed!.upload.abort();
    await expectStored(targetOf());
    expect(line.seen.filter((seen) => seen.method === 'PUT')).toEqual([]);
  });

  test('is begun anew if it is gone, or another has taken its name', async () => {
    const target = targetOf();
    const aborted = await target.open(name, options);
    await aborted.abort();
    expect(await target.resume(name, aborted.id!, options)).toBeNull();
    const finished = await target.open(name, options);
    await writeAll(finished);
    await finished.finish(bytes.length);
    await target.put(name, bytesOf(100), options);
    expect(await target.resume(name, finished.id!, options)).toBeNull();
    expect(await target.resume(name, 'no id of an upload', options)).toBeNull();
  });

  test('is swept away, but for those that are still to be taken up', async () => {
    const target = targetOf();
    const [kept, left] = [await target.open(name, options), await target.open('volumes/2.tar', options)];
    const elsewhere = new S3Target('cloud', 's3', { bucket, prefix: 'backups', ...accessOptions(server) }, { folder: '/plans', plan: 'nas2' });
    onTestFinished(() => elsewhere.close());
    await elsewhere.open('volumes/1.tar', options);
    expect(await target.sweep({ keep: new Set([kept.id!]) })).toBe(1);
    await expect(left.write(0, parts[0]!)).rejects.toMatchObject({ code: 'TARGET_FAILED', transient: false });
    await writeAll(kept);
    await kept.finish(bytes.length);
    expect(await everythingIn(server, bucket)).toEqual([`backups/nas/${name}`, expect.stringMatching(/^backups\/nas2\/volumes\/1\.tar \(upload /)]);
  });

  test('is swept away only after a day in which nothing was added, where others write, too', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const hours = (count: number): void => void vi.setSystemTime(Date.now() + count * 3_600_000);
    const others = await targetOf().open(name, options);
    const empty = await targetOf().open('volumes/2.tar', options);
    hours(20);
    await others.write(0, parts[0]!);
    expect(await targetOf().sweep({ isShared: true })).toBe(0);
    hours(20);
    expect(await targetOf().sweep({ isShared: true })).toBe(1);
    await expect(empty.write(0, parts[0]!)).rejects.toMatchObject({ code: 'TARGET_FAILED' });
    await others.write(1, parts[1]!);
    hours(25);
    expect(await targetOf().sweep({ isShared: true })).toBe(1);
    expect(await targetOf().sweep()).toBe(0);
  });

  test('is no matter where the server cannot list uploads', async () => {
    react = ({ query }) => (query.has('uploads') ? refusal(501, 'NotImplemented') : 'pass');
    expect(await targetOf().sweep()).toBe(0);
  });
});

test('an upload that is given up while a part is on its way leaves nothing', async () => {
  const upload = await targetOf().open(name, options);
  let arrived = (): void => {};
  const arrival = new Promise<void>((resolve) => (arrived = resolve));
  react = (seen) => {
    if (isPart(seen)) arrived();
    return isPart(seen) ? 'hang' : 'pass';
  };
  const writing = upload.write(0, parts[0]!);
  const failed = expect(writing).rejects.toMatchObject({ name: 'BatError' });
  await arrival;
  await upload.abort();
  await failed;
  expect(await everythingIn(server, bucket)).toEqual([]);
});

describe('what the plan asks for', () => {
  const wanted: Partial<S3Options> = { 'storage-class': 'DEEP_ARCHIVE', 'server-side-encryption': 'aws:kms', 'kms-key': 'alias/backups', tags: { project: 'bat & co', ümläut: '=' } };
  const beginnings = (): Seen[] => line.seen.filter(({ method, query }) => method === 'POST' && query.has('uploads'));

  test('stands in each request that begins an object, the class only for cold ones', async () => {
    react = ({ method }) => (method === 'PUT' ? { status: 200, headers: { etag: '"x"' } } : refusal(403, 'AccessDenied'));
    const target = targetOf(wanted);
    const cold = await target.put('volumes/1.tar', bytesOf(10), { temperature: 'cold' });
    const hot = await target.put('bat.json', bytesOf(10), { temperature: 'hot' });
    for (const temperature of ['cold', 'hot'] as const) await expect(target.open(name, { temperature, partSize })).rejects.toMatchObject({ code: 'TARGET_DENIED' });
    expect([cold.storageClass, hot.storageClass]).toEqual(['DEEP_ARCHIVE', undefined]);
    const requests = [...line.seen.filter(({ method }) => method === 'PUT'), ...beginnings()];
    expect(requests.map(({ headers }) => headers['x-amz-storage-class'])).toEqual(['DEEP_ARCHIVE', undefined, 'DEEP_ARCHIVE', undefined]);
    for (const { headers } of requests) {
      expect(headers).toMatchObject({
        'x-amz-server-side-encryption': 'aws:kms',
        'x-amz-server-side-encryption-aws-kms-key-id': 'alias/backups',
        'x-amz-tagging': 'project=bat%20%26%20co&%C3%BCml%C3%A4ut=%3D',
      });
    }
  });

  test('is in none where the plan asks for nothing', async () => {
    const target = targetOf();
    await target.put('bat.json', bytesOf(10), { temperature: 'cold' });
    await (await target.open(name, options)).abort();
    const asked = line.seen.flatMap(({ headers }) => Object.keys(headers)).filter((header) => /storage-class|server-side|tagging|acl/.test(header));
    expect(asked).toEqual([]);
  });
});

test('a receipt has the MD5 where that is what the server says', async () => {
  const target = targetOf();
  expect(await target.put('bat.json', bytesOf(10), { temperature: 'hot' })).toEqual({ name: 'bat.json', size: 10, parts: 1, checksum: `md5:${createHash('md5').update(bytesOf(10)).digest('hex')}` });
  react = () => ({ status: 200, headers: { etag: '"opaque"' } });
  expect(await target.put('bat.json', bytesOf(10), { temperature: 'hot' })).toMatchObject({ checksum: 'etag:opaque' });
});

test('a read that gets less than was said can be tried again', async () => {
  const target = targetOf();
  react = () => ({ status: 206, headers: { 'content-range': 'bytes 0-9/10', 'content-length': '4' }, body: 'less' });
  await expect(target.read('bat.json', 0, 10)).rejects.toMatchObject({ code: 'TARGET_FAILED', transient: true });
});

test('a read whose answer is cut off can be tried again', async () => {
  const target = targetOf();
  await target.put('bat.json', bytesOf(100_000), { temperature: 'hot' });
  react = once(({ method }) => method === 'GET', { cutAnswerAfter: 1000 });
  await expect(target.read('bat.json', 0, 100_000)).rejects.toMatchObject({ code: 'TARGET_FAILED', transient: true });
  expect((await target.read('bat.json', 0, 100_000)).length).toBe(100_000);
});

test('reading asks for its pace, and no connection is left when the target is closed', async () => {
  const asked: number[] = [];
  const target = targetOf({}, { ...context, pace: { upload: async () => {}, download: async (length) => void asked.push(length) } });
  await target.put('bat.json', bytesOf(300_000), { temperature: 'hot' });
  await target.read('bat.json', 0, 300_000);
  expect(asked.reduce((sum, length) => sum + length, 0)).toBe(300_000);
  expect(await line.connections()).toBeGreaterThan(0);
  await target.close();
  await expect.poll(() => line.connections()).toBe(0);
});

test('memory does not grow with the object', async () => {
  const sink = await between((seen) => (isEnd(seen) || seen.query.has('uploads') ? { status: 200, headers: { 'content-type': 'application/xml' }, body: `<A><UploadId>u</UploadId><ETag>"x-1"</ETag></A>` } : { status: 200, headers: { etag: '"x"' } }));
  const target = targetOf({ endpoint: sink.endpoint });
  const large = 8 * 2 ** 20;
  const part = bytesOf(large);
  const upload = await target.open(name, { temperature: 'cold', partSize: large });
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  for (let index = 0; index < 60; index += 4) {
    await Promise.all([0, 1, 2, 3].map((more) => upload.write(index + more, part)));
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  await upload.finish(60 * large);
  // Twenty parts' worth would be a third of the object.
  expect(most).toBeLessThan(20 * large);
});
