/** Whatever a server or the network says becomes one sentence with a cure, is retried only where that makes sense, and carries no secret. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { BatError } from '../../src/core/errors.ts';
import { S3Target } from '../../src/targets/s3/target.ts';
import type { S3Options } from '../../src/targets/s3/options.ts';
import { startS3Server } from '../servers/s3-server.ts';
import type { S3Server } from '../servers/s3-server.ts';
import { newBucket } from '../servers/s3-access.ts';
import { between, refusal } from './s3-between.ts';
import type { Answered, Reaction } from './s3-between.ts';
import { accessOptions, context } from './s3-store.ts';
import { certificate, privateKey } from './tls-fixture.ts';

const keys = { 'access-key': 'AKIDEXAMPLEOFTESTS', 'secret-key': 'secret/of+the/tests/0123456789', 'session-token': 'token-of-the-tests-0123456789' };
const secrets = [...Object.values(keys), 'AWS4-HMAC-SHA256', 'Signature='];
const bytes = Buffer.from('some bytes');
const hot = { temperature: 'hot' } as const;

function targetOf(options: Partial<S3Options>, patience?: number): S3Target {
  const target = new S3Target('cloud', 's3', { bucket: 'attic', region: 'us-east-1', ...keys, ...options }, context, patience);
  onTestFinished(() => target.close());
  return target;
}

/** What the work throws; looked through for secrets. */
async function errorOf(work: Promise<unknown>): Promise<BatError> {
  const error: unknown = await work.then(() => null, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BatError);
  const told = error as BatError;
  expect(told.message).not.toContain('\n');
  expect(told.message).toMatch(/^Target "cloud" .*\.$/);
  expect(told.hint).toMatch(/\S/);
  const everything = inspect(told, { depth: Infinity, showHidden: true, getters: true }) + JSON.stringify([told, told.cause, Object.getOwnPropertyDescriptors(told.cause ?? {})]);
  for (const secret of secrets) expect(everything.includes(secret), secret).toBe(false);
  return told;
}

