/** Two catalogs that back up to one place, on one machine or on two: neither sweeps away what the other one is sending. */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bytesOf, partsOf } from '../../src/targets/conformance/data.ts';
import { CloudinaryTarget } from '../../src/targets/cloudinary.ts';
import { S3Target } from '../../src/targets/s3/target.ts';
import type { Target } from '../../src/targets/target.ts';
import { sandbox } from '../cli/fixture.ts';
import { startCloudinary } from '../servers/cloudinary-server.ts';
import { newBucket } from '../servers/s3-access.ts';
import { startS3Server } from '../servers/s3-server.ts';
import { accessOptions } from '../targets/s3-store.ts';

const context = { folder: '/', plan: 'home' };

/** A target, and the same as a line of a plan. */
type Place = { target: Target; line: string };

async function onS3(): Promise<Place> {
  const server = await startS3Server();
  onTestFinished(() => server.stop());
  const bucket = await newBucket(server);
  const options = { bucket, ...accessOptions(server) };
  return { target: new S3Target('cloud', 's3', options, context), line: `type: s3, ${lineOf(options)}` };
}

async function onCloudinary(): Promise<Place> {
  const server = await startCloudinary({});
  onTestFinished(() => server.close());
  const { cloudName, apiKey, apiSecret } = server.settings;
  const options = { 'cloud-name': cloudName, 'api-key': apiKey, 'api-secret': apiSecret, 'upload-prefix': server.url };
  return { target: new CloudinaryTarget('cloud', options, context), line: `type: cloudinary, ${lineOf(options)}` };
}

function lineOf(options: Record<string, unknown>): string {
  return Object.entries(options).map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join(', ');
}

test.each([
  ['s3', onS3],
  ['cloudinary', onCloudinary],
])('%s', async (_kind, make) => {
  const { target, line } = await make();
  const box = sandbox();
  onTestFinished(async () => {
    await target.close();
    box.remove();
  });
  box.write({
    'docs/a.txt': 'a\n',
    'bat.yaml': `{ version: 1, name: home, sources: { docs: { path: docs } }, steps: [select, tar, { upload: { to: cloud } }, record], targets: { cloud: { ${line} } } }\n`,
  });
  const run = async (catalog: string): Promise<void> => {
    const { code, out, err } = await box.start(['run'], { environment: { XDG_STATE_HOME: join(box.folder, catalog) } }).ended;
    expect(code, out + err).toBe(0);
  };
  await run('one');

  // What the first catalog is in the middle of, while the second one runs, and later the first as it seems to the second.
  const partSize = 5 * 2 ** 20;
  const bytes = bytesOf(partSize + 1000);
  const upload = await target.open('volumes/20260101-000000-abcd-00001.tar', { temperature: 'cold', partSize });
  const [first, last] = partsOf(bytes, partSize);
  await upload.write(0, first!);
  await run('two');
  await run('one');
  await upload.write(1, last!);
  await upload.finish(bytes.length);
  expect(Buffer.from(bytes).equals(await target.read('volumes/20260101-000000-abcd-00001.tar', 0, bytes.length))).toBe(true);
});
