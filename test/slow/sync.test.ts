/** A catalog made anew: with a passphrase, of a large tree, and killed again and again. */
import { existsSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { changeTree } from '../e2e/changing-tree.ts';
import { Backup, plans } from '../e2e/backup.ts';
import { chanceOf } from '../../src/core/chance.ts';
import { changesOf, killedAt } from '../e2e/kill-after.ts';
import { folders, SyncSetting } from '../actions/sync-setting.ts';

const counts = (setting: SyncSetting): unknown => setting.query('SELECT (SELECT count(*) FROM volumes) AS volumes, (SELECT count(*) FROM objects) AS objects, (SELECT count(*) FROM chunks) AS chunks');

test('with a passphrase: its key is taken back, and what it sealed counts', async () => {
  const setting = await SyncSetting.create({ steps: ['select', 'tar', 'compress', 'encrypt: { passphrase: correct horse battery }', 'upload: { to: usb }', 'record'], targets: folders('usb') });
  setting.write({ 'src/a': 'first' });
  await setting.run();
  setting.write({ 'src/a': 'second' });
  await setting.run();
  const before = setting.facts();
  setting.lose();
  await setting.sync({ keys: async () => ({ identities: [], passphrase: async () => 'correct horse battery' }) });
  expect(setting.facts()).toEqual(before);
  const stored = counts(setting);
  await setting.run();
  expect(counts(setting)).toEqual(stored);
  expect(setting.query('SELECT id FROM keys')).toHaveLength(1);
});

test('100,000 files, twenty snapshots of them: every row as it was; the time is told', async () => {
  const setting = await SyncSetting.create({ steps: ['select', 'tar', 'compress', 'encrypt: { to: KEY }', 'upload: { to: usb }', 'record'], targets: folders('usb') });
  const write = (from: number, to: number, text: string): void => {
    const files: Record<string, string> = {};
    for (let index = from; index < to; index++) files[`src/${index % 300}/${index % 7}/file number ${index}`] = `${text} ${index}`;
    setting.write(files);
  };
  write(0, 100_000, 'first');
  await setting.run();
  for (let day = 1; day < 20; day++) {
    write(day * 1000, day * 1000 + 700, `day ${day}`);
    await setting.run();
  }
  const before = setting.facts();
  setting.lose();
  const { duration, read } = await setting.sync();
  console.log(`sync of ${read!.entries.toLocaleString('en-US')} entries in ${read!.manifests} manifests: ${(duration / 1000).toFixed(1)} s, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`);
  const after = setting.facts();
  for (const [table, rows] of Object.entries(before)) expect(after[table], table).toEqual(rows);
});

const seed = Number(process.env['BAT_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

describe(`killed, BAT_SEED=${seed}`, () => {
  test('50 syncs that make a catalog: it is there whole or not at all, and the next one finishes', async () => {
    const backup = await Backup.create(plans.lanes);
    try {
      const chance = chanceOf(seed);
      for (let round = 0; round < 5; round++) {
        changeTree(backup.at('src'), 12, chance);
        await backup.run();
      }
      const catalog = backup.at('state/bat/plan/catalog.db');
      const answers = async (): Promise<string[]> => {
        const answer = await Promise.all([['snapshots'], ['ls', '-R'], ['find', '*']].map((words) => backup.box.bat(...words, '--json')));
        return answer.map(({ out }) => out);
      };
      const before = await answers();
      const sync = (moment: number): ReturnType<Backup['run']> => backup.box.start(['sync', '-i', 'key.txt'], { environment: killedAt(moment) }).ended;
      rmSync(backup.at('state'), { recursive: true });
      const most = changesOf((await sync(1e9)).err);
      let killed = 0;
      for (let kill = 0; kill < 50; kill++) {
        if (kill % 2 === 0) rmSync(backup.at('state'), { recursive: true, force: true });
        else rmSync(catalog, { force: true });
        const { code, err } = await sync(1 + Math.floor(chance() * most));
        if (code === null) killed++;
        else expect(code, err).toBe(0);
        if (existsSync(catalog)) expect(await answers(), `kill ${kill}`).toEqual(before);
        if (kill % 5 !== 4) continue;
        const ended = await backup.box.bat('sync', '-i', 'key.txt');
        expect(ended.code, ended.err).toBe(0);
        expect(await answers(), `after kill ${kill}`).toEqual(before);
      }
      expect(killed).toBeGreaterThan(25);
      await backup.run();
      await backup.expectRestoredFrom(backup.targets);
    } finally {
      backup.remove();
    }
  });
});
