/** Runs of a changing tree that are killed again and again, and what must hold after each. */
import { mkdirSync } from 'node:fs';
import { expect } from 'vitest';
import type { Backup } from './backup.ts';
import { changeTree } from './changing-tree.ts';
import { copyTree } from './judges.ts';
import { chanceOf } from '../../src/core/chance.ts';
import { changesOf, killedAt } from './kill-after.ts';

export interface KillOptions {
  kills: number;
  seed: number;
  /** Earlier snapshots that are restored and compared at the end. */
  checked: number;
}

/**
 * Kills so many runs, each at a moment of its own; after every few of them a run is let through, and its restore must equal the
 * source from every target. At the end all that lies on the targets is known, and earlier snapshots are what they were.
 */
export async function killRuns(backup: Backup, { kills, seed, checked }: KillOptions): Promise<void> {
  const chance = chanceOf(seed);
  const finished: { id: string; copy: string }[] = [];
  changeTree(backup.at('src'), 40, chance);
  let most = changesOf(await runToEnd(backup));
  let survived = 0;
  for (let kill = 1; kill <= kills; kill++) {
    changeTree(backup.at('src'), 12, chance);
    const moment = 1 + Math.floor(chance() * most);
    const { code, err } = await backup.box.start(['run', '-q'], { environment: killedAt(moment) }).ended;
    if (code !== null) {
      expect(code, `seed ${seed}, kill ${kill} at ${moment}: ${err}`).toBe(0);
      survived++;
    }
    if (kill % 3 !== 0 && kill !== kills) continue;
    if (chance() < 0.5) changeTree(backup.at('src'), 5, chance);
    most = changesOf(await runToEnd(backup));
    const context = `seed ${seed}, after kill ${kill}`;
    const copy = backup.at(`copy-${kill}`);
    mkdirSync(copy);
    copyTree(backup.at('src'), copy);
    finished.push({ id: (await backup.snapshots()).at(-1)!, copy: `copy-${kill}` });
    await backup.expectRestoredFrom(backup.targets).catch((error: unknown) => fail(context, error));
    backup.expectNothingUnknown();
  }
  expect(survived, 'runs that ended before their kill').toBeLessThan(kills / 2 + 2);
  for (const { id, copy } of finished.slice(-checked - 1, -1)) {
    await backup.expectRestoredFrom(backup.targets, { like: copy, words: ['--snapshot', id] });
  }
}

/** What a run said on standard error that no kill comes to. */
async function runToEnd(backup: Backup): Promise<string> {
  const { code, err, out } = await backup.box.start(['run', '-q'], { environment: killedAt(1e9) }).ended;
  expect(code, err + out).toBe(0);
  return err;
}

function fail(context: string, error: unknown): never {
  throw new Error(`${context}: ${String(error)}`, { cause: error });
}
