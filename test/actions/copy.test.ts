/** Copies between the targets of a plan: what comes back from the other one, and what is said where that cannot be. */
import { existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { CopyIncomplete } from '../../src/actions/copy.ts';
import { Catalog } from '../../src/catalog/catalog.ts';
import { Manifests } from '../../src/catalog/manifests.ts';
import { holdingOn } from '../../src/catalog/holdings.ts';
import { BatError } from '../../src/core/errors.ts';
import type { TargetSpec } from '../../src/plan/plan.ts';
import type { PutOptions } from '../../src/targets/target.ts';
import { differences, filesBelow } from '../e2e/judges.ts';
import { startCloudinary } from '../servers/cloudinary-server.ts';
import { newBucket } from '../servers/s3-access.ts';
import { startS3Server } from '../servers/s3-server.ts';
import { copiedBackup, type Copied } from './copied.ts';

let backup: Copied;
afterEach(() => backup.remove());

const stored = (target: string): string[] => filesBelow(join(backup.folder, target)).filter((name) => /\/(volumes|manifests)\//.test(name));
const volumesOf = (target: string): string[] => stored(target).filter((name) => name.includes('/volumes/'));

async function expectRestored(target: string, like = ''): Promise<void> {
  const path = await backup.restoreFrom(target);
  for (const source of ['docs', 'music']) expect(differences(join(backup.folder, like, source), join(path, source)), `${source} from ${target}`).toBe('');
}

function withCatalog<T>(look: (catalog: Catalog) => T): T {
  const catalog = Catalog.openToRead(join(backup.folder, 'state/catalog.db'), true);
  try {
    return look(catalog);
  } finally {
    catalog.close();
  }
}

test('a target that no upload stores to is filled, then brought up to date, and is in no run’s way', async () => {
  backup = await copiedBackup();
  await backup.run();
  backup.write({ 'docs/a.txt': 'changed' });
  await backup.run();
  const rehearsal = await backup.copy('sealed', 'archive', { dryRun: true });
  expect(rehearsal).toMatchObject({ objects: 3, manifests: 4, sources: [{ source: 'docs', copied: 2, there: 0, left: 0 }, { source: 'music', copied: 2, there: 0, left: 0 }] });
  expect(existsSync(join(backup.folder, 'archive')), 'a dry run makes nothing').toBe(false);
  const first = await backup.copy('sealed', 'archive');
  expect({ ...first, dryRun: true, duration: 0 }).toEqual({ ...rehearsal, duration: 0 });
  expect(stored('archive')).toEqual(stored('sealed'));
  expect(filesBelow(join(backup.folder, 'archive/small'))).toEqual(expect.arrayContaining(['README.txt', 'bat.json', 'restore.py']));
  await expectRestored('archive');

  // A run neither needs it nor touches it.
  rmSync(join(backup.folder, 'docs/sub/b.txt'));
  backup.write({ 'docs/c.txt': 'third' });
  await backup.run();
  expect(stored('archive').length).toBeLessThan(stored('sealed').length);
  expect(await backup.copy('safe', 'archive')).toMatchObject({ objects: 1, manifests: 2, sources: [{ source: 'docs', copied: 1, there: 2 }, { source: 'music', copied: 1, there: 2 }] });
  await expectRestored('archive');
  expect(await backup.copy('sealed', 'archive')).toMatchObject({ objects: 0, manifests: 0, bytes: 0 });
  withCatalog((catalog) => expect(new Manifests(catalog).on('archive')).toHaveLength(6));
});

test('a snapshot alone comes with what it is laid over, and with no more than it needs', async () => {
  backup = await copiedBackup();
  await backup.run();
  backup.write({ 'docs/a.txt': 'changed', 'docs/more.txt': 'more' });
  await backup.run();
  backup.write({ 'docs/a.txt': 'changed once more' });
  await backup.run();
  const result = await backup.copy('one', 'archive', { snapshots: ['latest'], sources: ['docs'] });
  expect(result.sources.map(({ source }) => source)).toEqual(['docs']);
  const path = await backup.restoreFrom('archive');
  expect(differences(join(backup.folder, 'docs'), join(path, 'docs'))).toBe('');
  expect(existsSync(join(path, 'music'))).toBe(false);
  await expect(backup.copy('one', 'archive', { sources: ['doc'] })).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND', hint: expect.stringContaining('Did you mean "docs"?') });
});

test('what is gone or cut off on the other target is copied again; --all sends everything again', async () => {
  backup = await copiedBackup();
  await backup.run();
  await backup.copy('one', 'archive');
  const [volume = '', other = ''] = volumesOf('archive');
  const manifest = stored('archive').find((name) => name.includes('/manifests/'))!;
  rmSync(join(backup.folder, 'archive', volume));
  writeFileSync(join(backup.folder, 'archive', other), 'short');
  rmSync(join(backup.folder, 'archive', manifest));
  expect(await backup.copy('one', 'archive')).toMatchObject({ objects: 2, manifests: 1 });
  await expectRestored('archive');

  // A flipped byte has the right size: only sending it again mends it.
  const file = join(backup.folder, 'archive', volume);
  const bytes = readFileSync(file);
  bytes[40] = bytes[40]! ^ 255;
  writeFileSync(file, bytes);
  expect(await backup.copy('one', 'archive')).toMatchObject({ objects: 0 });
  expect(await backup.copy('one', 'archive', { all: true })).toMatchObject({ objects: 2, manifests: 2, sources: [{ copied: 1, there: 0 }, { copied: 1, there: 0 }] });
  await expectRestored('archive');
});

test('an object that is damaged where it lies: its snapshot is not copied and named, all else is; after the next run it can be', async () => {
  backup = await copiedBackup();
  await backup.run();
  const [damaged = ''] = volumesOf('one');
  const file = join(backup.folder, 'one', damaged);
  const bytes = readFileSync(file);
  bytes[100] = bytes[100]! ^ 255;
  writeFileSync(file, bytes);
  const error = await backup.copy('one', 'archive').then(() => null, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CopyIncomplete);
  const { result, code, message } = error as CopyIncomplete;
  expect(code).toBe('OBJECT_DAMAGED');
  expect(message).toMatch(/^1 snapshot could not be copied whole from one to archive\.\n {2}\S+-docs: /);
  expect(result.failures).toMatchObject([{ object: damaged.replace('small/', ''), code: 'OBJECT_DAMAGED' }]);
  expect(result.sources).toMatchObject([{ source: 'docs', copied: 0, left: 1 }, { source: 'music', copied: 1, left: 0 }]);
  expect(stored('archive').filter((name) => name.includes('docs'))).toEqual([]);

  await backup.run();
  expect(await backup.copy('one', 'archive')).toMatchObject({ left: [], failed: 0 });
  await expectRestored('archive');
});

test('sealed objects do not go where the plan stores plain ones', async () => {
  backup = await copiedBackup();
  await backup.run();
  await expect(backup.copy('sealed', 'one')).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('is encrypted') });
  await expect(backup.copy('one', 'one')).rejects.toMatchObject({ code: 'USAGE' });
  await expect(backup.copy('one', 'tow')).rejects.toMatchObject({ code: 'USAGE', hint: expect.stringContaining('Did you mean "two"?') });
});

