/** Objects that are deleted by name: what the disk still has of them is stored again, for older snapshots, too. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { deleteNamed } from '../../src/actions/delete.ts';
import { closeTargets, createTargets } from '../../src/actions/plan-targets.ts';
import { restore } from '../../src/actions/restore.ts';
import { listStored } from '../../src/actions/snapshots.ts';
import { filesBelow } from '../e2e/judges.ts';
import { smallBackup, type SmallBackup } from './small-backup.ts';

let backup: SmallBackup;
afterEach(() => backup.remove());

test('an older snapshot gives back again what the next run has stored once more', async () => {
  backup = await smallBackup();
  await backup.run();
  backup.write({ 'docs/a.txt': 'changed' });
  await backup.run();
  const objects = filesBelow(join(backup.folder, 'one', 'small')).filter((name) => name.startsWith('volumes/')).slice(0, 2);
  await deleteNamed({ ...backup.around, objects, say: () => {}, force: false, onFile: () => {}, agree: async () => true });
  backup.write({ 'docs/a.txt': 'first' });
  await backup.run();

  const [first] = await listStored({ ...backup.around, sources: ['docs'] });
  const path = join(backup.folder, 'restored');
  const { plan, environment, emit, signal } = backup.around;
  const targets = await createTargets({ plan, only: 'one', environment, emit });
  await restore({
    plan: plan.name, targets, snapshot: first!.id, destination: { kind: 'folder', path, perSource: false }, overwrite: 'never', dryRun: false,
    keys: { identities: [] }, thaw: { days: 1, choose: () => Promise.reject(new Error('nothing is cold')), pause: null, now: () => new Date() }, emit, signal,
  });
  await closeTargets(targets);
  expect(filesBelow(path).map((name) => [name, readFileSync(join(path, name), 'utf8')])).toEqual([['a.txt', 'first'], ['sub/b.txt', 'second'], ['sub/deep/c.txt', 'third'], ['subject.txt', 'fourth']]);
});
