/** A file is lost under each of its names, and each is named: by a restore, a verify and a delete. */
import { linkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rehearseNamed, rehearseSnapshots } from '../../src/actions/delete.ts';
import { closeTargets, createTargets } from '../../src/actions/plan-targets.ts';
import { restore } from '../../src/actions/restore.ts';
import { listStored } from '../../src/actions/snapshots.ts';
import { verify, type VerifyEvent } from '../../src/actions/verify.ts';
import { readingNoticeOf } from '../../src/cli/views/notices.ts';
import { filesBelow } from '../e2e/judges.ts';
import { smallBackup, type SmallBackup } from './small-backup.ts';

let backup: SmallBackup;
const names = ['docs/a.txt', 'docs/z.txt', 'docs/zz.txt'];

beforeEach(async () => {
  backup = await smallBackup();
  for (const name of ['z.txt', 'zz.txt']) linkSync(join(backup.folder, 'docs/a.txt'), join(backup.folder, 'docs', name));
  await backup.run();
});
afterEach(() => backup.remove());

const volumes = (): string[] => filesBelow(join(backup.folder, 'one', 'small')).filter((name) => name.startsWith('volumes/'));

test('a restore', async () => {
  const { plan, environment, emit, signal } = backup.around;
  for (const name of volumes()) for (const target of ['one', 'two']) rmSync(join(backup.folder, target, 'small', name));
  const targets = await createTargets({ plan, environment, emit });
  const wanted = restore({
    plan: plan.name, targets, snapshot: 'latest', patterns: ['docs/a.txt', 'docs/z*'], destination: { kind: 'folder', path: join(backup.folder, 'back'), perSource: true }, overwrite: 'always', dryRun: false,
    keys: { identities: [] }, thaw: { days: 1, choose: () => Promise.reject(new Error('nothing is cold')), pause: null, now: () => new Date() }, emit, signal,
  });
  await expect(wanted).rejects.toMatchObject({ code: 'RESTORE_INCOMPLETE', result: { failed: 3 } });
  await closeTargets(targets);
  const shown = backup.events.flatMap((event) => readingNoticeOf(event)?.text ?? []).join('\n');
  for (const name of names) expect(shown).toContain(`docs: ${name.slice('docs/'.length)}: `);
});

test('a verify, and a delete of the object', async () => {
  const objects = volumes();
  const gone: [string, number][] = [];
  await rehearseNamed({ ...backup.around, objects, force: false, say: () => {}, onFile: ({ source, path, snapshots }) => void gone.push([`${source}/${path}`, snapshots]) });
  expect(gone.filter(([name]) => names.includes(name)).sort()).toEqual(names.map((name) => [name, 1]));

  for (const name of objects) rmSync(join(backup.folder, 'one', 'small', name));
  const events: VerifyEvent[] = [];
  await verify({ ...backup.around, targets: ['one'], sources: [], amount: { kind: 'nothing' }, keys: null, repair: false, tell: (event) => void events.push(event) });
  const suffering = events.flatMap((event) => (event.type === 'file' ? [`${event.file.source}/${event.file.path}`] : []));
  expect(suffering.filter((name) => names.includes(name)).sort()).toEqual(names);
});

test('a delete of the only snapshot that has it', async () => {
  for (const name of names) rmSync(join(backup.folder, name));
  await backup.run();
  const [first] = await listStored({ ...backup.around, sources: ['docs'] });
  const gone: string[] = [];
  const { result } = await rehearseSnapshots({ ...backup.around, snapshots: [first!.id], early: false, force: false, say: () => {}, onFile: ({ source, path }) => void gone.push(`${source}/${path}`) });
  expect(gone.sort()).toEqual(names);
  expect(result.lost).toEqual({ files: 3, bytes: 'first'.length });
});

test('not where one of its names is kept', async () => {
  rmSync(join(backup.folder, 'docs/a.txt'));
  await backup.run();
  const [first] = await listStored({ ...backup.around, sources: ['docs'] });
  const { result } = await rehearseSnapshots({ ...backup.around, snapshots: [first!.id], early: false, force: false, say: () => {}, onFile: ({ path }) => expect.fail(`${path} is kept`) });
  expect(result.lost).toEqual({ files: 0, bytes: 0 });
});