test('a copy that is stopped goes on where it was, and nothing is claimed before it is whole', async () => {
  backup = await copiedBackup();
  for (let index = 0; index < 4; index++) {
    backup.write({ 'docs/a.txt': `text ${index}` });
    await backup.run();
  }
  const stop = new AbortController();
  let puts = 0;
  const targets = backup.plan.targets.map((spec): TargetSpec => {
    if (spec.id !== 'archive') return spec;
    const create: TargetSpec['type']['create'] = (id, options, context) => {
      const target = spec.type.create(id, options, context);
      const put = target.put.bind(target);
      return Object.assign(target, {
        async put(name: string, ...rest: [Uint8Array, PutOptions]) {
          const receipt = await put(name, ...rest);
          if (name.startsWith('volumes/') && ++puts === 4) stop.abort(new BatError('INTERRUPTED', 'Stopped.'));
          return receipt;
        },
      });
    };
    return { ...spec, parallel: 1, type: { ...spec.type, create } };
  });
  await expect(backup.copy('one', 'archive', { signal: stop.signal, plan: { ...backup.plan, targets } })).rejects.toMatchObject({ code: 'INTERRUPTED' });
  const before = new Map(volumesOf('archive').map((name) => [name, statSync(join(backup.folder, 'archive', name)).ino]));
  expect(stored('archive').filter((name) => name.includes('/manifests/'))).toEqual([]);
  const receipts = withCatalog((catalog) => holdingOn(catalog, 'archive').objects);
  expect(receipts).toBe(3);

  expect(await backup.copy('one', 'archive')).toMatchObject({ objects: volumesOf('one').length - receipts, left: [] });
  expect(stored('archive')).toEqual(stored('one'));
  expect([...before].filter(([name, inode]) => statSync(join(backup.folder, 'archive', name)).ino !== inode)).toHaveLength(before.size - receipts);
  await expectRestored('archive');
});

test('a disk that was put in its place is refused until that is meant; one place under two names is refused', async () => {
  backup = await copiedBackup({ alias: '{ type: file, path: ./one/../one }', linked: '{ type: file, path: linked }' });
  await backup.run();
  await backup.copy('one', 'archive');
  rmSync(join(backup.folder, 'archive'), { recursive: true });
  await expect(backup.copy('one', 'archive')).rejects.toMatchObject({ code: 'TARGET_CHANGED' });
  expect(await backup.copy('one', 'archive', { newTarget: true })).toMatchObject({ objects: 2, manifests: 2 });
  await expectRestored('archive');
  symlinkSync('one', join(backup.folder, 'linked'));
  for (const to of ['alias', 'linked']) await expect(backup.copy('one', to), to).rejects.toMatchObject({ code: 'PLAN_INVALID', message: expect.stringContaining('are the same place') });
});

test('to a bucket, from there to an account at Cloudinary, and back to a disk', async () => {
  const s3 = await startS3Server();
  const cloudinary = await startCloudinary({ rawLimit: 400_000 });
  try {
    const { cloudName, apiKey, apiSecret } = cloudinary.settings;
    backup = await copiedBackup({
      bucket: `{ type: s3, endpoint: "${s3.endpoint}", bucket: ${await newBucket(s3)}, access-key: ${s3.accessKey}, secret-key: "${s3.secretKey}" }`,
      account: `{ type: cloudinary, cloud-name: ${cloudName}, api-key: "${apiKey}", api-secret: "${apiSecret}", upload-prefix: "${cloudinary.url}" }`,
    });
    const noise = Buffer.allocUnsafe(1_500_000);
    for (let index = 0; index < noise.length; index++) noise[index] = (index * index * 31 + (index >> 7) * 17) & 255;
    backup.write({ 'docs/noise': noise });
    await backup.run();
    await backup.copy('sealed', 'bucket');
    await expectRestored('bucket');
    await backup.copy('bucket', 'account');
    await expectRestored('account');
    await backup.copy('account', 'archive');
    expect(stored('archive')).toEqual(stored('sealed'));
    await expectRestored('archive');
  } finally {
    await cloudinary.close();
    await s3.stop();
  }
});
