/** `kill -9` in the middle of runs. test/slow/killed.test.ts does the same more often. */
import { afterEach, describe, expect, test } from 'vitest';
import { Backup, plans } from './backup.ts';
import { changeTree } from './changing-tree.ts';
import { missingPrograms, removeTemporary } from './judges.ts';
import { chanceOf } from '../../src/core/chance.ts';
import { killedAt } from './kill-after.ts';
import { killRuns } from './killed.ts';

const missing = missingPrograms('rsync', 'cp');
const seed = Number(process.env['BAT_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

describe.skipIf(missing)(`killed, BAT_SEED=${seed}${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let backup: Backup;
  afterEach(() => backup.remove());

  test.each(['lanes', 'files'] as const)('plan %s: runs that are killed lose nothing and leave nothing behind', async (kind) => {
    backup = await Backup.create(plans[kind]);
    await killRuns(backup, { kills: 3, seed, checked: 1 });
  });

  test('a restore that is killed is made good by the next one', async () => {
    backup = await Backup.create(plans.tar);
    const chance = chanceOf(seed);
    changeTree(backup.at('src'), 60, chance);
    await backup.run();
    const words = ['restore', '-q', '-s', 'src'];
    const { code } = await backup.box.start(words, { environment: killedAt(1 + Math.floor(chance() * 60)) }).ended;
    expect([null, 0]).toContain(code);
    removeTemporary(backup.at('restored'));
    await backup.expectRestored({ keep: true });
  });
});
