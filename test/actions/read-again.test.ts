/** After a target has lost volumes: what was only read again has not changed, and it is told once. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rehearseSnapshots } from '../../src/actions/delete.ts';
import { markSnapshots } from '../../src/actions/mark-snapshots.ts';
import { run } from '../../src/actions/run.ts';
import { listStored } from '../../src/actions/snapshots.ts';
import type { BatEvent } from '../../src/core/events.ts';
import { filesBelow } from '../e2e/judges.ts';
import { smallBackup, type SmallBackup } from './small-backup.ts';

let backup: SmallBackup;
beforeEach(async () => {
  backup = await smallBackup();
  await backup.run();
});
afterEach(() => backup.remove());

function loseVolumes(): void {
  for (const target of ['one', 'two']) for (const name of filesBelow(join(backup.folder, target, 'small'))) if (name.startsWith('volumes/')) rmSync(join(backup.folder, target, 'small', name));
}

async function runAndTell(): Promise<BatEvent[]> {
  const events: BatEvent[] = [];
  await run({ ...backup.around, emit: (event) => void events.push(event), sources: [], newTargets: [], allowEmpty: false, view: 'none' });
  return events;
}

const notes = (events: readonly BatEvent[]): string[] => events.flatMap((event) => (event.type === 'issue' && event.issue.message.includes('not count any more') ? [event.issue.message] : []));

test('a run reads it again and says so, and nothing does after that', async () => {
  backup.write({ 'docs/a.txt': 'changed' });
  await backup.run();
  loseVolumes();
  const [latest] = await listStored({ ...backup.around, sources: ['docs'] });
  await markSnapshots({ ...backup.around, snapshots: [latest!.id], sources: [], marking: { how: 'protect' }, say: () => {} });
  expect(notes(backup.events), 'what reads nothing says nothing of it').toEqual([]);
  backup.write({ 'docs/new.txt': 'new', 'docs/subject.txt': 'really changed' });
  const events = await runAndTell();
  expect(notes(events)).toEqual([expect.stringMatching(/^\d volumes of earlier runs do not count any more; what is needed of them is read and stored again$/)]);
  const docs = events.find((event) => event.type === 'source-end' && event.source === 'docs');
  expect(docs).toMatchObject({ summary: { newFiles: 1, changedFiles: 1, removedFiles: 0, read: Buffer.byteLength('changedsecondthirdnewreally changed') } });
  // The first content of a.txt is lost for good, and no run needs it.
  expect(notes(await runAndTell())).toEqual([]);
});

test('a delete does not call lost what was lost before', async () => {
  backup.write({ 'docs/a.txt': 'changed' });
  await backup.run();
  const [first] = await listStored({ ...backup.around, sources: ['docs'] });
  const lost = async (): Promise<unknown> => (await rehearseSnapshots({ ...backup.around, snapshots: [first!.id], early: false, force: false, say: () => {}, onFile: () => {} })).result.lost;
  expect(await lost()).toEqual({ files: 1, bytes: 'first'.length });
  loseVolumes();
  await backup.run();
  expect(await lost()).toEqual({ files: 0, bytes: 0 });
});
