import { afterEach, expect, test } from 'vitest';
import { deleteSnapshots } from '../../src/actions/delete.ts';
import { listStored } from '../../src/actions/snapshots.ts';
import { closeTargets, createTargets } from '../../src/actions/plan-targets.ts';
import { copiedBackup, type Copied } from '../actions/copied.ts';
import { describeTree } from '../e2e/tree-lines.ts';
import { startCloudinary } from '../servers/cloudinary-server.ts';
import { newBucket } from '../servers/s3-access.ts';
import { startS3Server } from '../servers/s3-server.ts';

let backup: Copied;
afterEach(() => backup.remove());

test('a bucket and an account that only copies fill lose what is deleted, and give back the rest', async () => {
  const s3 = await startS3Server();
  const cloudinary = await startCloudinary({ rawLimit: 400_000 });
  try {
    const { cloudName, apiKey, apiSecret } = cloudinary.settings;
    backup = await copiedBackup({
      bucket: `{ type: s3, endpoint: "${s3.endpoint}", bucket: ${await newBucket(s3)}, access-key: ${s3.accessKey}, secret-key: "${s3.secretKey}" }`,
      account: `{ type: cloudinary, cloud-name: ${cloudName}, api-key: "${apiKey}", api-secret: "${apiSecret}", upload-prefix: "${cloudinary.url}" }`,
    });
    const { plan } = backup;
    const signal = new AbortController().signal;
    backup.write({ 'docs/old': 'only in the first one' });
    await backup.run();
    backup.write({ 'docs/old': 'and in the second' });
    await backup.run();
    await backup.copy('sealed', 'bucket');
    await backup.copy('one', 'account');
    const [first] = (await listStored({ plan, sources: ['docs'], environment: {}, emit: () => {}, signal })).map(({ id }) => id);
    const { result, exitCode } = await deleteSnapshots({ plan, snapshots: [first!], early: false, force: false, onFile: () => {}, emit: () => {}, say: () => {}, signal, agree: async () => true });
    expect({ exitCode, gone: result!.targets.map(({ target, manifests, failure }) => [target, manifests, failure]) }).toEqual({ exitCode: 0, gone: ['one', 'two', 'sealed', 'safe', 'bucket', 'account'].map((id) => [id, 1, null]) });
    for (const id of ['bucket', 'account']) {
      expect((await manifestsOn(id)).filter((name) => name.includes(first!))).toEqual([]);
      expect((await manifestsOn(id)).every((name) => name.endsWith('.age') === (id === 'bucket'))).toBe(true);
      expect(describeTree(`${await backup.restoreFrom(id)}/docs`)).toEqual(describeTree(`${backup.folder}/docs`));
    }
  } finally {
    await cloudinary.close();
    await s3.stop();
  }
});

async function manifestsOn(id: string): Promise<string[]> {
  const targets = await createTargets({ plan: backup.plan, only: id, environment: {}, emit: () => {} });
  const names: string[] = [];
  await targets[0]!.connect({ create: false });
  for await (const { name } of targets[0]!.list('manifests/')) names.push(name);
  await closeTargets(targets);
  return names;
}
