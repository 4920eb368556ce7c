/** `kill -9` at 50 random moments of runs, for plans of every kind. */
import { afterEach, describe, expect, test } from 'vitest';
import { Backup, plans } from '../e2e/backup.ts';
import { changeTree } from '../e2e/changing-tree.ts';
import { missingPrograms, removeTemporary } from '../e2e/judges.ts';
import { chanceOf } from '../../src/core/chance.ts';
import { killedAt } from '../e2e/kill-after.ts';
import { killRuns } from '../e2e/killed.ts';

const missing = missingPrograms('rsync', 'cp');
const seed = Number(process.env['BAT_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

describe.skipIf(missing)(`killed, BAT_SEED=${seed}${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let backup: Backup;
  afterEach(() => backup.remove());

  test.each([['lanes', 20], ['sealed', 10], ['files', 12], ['plainFiles', 8]] as const)('plan %s: %s kills', async (kind, kills) => {
    backup = await Backup.create(plans[kind]);
    await killRuns(backup, { kills, seed, checked: 20 });
  });

  test('restores that are killed, over one another', async () => {
    backup = await Backup.create(plans.tar);
    const chance = chanceOf(seed);
    changeTree(backup.at('src'), 80, chance);
    await backup.run();
    for (let kill = 0; kill < 12; kill++) {
      const { code } = await backup.box.start(['restore', '-q'], { environment: killedAt(1 + Math.floor(chance() * 200)) }).ended;
      expect([null, 0]).toContain(code);
      if (kill % 4 !== 3) continue;
      removeTemporary(backup.at('restored'));
      await backup.expectRestored({ keep: true });
    }
  });
});
