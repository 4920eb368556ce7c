import { renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { run } from '../../src/actions/run.ts';
import { listStored } from '../../src/actions/snapshots.ts';
import { smallBackup, type SmallBackup } from './small-backup.ts';

let backup: SmallBackup;
beforeEach(async () => {
  backup = await smallBackup();
  await backup.run();
});
afterEach(() => backup.remove());

const list = (sources: string[] = []) => listStored({ ...backup.around, sources });

test('the catalog tells files, sizes and targets, the oldest first', async () => {
  backup.write({ 'docs/new.txt': '12345' });
  await backup.run();
  const rows = await list();
  expect(rows.map(({ source, files, bytes, targets }) => ({ source, files, bytes, targets }))).toEqual([
    { source: 'docs', files: 4, bytes: 22, targets: ['one', 'two'] },
    { source: 'music', files: 1, bytes: 8, targets: ['one', 'two'] },
    { source: 'docs', files: 5, bytes: 27, targets: ['one', 'two'] },
    { source: 'music', files: 1, bytes: 8, targets: ['one', 'two'] },
  ]);
  expect(await list(['music'])).toHaveLength(2);
});

test('without a catalog the names on the targets tell, one that is away is said', async () => {
  const known = await list();
  rmSync(join(backup.folder, 'state'), { recursive: true });
  const names = known.map(({ id, source, time }) => ({ id, source, time, files: null, bytes: null, tags: null, protected: null }));
  expect(await list()).toEqual(names.map((row) => Object.assign(row, { targets: ['one', 'two'] })));
  renameSync(join(backup.folder, 'one'), join(backup.folder, 'away'));
  expect(await list()).toEqual(names.map((row) => Object.assign(row, { targets: ['two'] })));
  expect(backup.events.filter(({ type }) => type !== 'issue')).toMatchObject([{ type: 'target-failed', target: 'one' }]);
});

test('with no target left it is the first one that is named, and nothing else is said', async () => {
  rmSync(join(backup.folder, 'state'), { recursive: true });
  for (const target of ['one', 'two']) renameSync(join(backup.folder, target), join(backup.folder, `${target}.away`));
  await expect(list()).rejects.toMatchObject({ code: 'NOTHING_STORED', message: expect.stringContaining('"one"') as string });
  expect(backup.events).toEqual([]);
});

test('a damaged catalog is said, and the targets are asked', async () => {
  const catalog = join(backup.folder, 'state/catalog.db');
  truncateSync(catalog, 0);
  writeFileSync(catalog, 'this is no catalog at all, and was one before'.repeat(100));
  for (const part of ['-wal', '-shm']) rmSync(catalog + part, { force: true });
  expect(await list()).toHaveLength(2);
  expect(backup.events).toMatchObject([{ type: 'issue', issue: { kind: 'note' } }]);
});

test('a catalog that has none yet does not hide what another machine has stored', async () => {
  rmSync(join(backup.folder, 'state'), { recursive: true });
  Catalog.open(join(backup.folder, 'state/catalog.db')).close();
  expect(await list()).toHaveLength(2);
});

test('a source that nothing is stored of', async () => {
  await expect(list(['musik'])).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND', hint: expect.stringContaining('Did you mean "music"?') as string });
});

test('a plan that was never run', async () => {
  const fresh = await smallBackup();
  try {
    await expect(listStored({ ...fresh.around, sources: [] })).rejects.toMatchObject({ code: 'NOTHING_STORED' });
  } finally {
    fresh.remove();
  }
});

test('the tags of a run are those of its snapshots, and one is found by them', async () => {
  await run({ ...backup.around, sources: ['docs'], tags: ['release', 'a-try', 'release'], newTargets: [], allowEmpty: false, view: 'none' });
  const withTags = async (...tags: string[]): Promise<unknown[]> => (await listStored({ ...backup.around, sources: [], tags })).map(({ source, tags: found }) => [source, found]);
  expect(await withTags('release')).toEqual([['docs', ['a-try', 'release']]]);
  expect((await list()).map(({ tags }) => tags)).toEqual([[], [], ['a-try', 'release']]);
  await expect(withTags('relese')).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND', hint: expect.stringContaining('"release"') as string });
  rmSync(join(backup.folder, 'state'), { recursive: true });
  await expect(withTags('release')).rejects.toMatchObject({ code: 'NOTHING_STORED', hint: expect.stringContaining('bat sync') as string });
});

test('what cannot be a tag is refused before anything is done', async () => {
  const before = (await list()).length;
  await expect(run({ ...backup.around, sources: [], tags: ['two words'], newTargets: [], allowEmpty: false, view: 'none' })).rejects.toMatchObject({ code: 'USAGE' });
  expect(await list()).toHaveLength(before);
});
