/** `bat mirror` to a bucket: objects under the paths of the files, and an index that says which path lies in which object. */
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { hash } from 'node:crypto';
import { rmSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { everythingIn, newBucket, s3Client } from '../../servers/s3-access.ts';
import { startFaultyProxy } from '../../servers/faulty-proxy.ts';
import { startS3Server, type S3Server } from '../../servers/s3-server.ts';
import type { TestServer } from '../../server/start-server.ts';
import { MirrorSetting, write, type Files } from './mirror-setting.ts';

let s3: S3Server;
beforeAll(async () => {
  s3 = await startS3Server();
});
afterAll(() => s3.stop());

let setting: MirrorSetting;
let from: TestServer;
let bucket: string;
let to: string;
beforeEach(async () => {
  setting = new MirrorSetting();
  from = await setting.server();
  bucket = await newBucket(s3);
  to = `s3://${bucket}/home/photos?endpoint=${encodeURIComponent(s3.endpoint)}`;
  process.env['AWS_ACCESS_KEY_ID'] = s3.accessKey;
  process.env['AWS_SECRET_ACCESS_KEY'] = s3.secretKey;
});
afterEach(() => setting.close());

async function object(name: string): Promise<string> {
  const { Body } = await s3Client(s3).send(new GetObjectCommand({ Bucket: bucket, Key: `home/photos/${name}` }));
  return Body!.transformToString();
}

/** The files as the index has them, read back by it alone. */
async function readBack(): Promise<Files> {
  const lines = (await object('mirror/index.jsonl')).trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  const files = lines.filter((line) => 'path' in line);
  expect(lines[0]).toMatchObject({ mirror: 1 });
  expect(lines.at(-1)).toEqual({ end: files.length });
  return Object.fromEntries(await Promise.all(files.map(async ({ path, object: name }) => [path as string, await object(name as string)] as const)));
}

const names = async (): Promise<string[]> => (await everythingIn(s3, bucket)).map((name) => name.replace(/^home\/photos\//, '')).filter((name) => name !== 'mirror/index.jsonl').sort();

test('files lie under their own paths; renamed ones and doubles cost a line of the index, and old contents stay under theirs until their time is over', async () => {
  write(from.photos, { 'a b.jpg': 'first', 'two/ü': 'second', 'double': 'first', 'mirror/own': 'name', 'letter': 'old' });
  const { result } = await setting.run(`${from.url}/photos`, to, { delete: true });
  expect(result).toMatchObject({ sent: { files: 4 }, copied: { files: 1 }, failed: 0 });
  expect(await readBack()).toEqual({ 'a b.jpg': 'first', 'two/ü': 'second', 'double': 'first', 'mirror/own': 'name', 'letter': 'old' });
  expect(await names()).toEqual(['a b.jpg', 'letter', `mirror/files/${hash('sha256', 'name')}`, 'two/ü']);
  renameSync(join(from.photos, 'two/ü'), join(from.photos, 'three'));
  rmSync(join(from.photos, 'a b.jpg'));
  writeFileSync(join(from.photos, 'letter'), 'new text');
  const second = await setting.run(`${from.url}/photos`, to, { delete: true });
  expect(second.result).toMatchObject({ sent: { files: 1 }, moved: { files: 1 }, aside: { files: 1 }, waiting: { files: 2 } });
  expect(await readBack()).toMatchObject({ 'three': 'second', 'double': 'first', 'letter': 'new text', 'mirror-waiting/20261120-120000/letter': 'old' });
  setting.days(31);
  const third = await setting.run(`${from.url}/photos`, to, { delete: true });
  expect(third.result).toMatchObject({ removed: { files: 2 }, sent: { files: 0 } });
  expect(await readBack()).toEqual({ 'three': 'second', 'double': 'first', 'mirror/own': 'name', 'letter': 'new text' });
  expect(await names()).not.toContain('letter');
  expect((await setting.run(`${from.url}/photos`, to, { delete: true })).actions).toEqual([]);
});

test('objects that are gone are sent again; what lies under a name and is not known is not written over', async () => {
  const put = (name: string, text: string): Promise<unknown> => s3Client(s3).send(new PutObjectCommand({ Bucket: bucket, Key: `home/photos/${name}`, Body: text }));
  write(from.photos, { mine: 'mine', same: 'same', lost: 'lost' });
  await put('mine', 'hers');
  await put('same', 'same');
  const { result } = await setting.run(`${from.url}/photos`, to);
  expect(result.failed).toBe(0);
  expect(await object('mine')).toBe('hers');
  expect(await readBack()).toEqual({ mine: 'mine', same: 'same', lost: 'lost' });
  await put('lost', 'cut');
  const again = await setting.run(`${from.url}/photos`, to);
  expect(again.result.sent.files).toBe(1);
  expect(again.events).toContainEqual(expect.objectContaining({ type: 'issue', issue: expect.objectContaining({ kind: 'lost' }) as unknown }));
  expect(await readBack()).toEqual({ mine: 'mine', same: 'same', lost: 'lost' });
});

test('what is never as the table says is not stored', async () => {
  write(from.photos, { wrong: 'it always arrives with another letter', right: 'right' });
  const reads = await startFaultyProxy({ endpoint: from.url }, ({ url }) => (url.endsWith('/wrong') ? { kind: 'corrupt-response' } : undefined));
  await expect(setting.run(`${reads.endpoint}/photos`, to)).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE', result: { changed: 1 } });
  await reads.stop();
  expect(await names()).toEqual(['right']);
});

test('a file in several parts; and a dry run to a place where nothing is yet', async () => {
  const large = 'a long line of text\n'.repeat(1_000_000);
  write(from.photos, { large });
  const rehearsed = await setting.run(`${from.url}/photos`, to, { dryRun: true });
  expect(rehearsed.actions).toEqual([{ action: 'send', path: 'large', bytes: large.length }]);
  expect(await everythingIn(s3, bucket)).toEqual([]);
  await setting.run(`${from.url}/photos`, to);
  expect(await object('large')).toBe(large);
});