describe('on a server', () => {
  let server: S3Server;
  let bucket: string;
  beforeEach(async () => {
    server = await startS3Server();
    bucket = await newBucket(server);
  });
  afterEach(async () => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
    await server.stop();
  });
  const target = (options: Partial<S3Options> = {}): S3Target => targetOf({ ...accessOptions(server), 'session-token': undefined as never, bucket, ...options });

  test('a wrong secret', async () => {
    const error = await errorOf(target({ 'secret-key': keys['secret-key'] }).connect({ create: true }));
    expect(error).toMatchObject({ code: 'TARGET_DENIED', transient: false, message: expect.stringContaining('the secret of the access key is wrong'), hint: expect.stringContaining('secret-key') });
  });

  test('an unknown key', async () => {
    const error = await errorOf(target({ 'access-key': keys['access-key'] }).connect({ create: true }));
    expect(error).toMatchObject({ code: 'TARGET_DENIED', transient: false, message: expect.stringContaining('the access key is not known there') });
  });

  test('no keys anywhere', async () => {
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
    for (const name of ['AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE']) vi.stubEnv(name, '/nowhere/at/all');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    const error = await errorOf(target({ 'access-key': undefined as never, 'secret-key': undefined as never }).connect({ create: true }));
    expect(error).toMatchObject({ code: 'TARGET_DENIED', transient: false, message: expect.stringContaining('no access key was found'), hint: expect.stringContaining('AWS_ACCESS_KEY_ID') });
  });

  test('keys that were there, and are not to be had anew for the moment, may come again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bat-s3-keys-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const soon = new Date(Date.now() + 60_000).toISOString();
    writeFileSync(join(folder, 'keys.json'), JSON.stringify({ Version: 1, AccessKeyId: server.accessKey, SecretAccessKey: server.secretKey, Expiration: soon }));
    writeFileSync(join(folder, 'config'), `[profile moving]\ncredential_process = cat ${folder}/keys.json\n`);
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'));
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere/at/all');
    const moving = target({ 'access-key': undefined as never, 'secret-key': undefined as never, profile: 'moving' });
    await moving.put('bat.json', bytes, hot);
    rmSync(join(folder, 'keys.json'));
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 120_000 });
    expect(await errorOf(moving.put('bat.json', bytes, hot))).toMatchObject({ code: 'TARGET_FAILED', transient: true, message: expect.stringContaining('no new access key') });
  });

  test('keys from the environment are found', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', server.accessKey);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', server.secretKey);
    await target({ 'access-key': undefined as never, 'secret-key': undefined as never }).connect({ create: true });
  });

  test('keys from the environment are kept out of what the server says', async () => {
    const secret = 'only/in+the/environment/of/this/test';
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDENVIRONMENT');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', secret);
    const echo = await between(() => refusal(400, 'Strange', { message: `You signed with ${secret}` }));
    const error = await errorOf(target({ 'access-key': undefined as never, 'secret-key': undefined as never, endpoint: echo.endpoint }).connect({ create: true }));
    expect(error.message).toContain('You signed with ***');
    expect(inspect(error)).not.toContain(secret);
  });

  test('no such bucket', async () => {
    const error = await errorOf(target({ bucket: 'nowhere' }).connect({ create: true }));
    expect(error).toMatchObject({ code: 'TARGET_UNREACHABLE', transient: false, message: expect.stringContaining('there is no bucket nowhere'), hint: expect.stringContaining('aws s3 mb s3://nowhere') });
  });

  test('a bucket in another region', async () => {
    server.addBucketElsewhere('faraway', 'eu-central-1');
    const error = await errorOf(target({ bucket: 'faraway' }).connect({ create: true }));
    expect(error).toMatchObject({
      code: 'TARGET_UNREACHABLE',
      transient: false,
      message: expect.stringContaining('the bucket faraway is in the region eu-central-1, and the plan says us-east-1'),
      hint: 'Write "region: eu-central-1" for this target.',
    });
  });

  test('a region that the server is not in', async () => {
    const error = await errorOf(target({ region: 'ap-south-1' }).connect({ create: true }));
    expect(error).toMatchObject({ code: 'TARGET_UNREACHABLE', transient: false, message: expect.stringContaining('us-east-1'), hint: expect.stringContaining('region: us-east-1') });
  });

  test.for([[-1, 'behind'], [1, 'ahead']] as const)('a clock that is %i day off', async ([days, word]) => {
    const now = new Date();
    const empty = '<ListBucketResult><Name>attic</Name><IsTruncated>false</IsTruncated><KeyCount>0</KeyCount></ListBucketResult>';
    const real = await between(({ headers }) => {
      const signed = String(headers['x-amz-date']).replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
      if (Math.abs(Date.parse(signed) - now.getTime()) < 15 * 60_000) return { status: 200, headers: { 'content-type': 'application/xml' }, body: empty };
      return refusal(403, 'RequestTimeTooSkewed', { headers: { date: now.toUTCString() } });
    });
    vi.useFakeTimers({ toFake: ['Date'], now: now.getTime() + days * 86_400_000 });
    const cloud = target({ endpoint: real.endpoint });
    const error = await errorOf(cloud.connect({ create: true }));
    expect(error).toMatchObject({ code: 'TARGET_DENIED', transient: false, hint: expect.stringContaining('timedatectl') });
    expect(error.message).toMatch(new RegExp(`the clock of this machine is (1 d|23 h).* ${word}\\.$`));
    // The SDK must not have made up for it in silence.
    expect((await errorOf(cloud.connect({ create: true }))).code).toBe('TARGET_DENIED');
  });

  test('a key that may only read', async () => {
    const reading = target(accessOptions({ ...server, ...server.reader }));
    await reading.connect({ create: true });
    const error = await errorOf(reading.put('bat.json', bytes, hot));
    expect(error).toMatchObject({ code: 'TARGET_DENIED', transient: false, message: expect.stringContaining('store bat.json: permission denied'), hint: expect.stringContaining(`s3:PutObject on the bucket ${bucket}, below nas/`) });
    expect((await errorOf(reading.open('volumes/1.tar', { ...hot, partSize: 5 * 2 ** 20 }))).code).toBe('TARGET_DENIED');
  });

  test('nothing is stored yet, and a restore is told so', async () => {
    await expect(target().connect({ create: false })).rejects.toMatchObject({ code: 'NOTHING_STORED', transient: false });
    await target().put('bat.json', bytes, hot);
    await target().connect({ create: false });
  });
});

