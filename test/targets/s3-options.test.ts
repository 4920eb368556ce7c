/** The options of buckets: what a preset fills in, and what is refused before anything runs. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { targetTypes } from '../../src/targets/index.ts';
import { S3Target } from '../../src/targets/s3/target.ts';
import type { S3Options } from '../../src/targets/s3/options.ts';
import type { Target } from '../../src/targets/target.ts';
import { newBucket } from '../servers/s3-access.ts';
import { startS3Server } from '../servers/s3-server.ts';
import type { S3Server } from '../servers/s3-server.ts';
import { check, registries, rightPlan } from '../plan/fakes.ts';
import { accessOptions, context } from './s3-store.ts';

const keys = { 'access-key': 'KEYID', 'secret-key': 'SECRET' };
const typeOf = (type: string) => targetTypes.find((candidate) => candidate.type === type)!;

/** As a run makes it: options that have passed the schema. */
function made(type: string, options: Record<string, unknown>): Target {
  const validate = new Ajv2020({ allowUnionTypes: true, keywords: ['x-secret'] }).compile(typeOf(type).schema);
  expect(validate(options), JSON.stringify(validate.errors)).toBe(true);
  const target = typeOf(type).create('cloud', options as never, context);
  onTestFinished(() => target.close());
  return target;
}

function isRefused(type: string, options: Record<string, unknown>): boolean {
  return !new Ajv2020({ allowUnionTypes: true, keywords: ['x-secret'] }).validate(typeOf(type).schema, options);
}

describe('presets', () => {
  const cases: [type: string, options: Record<string, unknown>, location: string][] = [
    ['oci', { namespace: 'axexample', region: 'eu-frankfurt-1' }, 'https://axexample.compat.objectstorage.eu-frankfurt-1.oci.customer-oci.com/attic/nas'],
    ['b2', { region: 'eu-central-003' }, 'https://s3.eu-central-003.backblazeb2.com/attic/nas'],
    ['r2', { account: '0123abcd' }, 'https://0123abcd.r2.cloudflarestorage.com/attic/nas'],
    ['r2', { account: '0123abcd.eu' }, 'https://0123abcd.eu.r2.cloudflarestorage.com/attic/nas'],
    ['minio', { endpoint: 'https://minio.example.org:9000' }, 'https://minio.example.org:9000/attic/nas'],
  ];
  test.for(cases)('%s fills in the address', ([type, options, location]) => {
    const target = made(type, { bucket: 'attic', ...keys, ...options });
    expect(target).toMatchObject({ id: 'cloud', type, location });
    for (const missing of ['bucket', 'access-key', 'secret-key', ...Object.keys(options)]) {
      expect(isRefused(type, Object.fromEntries(Object.entries({ bucket: 'attic', ...keys, ...options }).filter(([name]) => name !== missing))), missing).toBe(true);
    }
  });

  test.for(['oci', 'b2', 'r2', 'minio'])('%s has no option that does nothing there', (type) => {
    const { properties } = typeOf(type).schema as { properties: Record<string, unknown> };
    for (const option of ['storage-class', 'kms-key', 'profile', 'session-token', 'path-style']) expect(Object.keys(properties)).not.toContain(option);
  });
});

