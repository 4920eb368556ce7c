/** `kill -9` at 50 random moments of prunes: no kept snapshot is harmed, and the next prune finishes. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { Backup, plans } from '../e2e/backup.ts';
import { changeTree } from '../e2e/changing-tree.ts';
import { copyTree } from '../e2e/judges.ts';
import { chanceOf } from '../../src/core/chance.ts';
import { changesOf, killedAt } from '../e2e/kill-after.ts';

const seed = Number(process.env['BAT_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const kept = 3;
const prune = ['prune', '--yes'];
let backup: Backup;
afterEach(() => backup.remove());

test.each([['sealed', 20], ['lanes', 15], ['plainFiles', 15]] as const)(`plan %s: %s kills, BAT_SEED=${seed}`, async (kind, kills) => {
  const chance = chanceOf(seed);
  backup = await Backup.create(plans[kind]);
  appendFileSync(backup.at('bat.yaml'), `retention: { last: ${kept} }\n`);
  const copies: { id: string; copy: string }[] = [];
  const runOnce = async (): Promise<void> => {
    changeTree(backup.at('src'), 25, chance);
    await backup.run(0, '--no-prune');
    const copy = `copy-${copies.length}`;
    mkdirSync(backup.at(copy));
    copyTree(backup.at('src'), backup.at(copy));
    copies.push({ id: (await backup.snapshots()).at(-1)!, copy });
  };
  const expectKept = async (): Promise<void> => {
    for (const { id, copy: like } of copies.slice(-kept)) await backup.expectRestoredFrom(backup.targets, { like, words: ['--snapshot', id] });
  };
  for (let round = 0; round < kept; round++) await runOnce();
  let most = 150;
  let killed = 0;
  for (let kill = 1; kill <= kills; kill++) {
    await runOnce();
    const moment = 1 + Math.floor(chance() * most);
    const { code, err } = await backup.box.start(prune, { environment: killedAt(moment) }).ended;
    expect([null, 0], `seed ${seed}, kill ${kill} at ${moment}: ${err}`).toContain(code);
    if (code === null) killed++;
    if (kill % 5 !== 0) continue;
    await expectKept();
    const ended = await backup.box.start(prune, { environment: killedAt(1e9) }).ended;
    expect(ended.code, `seed ${seed}, after kill ${kill}: ${ended.err}`).toBe(0);
    most = Math.max(changesOf(ended.err), 40);
    expect(await backup.snapshots()).toEqual(copies.slice(-kept).map(({ id }) => id));
    for (const target of backup.targets) expect(backup.stored(target, 'manifests/'), target).toHaveLength(kept);
    await expectKept();
    const verified = await backup.box.bat('verify', '--read-data', '-i', 'key.txt');
    expect(verified.code, verified.err + verified.out).toBe(0);
    backup.expectNothingUnknown();
  }
  expect(killed, 'prunes that were killed before their end').toBeGreaterThan(kills / 3);
});
