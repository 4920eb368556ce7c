/** How few bytes come over the line for a little of a lot: a store of 2 GB on a gateway, counted at a proxy before it. */
import { createCipheriv } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Backup } from '../e2e/backup.ts';
import { runProgram } from '../e2e/by-hand.ts';
import { missingCeph, sharedRgw } from '../servers/ceph-rgw.ts';
import { startFaultyProxy, type FaultyProxy } from '../servers/faulty-proxy.ts';
import { newBucket, removeBucket, type S3Access } from '../servers/s3-access.ts';

const missing = missingCeph();
const mebibyte = 2 ** 20;
const imageSize = 4096 * mebibyte;

describe.skipIf(missing)(`2 GB on Ceph RGW${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let backup: Backup;
  let proxy: FaultyProxy;
  let server: S3Access;
  let bucket: string;

  beforeAll(async () => {
    server = await sharedRgw();
    proxy = await startFaultyProxy(server);
    bucket = await newBucket(server);
    backup = await Backup.create({
      steps: ['select', 'tar', 'compress', 'encrypt: { to: KEY }', 'upload: { to: cloud }', 'record'],
      targets: [],
      more: { cloud: `{ type: s3, endpoint: '${proxy.endpoint}', region: ${server.region}, bucket: ${bucket}, access-key: ${server.accessKey}, secret-key: '${server.secretKey}' }` },
    });
    const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16));
    for (let index = 0; index < 500; index++) writeFileSync(backup.at('src', `letter-${index}`), noise.update(Buffer.alloc(20_000)));
    // Every other MiB of it is a hole: 4 GiB of chunks, 2 GiB of bytes that do not compress.
    const image = openSync(backup.at('src/machine.img'), 'w');
    for (let at = 0; at < imageSize; at += 2 * mebibyte) writeSync(image, noise.update(Buffer.alloc(mebibyte)), 0, mebibyte, at);
    ftruncateSync(image, imageSize);
    closeSync(image);
    await backup.run();
    expect(proxy.requests.reduce((sum, { size }) => sum + size, 0)).toBeGreaterThan(2e9);
  });
  afterAll(async () => {
    backup.remove();
    await proxy.stop();
    await removeBucket(server, bucket);
  });

  /** Bytes that came while this was done, manifests left out. */
  async function receivedBy(work: () => Promise<unknown> | unknown): Promise<number> {
    const before = proxy.requests.length;
    await work();
    return proxy.requests.slice(before).reduce((sum, { url, received = 0 }) => sum + (url.includes('manifests/') ? 0 : received), 0);
  }

  test('one file of 20 kB takes less than 4 MiB', async () => {
    const bytes = await receivedBy(() => backup.restore(0, 'src/letter-250'));
    expect(readFileSync(backup.at('restored/plan/src/letter-250')).equals(readFileSync(backup.at('src/letter-250')))).toBe(true);
    expect(bytes).toBeGreaterThan(20_000);
    expect(bytes).toBeLessThan(4 * mebibyte);
  });

  test('one MiB of a file of 4 GiB takes less than 8 MiB', async () => {
    const command = '"$NODE" "$BAT" cat src/machine.img -i key.txt --range 2050MiB-2051MiB > piece';
    const bytes = await receivedBy(() => runProgram('bash', ['-ec', command], { folder: backup.box.folder, environment: backup.box.around }));
    const image = openSync(backup.at('src/machine.img'), 'r');
    const wanted = Buffer.alloc(mebibyte);
    readSync(image, wanted, 0, mebibyte, 2050 * mebibyte);
    closeSync(image);
    expect(readFileSync(backup.at('piece')).equals(wanted)).toBe(true);
    expect(bytes).toBeGreaterThan(mebibyte);
    expect(bytes).toBeLessThan(8 * mebibyte);
  });
});
