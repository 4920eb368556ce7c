/** The gateway itself: it keeps what it confirmed when it is killed, and is gone when the process that started it is. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { missingCeph, sharedRgw, startRgw } from './ceph-rgw.ts';
import { everythingIn, newBucket, removeBucket, s3Client } from './s3-access.ts';

const missing = missingCeph();

describe.skipIf(missing)(`Ceph RGW${missing ? ` (skipped: ${missing})` : ''}`, () => {
  test('killed and started again, it is at the same address and has what it had confirmed', async () => {
    const rgw = await startRgw();
    onTestFinished(() => rgw.stop());
    const bucket = await newBucket(rgw);
    const client = s3Client(rgw);
    onTestFinished(() => client.destroy());
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'kept', Body: 'bytes' }));
    await rgw.killGateway();
    await expect(client.send(new GetObjectCommand({ Bucket: bucket, Key: 'kept' }))).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/);
    await rgw.startGateway();
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'kept' }));
    expect(await Body!.transformToString()).toBe('bytes');
  });

  test('the reader reads what the writer wrote, and writes nothing', async () => {
    const rgw = await sharedRgw();
    const bucket = await newBucket(rgw);
    onTestFinished(() => removeBucket(rgw, bucket));
    const writer = s3Client(rgw);
    const reader = s3Client({ ...rgw, ...rgw.reader });
    onTestFinished(() => (writer.destroy(), reader.destroy()));
    await writer.send(new PutObjectCommand({ Bucket: bucket, Key: 'a', Body: 'bytes' }));
    const { Body } = await reader.send(new GetObjectCommand({ Bucket: bucket, Key: 'a' }));
    expect(await Body!.transformToString()).toBe('bytes');
    expect((await reader.send(new ListObjectsV2Command({ Bucket: bucket }))).KeyCount).toBe(1);
    await expect(reader.send(new PutObjectCommand({ Bucket: bucket, Key: 'b', Body: 'bytes' }))).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(await everythingIn(rgw, bucket)).toEqual(['a']);
  });

  test('when the process that started it is killed, it is gone and so are its files', async () => {
    const program = `
      const { startRgw } = await import('./test/servers/ceph-rgw.ts');
      console.log((await startRgw()).endpoint);
      setInterval(() => {}, 1e6);`;
    const folder = mkdtempSync(join(tmpdir(), 'bat-rgw-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, TMPDIR: folder } });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const endpoint = line.toString().trim();
    expect((await fetch(endpoint)).status).toBe(200);
    expect(readdirSync(folder)).toHaveLength(1);
    child.kill('SIGKILL');
    await vi.waitFor(() => expect(readdirSync(folder)).toEqual([]), { timeout: 20_000, interval: 50 });
    await expect(fetch(endpoint)).rejects.toThrow('fetch failed');
  });
});
