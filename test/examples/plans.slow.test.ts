/** Every plan that people copy works as it stands, but for where its folders are. */
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { sandbox, type Sandbox } from '../cli/fixture.ts';
import { startCloudinary } from '../servers/cloudinary-server.ts';
import { everythingIn, newBucket, s3Client } from '../servers/s3-access.ts';
import { startS3Server } from '../servers/s3-server.ts';
import { runTwiceAndRestore } from './cycle.ts';
import { setTimes, treeOf } from './tree.ts';

const plans = join(import.meta.dirname, '../../plans');

interface Case {
  /** Folders below the sandbox that stand for what is read, by the path that they are restored to. */
  folders: Record<string, string>;
  /** What must be there for the targets: where disks are mounted. */
  disks: readonly string[];
}

const cases: Record<string, Case> = {
  laptop: { folders: { home: 'home' }, disks: ['media/backup', 'mnt/nas'] },
  nas: {
    folders: { documents: 'srv/documents', photos: 'srv/photos', music: 'srv/music', 'settings/etc': 'etc', 'settings/root': 'root' },
    disks: ['mnt/internal', 'mnt/removable'],
  },
  photos: { folders: { photos: 'home/Pictures', films: 'home/Videos' }, disks: ['media/first', 'media/second'] },
};
/** Their programs print what they were called with. */
const dumps = { app: 'app.dump', roles: 'roles.sql', shop: 'shop.sql' };

let box: Sandbox;
beforeEach(async () => {
  box = sandbox();
  for (const name of readdirSync(plans)) {
    const text = readFileSync(join(plans, name), 'utf8');
    box.write({ [`plans/${name}`]: text.replaceAll(/(?<=[ [])\/(?=(?:mnt|media|srv|etc|root)\b)/g, `${box.folder}/`) });
  }
  await box.bat('keygen', '-o', 'key.txt');
  box.write({ 'plans/recipients.txt': `# the key in the safe\n${/age1\w+/.exec(readFileSync(join(box.folder, 'key.txt'), 'utf8'))![0]}\n` });
});
afterEach(() => box.remove());

/** The home folder is apart from the sandbox, which has the targets in it. */
const environment = (): Record<string, string> => ({ HOME: join(box.folder, 'home'), PATH: `${join(box.folder, 'bin')}:${process.env['PATH']}` });

test('there is a test for every plan', () => {
  expect([...Object.keys(cases), 'database', 'glacier', 'cloudinary', 'three-places'].map((name) => `${name}.yaml`).sort()).toEqual(readdirSync(plans).sort());
});

test('no plan has a mistake or a warning', async () => {
  const names = readdirSync(plans).sort();
  const { ended } = box.start(['validate', '--strict', ...names.map((name) => join(plans, name))]);
  const { code, out, err } = await ended;
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out.match(/\.yaml: ok$/gm)).toHaveLength(names.length);
});

test('every plan names its schema, for editors', () => {
  for (const name of readdirSync(plans)) expect(readFileSync(join(plans, name), 'utf8').split('\n')[0]).toBe('# yaml-language-server: $schema=../schema/plan.schema.json');
});

test.for(Object.entries(cases))('%s', async ([name, { folders, disks }]) => {
  for (const [to, from] of Object.entries(folders)) box.write({ [`${from}/sub/one of ${name}`]: `for ${to}\n`.repeat(100), [`${from}/two`]: `${to}, too\n` });
  for (const from of Object.values(folders)) setTimes(join(box.folder, from));
  for (const disk of disks) box.write({ [`${disk}/mounted`]: '' });
  const restored = await runTwiceAndRestore({ box, plan: `plans/${name}.yaml`, environment: environment(), identity: 'key.txt' });
  for (const [to, from] of Object.entries(folders)) expect(treeOf(join(restored, to)), to).toEqual(treeOf(join(box.folder, from)));
  for (const disk of disks) expect(readdirSync(join(box.folder, disk, 'bat', name))).toContain('manifests');
});

test('database', async () => {
  for (const program of ['pg_dump', 'pg_dumpall', 'mysqldump']) {
    box.write({ [`bin/${program}`]: '#!/bin/sh\necho "$(basename "$0") $*"\n' });
    chmodSync(join(box.folder, 'bin', program), 0o755);
  }
  box.write({ 'mnt/backup/mounted': '' });
  const restored = await runTwiceAndRestore({ box, plan: 'plans/database.yaml', environment: environment(), identity: 'key.txt' });
  const texts = Object.entries(dumps).map(([source, file]) => readFileSync(join(restored, source, file), 'utf8'));
  expect(texts).toEqual(['pg_dump --format=custom --compress=0 app\n', 'pg_dumpall --globals-only\n', 'mysqldump --single-transaction --routines --hex-blob shop\n']);
});

