/** The same where listings are pages, and where objects lie in parts, names are looked up by their ids, and a listing is dear. */
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { noise } from '../e2e/noise.ts';
import { startCloudinary } from '../servers/cloudinary-server.ts';
import { newBucket, s3Client } from '../servers/s3-access.ts';
import { startS3Server } from '../servers/s3-server.ts';
import { CloudinaryTarget } from '../../src/targets/cloudinary.ts';
import { accessOptions } from '../targets/s3-store.ts';
import { SyncSetting } from './sync-setting.ts';

interface Place {
  /** Of a plan. */
  line: string;
  /** Takes an object of the plan away, past bat. */
  remove(name: string): Promise<void>;
}

async function onS3(): Promise<Place> {
  const server = await startS3Server();
  onTestFinished(() => server.stop());
  const bucket = await newBucket(server);
  const client = s3Client(server);
  onTestFinished(() => client.destroy());
  return { line: `{ type: s3, ${lineOf({ bucket, ...accessOptions(server) })} }`, remove: async (name) => void (await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: `plan/${name}` }))) };
}

async function onCloudinary(): Promise<Place> {
  const server = await startCloudinary({ rawLimit: 200_000 });
  onTestFinished(() => server.close());
  const { cloudName, apiKey, apiSecret } = server.settings;
  const options = { 'cloud-name': cloudName, 'api-key': apiKey, 'api-secret': apiSecret, 'upload-prefix': server.url };
  const target = new CloudinaryTarget('cloud', options, { folder: '/', plan: 'plan' });
  await target.connect({ create: false });
  onTestFinished(() => target.close());
  return { line: `{ type: cloudinary, ${lineOf(options)} }`, remove: (name) => target.remove(name) };
}

function lineOf(options: Record<string, unknown>): string {
  return Object.entries(options).map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join(', ');
}

test.each([['s3', onS3], ['cloudinary', onCloudinary]] as const)('%s: made anew, it says what the lost one said; what is gone is noticed, and comes back', async (_, make) => {
  const place = await make();
  const setting = await SyncSetting.create({ steps: ['select', 'tar', 'compress', 'encrypt: { to: KEY }', 'upload: { to: cloud }', 'record'], targets: { cloud: place.line } });
  setting.write({ 'src/a': noise(700_000, 1), 'src/b': 'first' });
  await setting.run();
  setting.write({ 'src/b': 'second' });
  await setting.run();
  const before = setting.facts();
  expect((await setting.sync()).targets.flatMap(({ found }) => found)).toEqual([]);
  expect(setting.facts()).toEqual(before);
  setting.lose();
  expect((await setting.sync()).targets.flatMap(({ found }) => found)).toEqual([]);
  expect(setting.facts()).toEqual(before);

  const volume = before['objects']!.find(({ size }) => (size as number) > 500_000)!['name'] as string;
  await place.remove(volume);
  const [found] = (await setting.sync()).targets.map((target) => target.found);
  expect(found).toMatchObject([{ name: volume, kind: 'object', state: 'gone' }]);
  await setting.run();
  expect(setting.facts()['receipts']!.map(({ name }) => name)).not.toContain(volume);
  expect((await setting.sync()).targets.flatMap((target) => target.found)).toEqual([]);
});

test.each([
  ['s3', onS3],
  ['cloudinary', onCloudinary],
])('%s: made anew, the catalog removes what is old at once, and nobody takes that for a store that was cut off', async (_kind, make) => {
  const { line } = await make();
  const plan = { steps: ['select', 'tar', 'compress', 'encrypt: { to: KEY }', 'upload: { to: cloud }', 'record'], targets: { cloud: line }, more: 'retention: { last: 1 }\n' };
  const setting = await SyncSetting.create(plan);
  for (const text of ['first', 'second', 'third', 'fourth']) {
    if (text === 'third') {
      setting.lose();
      expect((await setting.sync()).exitCode).toBe(0);
    }
    setting.write({ 'src/a': text });
    await setting.run();
  }
  expect(setting.query('SELECT id FROM snapshots')).toHaveLength(1);
  await setting.setPlan(plan, 'bare');
  expect(await setting.sync()).toMatchObject({ exitCode: 0, read: { snapshots: 1, unreadable: [] } });
});