describe('on a server', () => {
  let server: S3Server;
  let bucket: string;
  beforeEach(async () => {
    server = await startS3Server();
    bucket = await newBucket(server);
  });
  afterEach(() => server.stop());

  test('a preset stores and reads as its options say', async () => {
    const { accessKey, secretKey, endpoint } = server;
    const target = made('minio', { bucket, endpoint, 'access-key': accessKey, 'secret-key': secretKey, prefix: '/home/', 'part-size': '5MiB', tags: { a: 'b' } });
    expect(target.capabilities.partSize).toBe(5 * 2 ** 20);
    await target.connect({ create: true });
    await target.put('bat.json', Buffer.from('{}'), { temperature: 'hot' });
    expect(target.location).toBe(`${endpoint}/${bucket}/home/nas`);
    const plain = new S3Target('plain', 's3', { ...accessOptions(server), bucket, prefix: 'home' }, context);
    onTestFinished(() => plain.close());
    expect(await plain.stat('bat.json')).toEqual({ name: 'bat.json', size: 2 });
  });

  test('plans and prefixes do not see each other', async () => {
    const make = (prefix: string | undefined, plan: string): S3Target => {
      const target = new S3Target('cloud', 's3', { ...accessOptions(server), bucket, ...(prefix === undefined ? {} : { prefix }) }, { folder: '/plans', plan });
      onTestFinished(() => target.close());
      return target;
    };
    const all = [make(undefined, 'nas'), make(undefined, 'nas2'), make('nas', 'nas'), make('other', 'nas')];
    for (const [index, target] of all.entries()) await target.put('bat.json', Buffer.alloc(index + 1), { temperature: 'hot' });
    // The second prefix lies below the first plan: its objects are seen there, under names that are not the first one's own.
    const sizes = await Promise.all(all.map(async (target) => (await target.stat('bat.json'))!.size));
    expect(sizes).toEqual([1, 2, 3, 4]);
    const names: string[] = [];
    for await (const { name } of all[1]!.list('')) names.push(name);
    expect(names).toEqual(['bat.json']);
  });

  test('names are taken as long as the key fits', () => {
    const short = new S3Target('cloud', 's3', { bucket }, context);
    const long = new S3Target('cloud', 's3', { bucket, prefix: 'p'.repeat(200) }, context);
    const name = `${'a'.repeat(250)}/${'b'.repeat(250)}/${'c'.repeat(250)}/${'d'.repeat(250)}`;
    expect([short.acceptsName(name), long.acceptsName(name)]).toEqual([true, false]);
    expect(short.acceptsName(`${'ü'.repeat(127)}/${'ü'.repeat(127)}`)).toBe(true);
    for (const refused of ['ü'.repeat(128), 'a\u0001b', 'line\nbreak', 'half\uD800', 'not a character \uFFFF']) expect(short.acceptsName(refused), JSON.stringify(refused)).toBe(false);
  });
});

describe('refused', () => {
  const cases: [options: Partial<S3Options>, sentence: RegExp][] = [
    [{ 'part-size': '4MiB' }, /A part-size of 4MiB is too small/],
    [{ 'part-size': '1GiB' }, /A part-size of 1GiB is too large/],
    [{ prefix: 'a//b' }, /The prefix "a\/\/b" is not a plain path/],
    [{ prefix: '../other' }, /is not a plain path/],
    [{ 'server-side-encryption': 'AES256', 'kms-key': 'alias/x' }, /goes with server-side-encryption: aws:kms/],
  ];
  test.for(cases)('%j', ([options, sentence]) => {
    expect(() => new S3Target('cloud', 's3', { bucket: 'attic', ...options }, context)).toThrow(sentence);
    expect(() => typeOf('s3').check!({ bucket: 'attic', ...options } as never)).toThrow(sentence);
  });

  test.for([
    { 'access-key': 'A' }, { 'secret-key': 'A' }, { 'session-token': 'A' }, { 'kms-key': 'A' }, { endpoint: 'https://key:secret@host' },
    { endpoint: 'host:9000' }, { bucket: 'a/b' }, { region: 'eu central' }, { 'part-size': 1000 }, { 'storage-class': 'deep archive' },
  ])('by the schema: %j', (options) => {
    expect(isRefused('s3', { bucket: 'attic', ...options })).toBe(true);
  });

  test('with its place in the plan', async () => {
    const plan = (options: string): string => rightPlan.replace('{ type: file, path: /mnt/usb }', `{ type: s3, bucket: attic, ${options} }`);
    const told = async (options: string): Promise<string[]> => {
      const { mistakes } = await check(plan(options), { registries: { ...registries, targets: targetTypes as never } });
      return mistakes.map(({ line, path, message }) => `${line} ${path}: ${message}`);
    };
    expect(await told('part-size: 1MiB, region: eu-west-1')).toEqual(['12 targets.usb.part-size: A part-size of 1MiB is too small.']);
    expect(await told('access-key: "${PATH}"')).toEqual(['12 targets.usb: The target usb has "access-key", but no "secret-key".']);
    expect(await told('prefix: "${NOT_SET_ANYWHERE:-}x//y"')).toEqual([expect.stringContaining('is not a plain path')]);
  });
});
