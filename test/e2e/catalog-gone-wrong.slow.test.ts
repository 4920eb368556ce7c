/** The catalog is a cache: what becomes of runs and restores when it is damaged, gone, or an older copy of itself. */
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Backup, plans } from './backup.ts';
import { copyTree, missingPrograms } from './judges.ts';

const missing = missingPrograms('rsync', 'cp');

describe.skipIf(missing)(`catalog gone wrong${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let backup: Backup;
  let catalog: string;
  const write = (path: string, text: string): void => writeFileSync(backup.at(path), text);
  const keep = (name: string): void => {
    mkdirSync(backup.at(name));
    copyTree(backup.at('src'), backup.at(name));
  };

  beforeEach(async () => {
    backup = await Backup.create(plans.sealed);
    catalog = backup.at('state/bat/plan/catalog.db');
    for (let index = 0; index < 200; index++) write(`src/${index}`, `file ${index}`);
    await backup.run();
  });
  afterEach(() => backup.remove());

  test.each([
    ['garbage', () => writeFileSync(catalog, 'this is no database, it is a letter to my aunt\n'.repeat(500))],
    ['overwritten in the middle', () => {
      const bytes = readFileSync(catalog);
      bytes.fill(0xaa, 4096, bytes.length - 4096);
      writeFileSync(catalog, bytes);
    }],
  ])('%s: the run names it and touches nothing; a restore works; without it, all is stored once more', async (_, damage) => {
    keep('copy');
    const id = (await backup.snapshots())[0]!;
    const before = backup.stored('disk');
    for (const end of ['-wal', '-shm']) rmSync(catalog + end, { force: true });
    damage();
    write('src/new', 'new');
    const { err } = await backup.run(1);
    expect(err).toContain(`The catalog ${catalog} is damaged.`);
    expect(err).toMatch(/`bat sync` makes it anew/);
    expect(backup.stored('disk')).toEqual(before);
    await backup.expectRestored({ like: 'copy' });
    rmSync(catalog);
    await backup.run();
    await backup.expectRestored();
    await backup.expectRestored({ like: 'copy', words: ['--snapshot', id] });
  });

  test('deleted: the next run stores all once more, and the older snapshots stay and restore', async () => {
    keep('copy');
    const id = (await backup.snapshots())[0]!;
    const before = backup.stored('disk');
    rmSync(backup.at('state'), { recursive: true });
    write('src/new', 'new');
    const { out } = await backup.run();
    expect(out).toMatch(/holds \d+ objects that this machine's catalog does not know; they stay as they are/);
    expect(before.filter((name) => !backup.stored('disk').includes(name) && name !== 'bat.json')).toEqual([]);
    await backup.expectRestoredFrom(backup.targets);
    await backup.expectRestoredFrom(backup.targets, { like: 'copy', words: ['--snapshot', id] });
    expect((await backup.run()).out).toContain('read 0 B');
  });

  test('an older copy of itself: nothing on the targets is deleted, and the newer snapshots restore', async () => {
    cpSync(backup.at('state'), backup.at('older'), { recursive: true });
    write('src/new', 'new');
    rmSync(backup.at('src/0'));
    await backup.run();
    keep('copy');
    const id = (await backup.snapshots()).at(-1)!;
    const before = backup.stored('disk');
    rmSync(backup.at('state'), { recursive: true });
    cpSync(backup.at('older'), backup.at('state'), { recursive: true });
    write('src/newer', 'newer');
    await backup.run();
    expect(before.filter((name) => !backup.stored('disk').includes(name))).toEqual([]);
    await backup.expectRestoredFrom(backup.targets);
    await backup.expectRestoredFrom(backup.targets, { like: 'copy', words: ['--snapshot', id] });
    expect((await backup.run()).out).toContain('read 0 B');
  });

  test('a newer bat has written it: said so, and nothing is done', async () => {
    const { DatabaseSync } = await import('node:sqlite');
    const database = new DatabaseSync(catalog);
    database.exec('PRAGMA user_version = 99');
    database.close();
    const { err } = await backup.run(1);
    expect(err).toMatch(/was made by a newer bat\./);
  });

  test('the log and the summary of the plan tell of the run', async () => {
    backup.setPlan({ ...plans.sealed, steps: plans.sealed.steps.map((step) => (step === 'record' ? 'record: { summary: reports/summary.csv, log: logs }' : step)) });
    appendFileSync(backup.at('src/1'), 'more');
    await backup.run();
    const rows = readFileSync(backup.at('reports/summary.csv'), 'utf8').trim().split('\n');
    expect(rows[0]).toBe('source,target,category,path,files,original_bytes,stored_bytes,last_run,status');
    expect(rows.slice(1).map((row) => row.split(',').slice(0, 2).concat(row.split(',').at(-1)!))).toEqual([['src', 'disk', 'ok'], ['src', 'other', 'ok']]);
    expect(existsSync(backup.at('logs', `${new Date().toISOString().slice(0, 10)}.log`))).toBe(true);
  });
});