test('glacier', async () => {
  const server = await startS3Server();
  onTestFinished(() => server.stop());
  const bucket = await newBucket(server);
  const text = readFileSync(join(box.folder, 'plans/glacier.yaml'), 'utf8');
  box.write({ 'plans/glacier.yaml': text.replace(/bucket: my-attic\n *region: \S+/, `bucket: ${bucket}\n    endpoint: ${server.endpoint}`) });
  for (const source of ['documents', 'photos']) box.write({ [`srv/${source}/sub/one`]: `for ${source}\n`.repeat(100), [`srv/${source}/two`]: `${source}, too\n` });
  for (const source of ['documents', 'photos']) setTimes(join(box.folder, 'srv', source));
  box.write({ 'mnt/backup/mounted': '' });
  const keys = { AWS_ACCESS_KEY_ID: server.accessKey, AWS_SECRET_ACCESS_KEY: server.secretKey };
  const restored = await runTwiceAndRestore({ box, plan: 'plans/glacier.yaml', environment: { ...environment(), ...keys }, identity: 'key.txt' });
  for (const source of ['documents', 'photos']) expect(treeOf(join(restored, source))).toEqual(treeOf(join(box.folder, 'srv', source)));

  const client = s3Client(server);
  onTestFinished(() => client.destroy());
  for (const key of await everythingIn(server, bucket)) {
    const { StorageClass = 'STANDARD' } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    expect(StorageClass, key).toBe(key.startsWith('glacier/volumes/') ? 'DEEP_ARCHIVE' : 'STANDARD');
  }
});

test('cloudinary', async () => {
  const server = await startCloudinary();
  onTestFinished(() => server.close());
  const { apiKey, apiSecret, cloudName } = server.settings;
  box.write({ 'plans/cloudinary.url': `cloudinary://${apiKey}:${apiSecret}@${cloudName}?upload_prefix=${encodeURIComponent(server.url)}\n` });
  box.write({ 'home/Documents/sub/one': 'a letter\n'.repeat(100), 'home/Documents/two': 'another\n', 'mnt/backup/mounted': '' });
  setTimes(join(box.folder, 'home/Documents'));
  const restored = await runTwiceAndRestore({ box, plan: 'plans/cloudinary.yaml', environment: environment(), identity: 'key.txt' });
  expect(treeOf(join(restored, 'documents'))).toEqual(treeOf(join(box.folder, 'home/Documents')));
  expect(server.everything().filter((id) => id.startsWith('backups/cloudinary/volumes/'))).toHaveLength(1);
});

test('three-places, and the server that joins them later', async () => {
  const [cloudinary, amazon, minio] = [await startCloudinary(), await startS3Server(), await startS3Server()];
  onTestFinished(async () => void (await Promise.all([cloudinary.close(), amazon.stop(), minio.stop()])));
  const { apiKey, apiSecret, cloudName } = cloudinary.settings;
  const [attic, backups] = [await newBucket(amazon), await newBucket(minio)];
  const path = join(box.folder, 'plans/three-places.yaml');
  const text = readFileSync(path, 'utf8')
    .replace(/bucket: my-attic, region: [^,]+/, `bucket: ${attic}, endpoint: "${amazon.endpoint}"`)
    .replace('http://server.local:9000", bucket: backups', `${minio.endpoint}", bucket: ${backups}`);
  box.write({
    'plans/three-places.yaml': text,
    'plans/cloudinary.url': `cloudinary://${apiKey}:${apiSecret}@${cloudName}?upload_prefix=${encodeURIComponent(cloudinary.url)}\n`,
    'plans/server.key': `${minio.accessKey}\n`,
    'plans/server.secret': `${minio.secretKey}\n`,
    'mnt/usb/mounted': '',
  });
  const folders = { documents: 'home/Documents', photos: 'home/Pictures' };
  for (const [source, folder] of Object.entries(folders)) {
    box.write({ [`${folder}/sub/one`]: `for ${source}\n`.repeat(100), [`${folder}/two`]: `${source}, too\n` });
    setTimes(join(box.folder, folder));
  }
  const keys = { ...environment(), AWS_ACCESS_KEY_ID: amazon.accessKey, AWS_SECRET_ACCESS_KEY: amazon.secretKey };
  const restored = await runTwiceAndRestore({ box, plan: 'plans/three-places.yaml', environment: keys, identity: 'key.txt' });
  for (const [source, folder] of Object.entries(folders)) expect(treeOf(join(restored, source))).toEqual(treeOf(join(box.folder, folder)));
  const volumes = (names: readonly string[]): string[] => names.flatMap((name) => /volumes\/.*/.exec(name) ?? []).sort();
  const away = volumes(cloudinary.everything());
  expect(away).toHaveLength(2);
  expect(volumes(await everythingIn(amazon, attic))).toEqual(away);

  box.write({ 'plans/three-places.yaml': text.replace('to: [cloud, glacier]', 'to: [cloud, glacier, server]').replace('# server: {', 'server: {') });
  const { out, err, code } = await box.start(['run', 'plans/three-places.yaml'], { environment: keys }).ended;
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out.match(/no file changed · read 0 B/g)).toHaveLength(2);
  expect(volumes(await everythingIn(minio, backups))).toEqual(away);
  const { ended } = box.start(['restore', 'plans/three-places.yaml', '--from', 'server', '--quiet', '-i', 'key.txt', '--to', 'from the server'], { environment: keys });
  expect(await ended).toEqual({ code: 0, out: '', err: '' });
  for (const [source, folder] of Object.entries(folders)) expect(treeOf(join(box.folder, 'from the server', source))).toEqual(treeOf(join(box.folder, folder)));
});