describe('answers', () => {
  const page: Answered = { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<html><body>Log in</body></html>' };
  const cases: [name: string, answer: Reaction, expected: { code: string; transient: boolean; says: RegExp }][] = [
    ['permission', refusal(403, 'AccessDenied'), { code: 'TARGET_DENIED', transient: false, says: /permission denied/ }],
    ['a session that has ended', refusal(400, 'ExpiredToken'), { code: 'TARGET_DENIED', transient: false, says: /temporary keys have expired/ }],
    ['403 from something in between', { status: 403, headers: { 'content-type': 'text/plain' }, body: 'Blocked' }, { code: 'TARGET_FAILED', transient: true, says: /something in between .*403/ }],
    ['a login page', page, { code: 'TARGET_UNREACHABLE', transient: false, says: /is no S3 server: it answers with a web page/ }],
    ['a page that refuses, before the server has ever answered', { ...page, status: 403 }, { code: 'TARGET_FAILED', transient: true, says: /something in between .*403/ }],
    ['a web page for everything that is not there', { ...page, status: 404 }, { code: 'TARGET_UNREACHABLE', transient: false, says: /web page \(HTTP 404\)/ }],
    ['JSON', { status: 200, headers: { 'content-type': 'application/json' }, body: '{"ok":true}' }, { code: 'TARGET_FAILED', transient: true, says: /cannot be read/ }],
    ['another document of XML', { status: 200, headers: { 'content-type': 'application/xml' }, body: '<rss/>' }, { code: 'TARGET_UNREACHABLE', transient: false, says: /no S3 server/ }],
    ['500', refusal(500, 'InternalError'), { code: 'TARGET_FAILED', transient: true, says: /the server failed \(InternalError\)/ }],
    ['502 of a proxy', { ...page, status: 502 }, { code: 'TARGET_FAILED', transient: true, says: /502/ }],
    ['503 without a word', { status: 503 }, { code: 'TARGET_FAILED', transient: true, says: /HTTP 503/ }],
    ['slow down', refusal(503, 'SlowDown'), { code: 'TARGET_FAILED', transient: true, says: /go slower/ }],
    ['429', { status: 429 }, { code: 'TARGET_FAILED', transient: true, says: /go slower/ }],
    ['a request that came too slowly', refusal(400, 'RequestTimeout'), { code: 'TARGET_FAILED', transient: true, says: /RequestTimeout/ }],
    ['no such call', refusal(501, 'NotImplemented'), { code: 'TARGET_FAILED', transient: false, says: /does not do what was asked/ }],
    ['a storage class', refusal(400, 'InvalidStorageClass'), { code: 'TARGET_FAILED', transient: false, says: /does not know the storage class/ }],
    ['a KMS key', refusal(400, 'KMS.NotFoundException'), { code: 'TARGET_DENIED', transient: false, says: /KMS key/ }],
    ['a quota', refusal(403, 'QuotaExceeded'), { code: 'TARGET_FULL', transient: false, says: /quota/ }],
    ['damage on the way', refusal(400, 'BadDigest'), { code: 'TARGET_FAILED', transient: true, says: /damaged/ }],
    ['something unheard of', refusal(400, 'Strange', { message: 'Try\n something else.' }), { code: 'TARGET_FAILED', transient: false, says: /refused it: Strange: Try something else\.$/ }],
    ['another region in a header', { status: 301, headers: { 'x-amz-bucket-region': 'eu-west-1', 'x-amz-request-id': 'R' } }, { code: 'TARGET_UNREACHABLE', transient: false, says: /is in the region eu-west-1/ }],
    ['a cut', 'cut', { code: 'TARGET_FAILED', transient: true, says: /connection was cut/ }],
  ];
  test.for(cases)('%s', async ([, answer, { code, transient, says }]) => {
    const server = await between(() => answer);
    const error = await errorOf(targetOf({ endpoint: server.endpoint }).connect({ create: true }));
    expect(error).toMatchObject({ code, transient, message: expect.stringMatching(says) });
  });

  test('a cold object must be thawed', async () => {
    const server = await between(() => refusal(403, 'InvalidObjectState'));
    const error = await errorOf(targetOf({ endpoint: server.endpoint }).read('volumes/1.tar', 0, 10));
    expect(error).toMatchObject({ code: 'OBJECT_COLD', transient: false, message: expect.stringContaining('volumes/1.tar') });
  });

  test.for([['12', 12_000], ['Fri, 01 Jan 2027 01:00:00 GMT', 3_600_000], ['soon', undefined]] as const)('when to come back is heeded: %s', async ([value, expected]) => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2027-01-01T00:00:00Z') });
    onTestFinished(() => void vi.useRealTimers());
    const server = await between(() => refusal(503, 'SlowDown', { headers: { 'retry-after': value } }));
    expect(await errorOf(targetOf({ endpoint: server.endpoint }).connect({ create: true }))).toMatchObject({ transient: true, retryAfter: expected });
  });

  test('a web page that comes in between later passes, since it was an S3 before', async () => {
    const listing = '<ListBucketResult><Name>attic</Name><IsTruncated>false</IsTruncated><KeyCount>0</KeyCount></ListBucketResult>';
    let answer: Answered = { status: 200, headers: { 'content-type': 'application/xml' }, body: listing };
    const server = await between(() => answer);
    const target = targetOf({ endpoint: server.endpoint });
    await target.connect({ create: true });
    answer = page;
    const calls = [() => target.put('bat.json', bytes, hot), () => target.stat('bat.json'), () => target.read('bat.json', 0, 5), () => target.remove('bat.json'), () => target.sweep()];
    for (const call of calls) {
      expect(await errorOf(call())).toMatchObject({ code: 'TARGET_FAILED', transient: true, message: expect.stringContaining('something in between') });
    }
  });

  test('HEAD says no more than 403: it is the server only with its mark', async () => {
    const marks: Record<string, string>[] = [{ 'x-amz-request-id': 'R' }, {}];
    const server = await between(() => ({ status: 403, headers: marks.shift()! }));
    const target = targetOf({ endpoint: server.endpoint });
    expect(await errorOf(target.stat('bat.json'))).toMatchObject({ code: 'TARGET_DENIED', transient: false });
    expect(await errorOf(target.stat('bat.json'))).toMatchObject({ code: 'TARGET_FAILED', transient: true });
  });

  test('a server that ignores ranges is told apart from one that has less', async () => {
    const server = await between(() => ({ status: 200, headers: { 'content-length': '11', etag: '"x"' }, body: 'hello world' }));
    const target = targetOf({ endpoint: server.endpoint });
    expect(Buffer.from(await target.read('bat.json', 0, 11)).toString()).toBe('hello world');
    await expect(target.read('bat.json', 3, 4)).rejects.toMatchObject({ code: 'TARGET_FAILED', transient: false, hint: expect.stringContaining('Range') });
    await expect(target.read('bat.json', 3, 40)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED', transient: false });
  });
});

describe('answers that must not be believed', () => {
  const page = (marks: string, type = 'application/xml'): Answered => ({ status: 200, headers: { 'content-type': type, 'x-amz-request-id': 'r' }, body: `<?xml version="1.0"?><Result><IsTruncated>true</IsTruncated>${marks}</Result>` });

  test('a web page that says 404 is no word about an object: it is not taken for absent, nor for removed', async () => {
    let isThere = true;
    const server = await between(({ method }) => (isThere ? refusal(404, 'NoSuchKey') : { status: 404, headers: { 'content-type': 'text/html' }, body: method === 'HEAD' ? '' : '<html>' }));
    const target = targetOf({ endpoint: server.endpoint });
    expect(await target.stat('bat.json')).toBeNull();
    isThere = false;
    expect(await errorOf(target.stat('bat.json'))).toMatchObject({ code: expect.stringMatching(/TARGET_/) });
    expect(await errorOf(target.remove('bat.json'))).toMatchObject({ code: expect.stringMatching(/TARGET_/) });
  });

  test.each([
    ['does not say where the next page begins', ''],
    ['begins every page at the same place', '<NextContinuationToken>here</NextContinuationToken>'],
  ])('a listing that %s is neither taken for whole nor asked for ever', async (_how, mark) => {
    const server = await between(() => page(`${mark}<Contents><Key>nas/bat.json</Key><Size>1</Size></Contents>`));
    const target = targetOf({ endpoint: server.endpoint });
    const error = await errorOf(Array.fromAsync(target.list('')));
    expect(error).toMatchObject({ code: 'TARGET_FAILED', transient: false, message: expect.stringContaining('lost its place') });
    expect(server.seen.length).toBeLessThan(4);
  });

  test('a sweep, and an upload that is taken up, do not ask for the same page for ever', async () => {
    const server = await between(() => page('<NextKeyMarker>a</NextKeyMarker><NextUploadIdMarker>b</NextUploadIdMarker><NextPartNumberMarker>1</NextPartNumberMarker>'));
    const target = targetOf({ endpoint: server.endpoint });
    expect(await target.sweep()).toBe(0);
    const resumed = await target.resume('volumes/1.tar', `${'0'.repeat(24)}:id`, { temperature: 'hot', partSize: 2 ** 23 });
    expect(resumed?.parts.size).toBe(0);
    expect(server.seen).toHaveLength(4);
  });
});

describe('the network', () => {
  const connect = (endpoint: string, patience?: number): Promise<BatError> => errorOf(targetOf({ endpoint }, patience).connect({ create: true }));

  test('a name that nobody knows', async () => {
    expect(await connect('http://no-such-host.invalid')).toMatchObject({ code: 'TARGET_UNREACHABLE', transient: true, message: expect.stringMatching(/no-such-host\.invalid cannot be reached/) });
  });

  test('a refused connection', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    expect(await connect(`http://127.0.0.1:${port}`)).toMatchObject({ code: 'TARGET_UNREACHABLE', transient: true, message: expect.stringContaining('the connection was refused') });
  });

  test('a server that is silent', async () => {
    const server = await between(() => 'hang');
    expect(await connect(server.endpoint, 100)).toMatchObject({ code: 'TARGET_FAILED', transient: true, message: expect.stringContaining('no sign of life for 100 ms') });
  });

  test('a server without TLS', async () => {
    const server = await between(() => 'hang');
    expect(await connect(server.endpoint.replace('http:', 'https:'))).toMatchObject({ code: 'TARGET_UNREACHABLE', transient: false, message: expect.stringContaining('does not speak TLS'), hint: expect.stringContaining('http://') });
  });

  test('a certificate that nobody vouches for', async () => {
    const server = createTlsServer({ key: privateKey, cert: certificate }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    expect(await connect(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)).toMatchObject({
      code: 'TARGET_UNREACHABLE',
      transient: false,
      message: expect.stringContaining('is not trusted'),
      hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    });
  });

  test('a server that does not speak HTTP', async () => {
    const server = createServer((socket) => void socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9.2\r\n')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    expect(await connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)).toMatchObject({ code: 'TARGET_UNREACHABLE', transient: false, message: expect.stringContaining('does not answer in HTTP') });
  });
});
