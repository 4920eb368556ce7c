/** A bare machine: an empty home, the address of a target, and a key. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCloudinary, type CloudinaryServer } from '../servers/cloudinary-server.ts';
import { newBucket } from '../servers/s3-access.ts';
import { missingCeph, sharedRgw } from '../servers/ceph-rgw.ts';
import type { S3Access } from '../servers/s3-access.ts';
import { startS3Server, type S3Server } from '../servers/s3-server.ts';
import { jsonLines } from '../cli/fixture.ts';
import { Backup } from './backup.ts';
import { differences } from './judges.ts';

let backup: Backup;
let server: S3Access;
let ownServer: S3Server | undefined;
let account: CloudinaryServer;
let addresses: Record<string, { url: string; environment: Record<string, string> }>;

beforeAll(async () => {
  server = missingCeph() === null ? await sharedRgw() : (ownServer = await startS3Server());
  account = await startCloudinary({ rawLimit: 5 * 2 ** 20 });
  const bucket = await newBucket(server);
  const { cloudName, apiKey, apiSecret } = account.settings;
  const steps = ['select', 'tar', 'compress', 'encrypt: { to: KEY }', 'upload: { to: [disk, bucket, cloud] }', 'record'];
  backup = await Backup.create({
    steps,
    targets: ['disk'],
    more: {
      bucket: `{ type: s3, bucket: ${bucket}, prefix: backups, endpoint: '${server.endpoint}', region: ${server.region}, access-key: ${server.accessKey}, secret-key: ${server.secretKey} }`,
      cloud: `{ type: cloudinary, cloud-name: ${cloudName}, api-key: '${apiKey}', api-secret: ${apiSecret}, upload-prefix: '${account.url}', folder: backups }`,
    },
  });
  const url = `cloudinary://${apiKey}:${apiSecret}@${cloudName}`;
  const upload = `upload_prefix=${encodeURIComponent(account.url)}`;
  addresses = {
    disk: { url: backup.at('disk'), environment: {} },
    bucket: {
      url: `s3://${bucket}/backups?endpoint=${encodeURIComponent(server.endpoint)}&region=${server.region}`,
      environment: { AWS_ACCESS_KEY_ID: server.accessKey, AWS_SECRET_ACCESS_KEY: server.secretKey },
    },
    cloud: { url: `${url}/backups?${upload}`, environment: {} },
    'the account in a variable': { url: 'cloudinary:///backups', environment: { CLOUDINARY_URL: `${url}?${upload}` } },
  };
  backup.box.write({ 'src/a.txt': 'first\n', 'src/sub/b.txt': 'second\n' });
  await backup.run();
  writeFileSync(backup.at('src/a.txt'), 'changed\n');
  await backup.run();
});

afterAll(async () => {
  backup?.remove();
  await ownServer?.stop();
  await account?.close();
});

async function recover(name: string, ...words: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const home = backup.at('homes', name);
  const { url, environment } = addresses[name]!;
  return backup.box.start(['recover', url, ...words], { environment: { HOME: home, XDG_STATE_HOME: `${home}/state`, ...environment } }).ended;
}

describe.each(['disk', 'bucket', 'cloud', 'the account in a variable'])('from %s', (name) => {
  test('it lists, restores, writes the plan, and shows and pins the signer', async () => {
    const listed = await recover(name, '--list', '--json');
    const [plan, ...snapshots] = jsonLines(listed.out).filter((line) => line['message_type'] !== 'issue');
    expect(plan, listed.err + listed.out).toMatchObject({ message_type: 'plan', plan: 'plan', signers: [expect.stringMatching(/^ed25519:.{44}$/)], snapshots: 2 });
    expect(snapshots.map((line) => line['source'])).toEqual(['src', 'src']);

    const to = backup.at('recovered', name);
    const restored = await recover(name, '-i', 'key.txt', '--to', to, '--write-plan', `${name}.yaml`);
    expect(restored.code, restored.err + restored.out).toBe(0);
    expect(restored.out).toContain(`signed by ${(plan!['signers'] as string[])[0]}`);
    expect(differences(backup.at('src'), `${to}/src`)).toBe('');
    expect(JSON.parse(readFileSync(backup.at('homes', name, 'state/bat/plan/pins.json'), 'utf8'))).toMatchObject({ signers: plan!['signers'] });

    const written = readFileSync(backup.at(`${name}.yaml`), 'utf8');
    for (const secret of [server.secretKey, server.accessKey, account.settings.apiSecret]) expect(written + restored.out + restored.err + listed.out + listed.err).not.toContain(secret);
    expect(written).toContain('secret-key: "${SECRET_KEY}"');
    const { code } = await backup.box.start(['validate', `${name}.yaml`], { environment: { SECRET_KEY: 'x'.repeat(9), ACCESS_KEY: 'y'.repeat(9), API_SECRET: 'z'.repeat(9), API_KEY: '1' } }).ended;
    expect(code).toBe(0);
  });
});

test('the folder of the plan itself is an address, too; an earlier snapshot, and single paths', async () => {
  addresses['folder'] = { url: `file://${backup.at('disk/plan')}`, environment: {} };
  const [first = ''] = await backup.snapshots();
  const { code, err } = await recover('folder', '-i', 'key.txt', '--snapshot', first, '--to', backup.at('one'), 'src/a.txt');
  expect(code, err).toBe(0);
  expect(readFileSync(backup.at('one/src/a.txt'), 'utf8')).toBe('first\n');
  expect(existsSync(backup.at('one/src/sub'))).toBe(false);
});

test('nothing is written over, and what cannot be is said in a sentence', async () => {
  backup.box.write({ 'mine.yaml': 'mine' });
  expect(await recover('disk', '-i', 'key.txt', '--write-plan', 'mine.yaml')).toMatchObject({ code: 2, err: expect.stringContaining('mine.yaml exists already') });
  expect(readFileSync(backup.at('mine.yaml'), 'utf8')).toBe('mine');
  expect(await recover('disk', '-i', 'key.txt', '--plan', 'plam')).toMatchObject({ code: 10, err: expect.stringContaining('Did you mean "plan"?') });
  addresses['nowhere'] = { url: backup.at('src'), environment: {} };
  expect(await recover('nowhere', '--list')).toMatchObject({ code: 10, err: expect.stringContaining('no backups of any plan') });
  addresses['keys'] = { url: 's3://AKIAEXAMPLE:very-secret@attic', environment: {} };
  const refused = await recover('keys', '--list');
  expect(refused.code).toBe(2);
  expect(refused.err).not.toContain('very-secret');
});
