/** A target that others are brought up to date from, and that does not give what it holds. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sandbox } from '../cli/fixture.ts';
import { newBucket } from '../servers/s3-access.ts';
import { startS3Server } from '../servers/s3-server.ts';
import { between } from '../targets/s3-between.ts';
import { differences } from './judges.ts';

test('it is not asked for one object after the other, and the sources are read instead', async () => {
  const server = await startS3Server();
  let isBroken = false;
  const isFile = (method: string, path: string): boolean => method === 'GET' && path.includes('/docs/');
  const line = await between(({ method, path }) => (isBroken && isFile(method, path) ? { status: 503, headers: { 'x-amz-request-id': 'r' } } : 'pass'), server.endpoint);
  const bucket = await newBucket(server);
  const box = sandbox();
  onTestFinished(async () => {
    box.remove();
    await server.stop();
  });
  mkdirSync(join(box.folder, 'docs'));
  for (let index = 0; index < 40; index++) writeFileSync(join(box.folder, `docs/${index}`), randomBytes(1000));
  box.write({
    'bat.yaml': `version: 1
name: home
sources: { docs: { path: docs } }
steps: [select, { upload: { to: [disk, cloud], retry: { attempts: 2, wait: 1ms } } }, record]
targets:
  disk: { type: file, path: disk }
  cloud: { type: s3, endpoint: "${line.endpoint}", bucket: ${bucket}, access-key: ${server.accessKey}, secret-key: "${server.secretKey}" }
`,
  });
  const first = await box.bat('run');
  expect(first.code, first.err).toBe(0);

  rmSync(join(box.folder, 'disk'), { recursive: true });
  isBroken = true;
  line.seen.length = 0;
  const { code, out, err } = await box.bat('run', '--new-target', 'disk');
  expect(code, out + err).toBe(0);
  // Each of those that are copied at a time, and its second try.
  expect(line.seen.filter(({ method, path }) => isFile(method, path)).length).toBeLessThanOrEqual(2 * 4);
  const restored = await box.bat('restore', '--from', 'disk', '--to', 'restored');
  expect(restored.code, restored.err).toBe(0);
  expect(differences(join(box.folder, 'docs'), join(box.folder, 'restored/docs'))).toBe('');
});
