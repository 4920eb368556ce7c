/** Cold classes of S3 as its protocol has them, against a server that plays them by the rules of Amazon. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ColdStorage } from '../../src/targets/cold-storage.ts';
import { S3Target } from '../../src/targets/s3/target.ts';
import type { S3Options } from '../../src/targets/s3/options.ts';

const hour = 3_600_000;

interface Kept {
  storageClass?: string;
  archive?: string;
  /** The header as it is. */
  restore?: string;
  /** What RestoreObject is answered. */
  refusal?: [status: number, code: string];
  /** The class is a mere label: it is read at once. */
  label?: true;
}

let server: Server;
let objects: Record<string, Kept>;
let asked: { name: string; body: string }[];
let target: S3Target;
let cold: ColdStorage;

beforeEach(async () => {
  objects = {};
  asked = [];
  server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  target = make({ endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  cold = target.coldStorage;
});
afterEach(async () => {
  await target.close();
  server.closeAllConnections();
  server.close();
});

function make(options: Partial<S3Options>): S3Target {
  return new S3Target('attic', 's3', { bucket: 'attic', region: 'us-east-1', 'access-key': 'key', 'secret-key': 'secret', ...options }, { folder: '/', plan: 'nas' });
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
  const name = pathname.slice('/attic/nas/'.length);
  const kept = objects[name];
  const body = await text(request);
  const fail = (status: number, code: string): void => void response.writeHead(status, { 'x-amz-request-id': 'r' }).end(request.method === 'HEAD' ? '' : `<Error><Code>${code}</Code><Message>no</Message></Error>`);
  if (!kept) return fail(404, 'NoSuchKey');
  if (request.method === 'HEAD') {
    const { storageClass, archive, restore } = kept;
    const headers = { 'x-amz-storage-class': storageClass, 'x-amz-archive-status': archive, 'x-amz-restore': restore };
    response.writeHead(200, Object.fromEntries(Object.entries(headers).filter((header): header is [string, string] => header[1] !== undefined))).end();
  } else if (request.method === 'POST' && searchParams.has('restore')) {
    asked.push({ name, body });
    if (kept.refusal) fail(...kept.refusal);
    else response.writeHead(kept.restore === undefined ? 202 : 200).end();
  } else if (kept.label) {
    response.writeHead(206, { 'content-range': 'bytes 0-0/1', 'content-length': 1 }).end('x');
  } else {
    fail(403, 'InvalidObjectState');
  }
}

describe('the state of an object', () => {
  const expiry = 'Fri, 27 Nov 2026 00:00:00 GMT';

  test.each<[what: string, kept: Kept, state: object]>([
    ['of the usual class', {}, { is: 'readable' }],
    ['of GLACIER_IR', { storageClass: 'GLACIER_IR' }, { is: 'readable' }],
    ['of STANDARD_IA', { storageClass: 'STANDARD_IA' }, { is: 'readable' }],
    ['of GLACIER', { storageClass: 'GLACIER' }, { is: 'cold', storageClass: 'GLACIER' }],
    ['of DEEP_ARCHIVE', { storageClass: 'DEEP_ARCHIVE' }, { is: 'cold', storageClass: 'DEEP_ARCHIVE' }],
    ['of a class that is a mere label there', { storageClass: 'DEEP_ARCHIVE', label: true }, { is: 'readable' }],
    ['that was asked for', { storageClass: 'GLACIER', restore: 'ongoing-request="true"' }, { is: 'thawing', storageClass: 'GLACIER' }],
    ['that is thawed', { storageClass: 'GLACIER', restore: `ongoing-request="false", expiry-date="${expiry}"` }, { is: 'readable', until: new Date(expiry) }],
    ['of Intelligent-Tiering that is hot', { storageClass: 'INTELLIGENT_TIERING' }, { is: 'readable' }],
    ['of Intelligent-Tiering in its archive', { storageClass: 'INTELLIGENT_TIERING', archive: 'DEEP_ARCHIVE_ACCESS' }, { is: 'cold', storageClass: 'DEEP_ARCHIVE_ACCESS' }],
  ])('%s', async (_what, kept, state) => {
    objects['volumes/1.tar'] = kept;
    expect(await cold.state('volumes/1.tar')).toEqual(state);
  });

  test('that is not there', async () => {
    await expect(cold.state('volumes/none.tar')).rejects.toMatchObject({ code: 'OBJECT_MISSING', transient: false });
  });
});

describe('asking for a thaw', () => {
  const ask = (storageClass = 'GLACIER', tier: 'bulk' | 'expedited' = 'bulk'): Promise<void> => cold.thaw('volumes/1.tar', { tier, days: 9, storageClass });

  test('names the days and the tier', async () => {
    objects['volumes/1.tar'] = { storageClass: 'GLACIER' };
    await ask();
    expect(asked).toHaveLength(1);
    expect(asked[0]!.body).toMatch(/<Days>9<\/Days>.*<Tier>Bulk<\/Tier>/s);
  });

  test('names no days for the archive of Intelligent-Tiering, which takes none', async () => {
    objects['volumes/1.tar'] = { storageClass: 'INTELLIGENT_TIERING', archive: 'ARCHIVE_ACCESS' };
    await ask('ARCHIVE_ACCESS');
    expect(asked[0]!.body).not.toContain('Days');
  });

  test.each<[when: string, kept: Kept]>([
    ['asked for before', { storageClass: 'GLACIER', refusal: [409, 'RestoreAlreadyInProgress'] }],
    ['readable already', { storageClass: 'GLACIER', restore: 'ongoing-request="false", expiry-date="Fri, 27 Nov 2026 00:00:00 GMT"' }],
    ['not cold at all', { refusal: [403, 'InvalidObjectState'] }],
  ])('is no error where it is %s', async (_when, kept) => {
    objects['volumes/1.tar'] = kept;
    await ask();
    expect(asked).toHaveLength(1);
  });

  test.each<[refusal: [number, string], error: object]>([
    [[403, 'AccessDenied'], { code: 'TARGET_DENIED', transient: false, message: expect.stringContaining('could not thaw volumes/1.tar') as string, hint: expect.stringContaining('s3:RestoreObject') as string }],
    [[503, 'GlacierExpeditedRetrievalNotAvailable'], { code: 'TARGET_FAILED', transient: true, hint: expect.stringContaining('--tier standard') as string }],
    [[501, 'NotImplemented'], { code: 'TARGET_FAILED', transient: false, message: expect.stringContaining('knows no thaws') as string }],
    [[503, 'SlowDown'], { code: 'TARGET_FAILED', transient: true }],
  ])('%s', async (refusal, error) => {
    objects['volumes/1.tar'] = { storageClass: 'GLACIER', refusal };
    await expect(ask('GLACIER', 'expedited')).rejects.toMatchObject(error);
  });
});

test('a read of a cold object is OBJECT_COLD, and not tried again', async () => {
  objects['volumes/1.tar'] = { storageClass: 'DEEP_ARCHIVE' };
  await expect(target.read('volumes/1.tar', 0, 10)).rejects.toMatchObject({ code: 'OBJECT_COLD', transient: false, message: expect.stringContaining('volumes/1.tar') as string });
});

test('the tiers of a class, the cheapest first, with their hours', () => {
  const times = (storageClass: string): [string, number, number][] => cold.tiers(storageClass).map(({ tier, least, most }) => [tier, least / hour, most / hour]);
  expect(times('GLACIER')).toEqual([['bulk', 5, 12], ['standard', 3, 5], ['expedited', 1 / 60, 1 / 12]]);
  expect(times('DEEP_ARCHIVE')).toEqual([['bulk', 48, 48], ['standard', 12, 12]]);
  expect(times('GLACIER_IR')).toEqual([]);
  expect(['GLACIER', 'DEEP_ARCHIVE', 'GLACIER_IR', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', ''].filter((name) => cold.isCold(name))).toEqual(['GLACIER', 'DEEP_ARCHIVE']);
});

test('prices: those of Amazon on Amazon, those of the plan elsewhere', () => {
  expect(make({ 'storage-class': 'DEEP_ARCHIVE' }).prices).toMatchObject({ volumeClass: 'DEEP_ARCHIVE', standardClass: 'STANDARD', list: { region: 'us-east-1' } });
  expect(target.prices).toBeUndefined();
  expect(make({ endpoint: 'http://localhost:1', prices: { currency: 'EUR', classes: { STANDARD: { storage: 0.01 } } } }).prices!.list).toMatchObject({ currency: 'EUR' });
});
