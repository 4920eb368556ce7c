/** Two targets of a plan that are the same place: one copy that looks like two. */
import { cpSync, existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { startFaultyProxy } from '../servers/faulty-proxy.ts';
import { everythingIn, newBucket } from '../servers/s3-access.ts';
import { startS3Server } from '../servers/s3-server.ts';
import { Backup } from './backup.ts';
import { missingPrograms } from './judges.ts';

const missing = missingPrograms('rsync');
const steps = ['select', 'tar', 'compress', 'upload: { id: home, to: one }', 'encrypt: { from: compress, to: KEY }', 'upload: { id: away, to: two }', 'record: { from: [home, away] }'];
let backup: Backup;

async function create(more: Record<string, string>): Promise<void> {
  backup = await Backup.create({ steps, targets: [], more });
  writeFileSync(backup.at('src/letter'), 'Dear Ada\n');
}

const message = (location: string): string => `error: The targets "one" and "two" are the same place: ${location}.\nhint: Give each of them a path, a prefix or a folder of its own, or remove one from the plan.\n`;
/** Whichever of them came last is named second. */
const said = (err: string): string => err.replace('"two" and "one"', '"one" and "two"').split('\n').filter((line) => /^(error|hint):/.test(line)).join('\n') + '\n';

describe.skipIf(missing)(`two targets that are one place${missing ? ` (skipped: ${missing})` : ''}`, () => {
  afterEach(() => backup.remove());

  test('one folder twice: nothing is stored, and the plan works once it is mended', async () => {
    await create({ one: '{ type: file, path: disk }', two: '{ type: file, path: disk }' });
    for (let index = 0; index < 2; index++) {
      const { err, out } = await backup.run(2);
      expect(said(err)).toBe(message(backup.at('disk/plan')));
      expect(out).not.toContain('sent');
      expect(backup.stored('disk')).toEqual(['bat.json']);
    }
    backup.setPlan({ steps, targets: [], more: { one: '{ type: file, path: disk }', two: '{ type: file, path: other }' } });
    await backup.run();
    await backup.expectRestoredFrom(['one', 'two']);
  });

  test('one folder under two paths, and one that comes to where another is already', async () => {
    await create({ one: '{ type: file, path: disk }', two: '{ type: file, path: other }' });
    await backup.run();
    const before = backup.stored('disk');
    symlinkSync('disk', backup.at('link'));
    const more = { one: '{ type: file, path: disk }', three: '{ type: file, path: link }' };
    backup.setPlan({ steps: steps.map((step) => step.replace('two', 'three')), targets: [], more });
    const { err } = await backup.run(2);
    expect(err).toMatch(/The targets "(one" and "three|three" and "one)" are the same place: /);
    expect(backup.stored('disk')).toEqual(before);
    backup.setPlan({ steps, targets: [], more: { one: '{ type: file, path: disk }', two: '{ type: file, path: other }' } });
    expect((await backup.run()).out).toContain('no file changed');
  });

  test('one of which it cannot be told is left behind, with nothing stored there', async () => {
    const server = await startS3Server();
    onTestFinished(() => server.stop());
    const body = '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>no</Message></Error>';
    let isMarked = false;
    const proxy = await startFaultyProxy(server, ({ method, url }) => {
      if (!url.includes('bat.json')) return undefined;
      isMarked ||= method === 'PUT';
      return isMarked && method !== 'PUT' ? { kind: 'answer', status: 403, headers: { 'x-amz-request-id': '1' }, body } : undefined;
    });
    onTestFinished(() => proxy.stop());
    const bucket = await newBucket(server);
    await create({ one: '{ type: file, path: disk }', two: `{ type: s3, endpoint: '${proxy.endpoint}', region: ${server.region}, bucket: ${bucket}, access-key: ${server.accessKey}, secret-key: '${server.secretKey}' }` });
    const { err } = await backup.run(4);
    expect(err).toContain('target two is left behind');
    expect((await everythingIn(server, bucket)).map((name) => name.split('/').at(-1))).toEqual(['bat.json']);
    await backup.expectRestoredFrom('one');
  });

  test('a copy of one target that another begins with is a place of its own', async () => {
    await create({ one: '{ type: file, path: disk }', two: '{ type: file, path: other }' });
    await backup.run();
    cpSync(backup.at('disk'), backup.at('copy'), { recursive: true });
    backup.setPlan({ steps: steps.map((step) => step.replace('two', 'three')), targets: [], more: { one: '{ type: file, path: disk }', three: '{ type: file, path: copy }' } });
    await backup.run();
    expect(existsSync(backup.at('copy/plan/bat.json'))).toBe(true);
    await backup.expectRestoredFrom(['one', 'three']);
  });

  test('one bucket and prefix twice; two prefixes of one bucket are two places', async () => {
    const server = await startS3Server();
    onTestFinished(() => server.stop());
    const bucket = await newBucket(server);
    const at = (prefix: string): string =>
      `{ type: s3, endpoint: "${server.endpoint}", region: ${server.region}, bucket: ${bucket}, prefix: ${prefix}, access-key: ${server.accessKey}, secret-key: "${server.secretKey}" }`;
    await create({ one: at('a'), two: at('a') });
    const { err } = await backup.run(2);
    expect(said(err)).toMatch(/^error: The targets "one" and "two" are the same place: .*\/a\/plan\.\n/);
    expect(await everythingIn(server, bucket)).toEqual(['a/plan/bat.json']);
    backup.setPlan({ steps, targets: [], more: { one: at('a'), two: at('b') } });
    await backup.run();
    await backup.expectRestoredFrom(['one', 'two']);
  });
});
