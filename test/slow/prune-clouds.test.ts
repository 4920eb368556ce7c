/** What a prune does on a disk holds for a bucket and an account, too: there listings are late or dear, and objects lie in parts. */
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { deleteNamed, deleteSnapshots } from '../../src/actions/delete.ts';
import { noise } from '../actions/store-builder.ts';
import { PrunedPlan } from '../runner/prune/pruned-plan.ts';
import { startCloudinary } from '../servers/cloudinary-server.ts';
import { newBucket } from '../servers/s3-access.ts';
import { startS3Server } from '../servers/s3-server.ts';
import { accessOptions } from '../targets/s3-store.ts';

let pruned: PrunedPlan;
afterEach(() => pruned.remove());

async function s3(): Promise<string> {
  const server = await startS3Server();
  onTestFinished(() => server.stop());
  return `type: s3, ${lineOf({ bucket: await newBucket(server), ...accessOptions(server) })}`;
}

async function cloudinary(): Promise<string> {
  const server = await startCloudinary({ rawLimit: 300_000 });
  onTestFinished(() => server.close());
  const { cloudName, apiKey, apiSecret } = server.settings;
  return `type: cloudinary, ${lineOf({ 'cloud-name': cloudName, 'api-key': apiKey, 'api-secret': apiSecret, 'upload-prefix': server.url })}`;
}

function lineOf(options: Record<string, unknown>): string {
  return Object.entries(options).map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join(', ');
}

test.each([
  ['s3', s3, 'tar, '],
  ['s3, single files', s3, ''],
  ['cloudinary', cloudinary, 'tar, '],
  ['cloudinary, single files', cloudinary, ''],
])('%s', async (_name, make, tar) => {
  pruned = await PrunedPlan.create({ steps: `[select, ${tar}compress, { encrypt: { to: KEY } }, { upload: { to: [disk, cloud] } }, record]`, targets: ['disk'], more: `, cloud: { ${await make()} }` });
  pruned.write(Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`f${index}`, noise(200_000, `${index}`)])));
  const first = await pruned.run();
  pruned.write({ f0: noise(250_000, 'new 0'), f1: noise(250_000, 'new 1') });
  const second = await pruned.run();
  pruned.write({ f2: 'small' });
  await pruned.run();
  await pruned.prune([first]);
  await pruned.expectKept();
  await pruned.run();
  const around = { plan: pruned.plan, force: false, emit: () => {}, say: () => {}, signal: new AbortController().signal, onFile: () => {}, agree: async () => true };
  await deleteSnapshots({ ...around, snapshots: [second], early: false });
  pruned.remembered.delete(second);
  await pruned.expectKept();
  const [object] = await pruned.objectsOn('cloud');
  await deleteNamed({ ...around, objects: [object!] });
  expect(await pruned.objectsOn('cloud')).not.toContain(object);
  await pruned.run();
  await pruned.prune([]);
  await pruned.expectKept();
  for (const target of ['disk', 'cloud']) expect(await pruned.objectsOn(target), target).toEqual(await pruned.named(target));
});
