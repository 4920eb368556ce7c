/** `kill -9` at 50 random moments of runs, for plans of every kind. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Backup, plans } from '../e2e/backup.ts';
import { changeTree } from '../e2e/changing-tree.ts';
import { missingPrograms, removeTemporary } from '../e2e/judges.ts';
import { jsonLines } from '../cli/fixture.ts';
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

  test('restores of many files, written by a thread, that are killed', async () => {
    backup = await Backup.create(plans.tar);
    const chance = chanceOf(seed + 1);
    const contents = new Map<string, Buffer>();
    for (let index = 0; index < 300; index++) contents.set(`many-${index}`, randomBytes(Math.floor(chance() * 20_000)));
    contents.set('many-large', randomBytes(12_000_000));
    for (const [name, bytes] of contents) writeFileSync(backup.at('src', name), bytes);
    await backup.run();
    const restored = backup.at('restored/plan/src');
    let killed = 0;
    for (let kill = 0; kill < 6; kill++) {
      rmSync(backup.at('restored'), { recursive: true, force: true });
      const { code } = await backup.box.start(['restore', '-q'], { environment: killedAt(1 + Math.floor(chance() * 600)) }).ended;
      expect([null, 0]).toContain(code);
      if (code === null) killed++;
      const there = existsSync(restored) ? readdirSync(restored) : [];
      const whole = there.filter((name) => contents.has(name));
      for (const name of whole) expect(readFileSync(join(restored, name)).equals(contents.get(name)!), `${name} has its name, and is not whole`).toBe(true);
      const { out } = await backup.restore(0, '--json', '--overwrite', 'if-changed');
      const { skipped } = jsonLines(out).findLast(({ message_type: type }) => type === 'summary') as { skipped: number };
      expect(skipped, 'temporary files are not taken for restored ones').toBeLessThanOrEqual(there.filter((name) => !name.startsWith('.bat-restore-')).length);
      for (const [name, bytes] of contents) expect(readFileSync(join(restored, name)).equals(bytes), name).toBe(true);
      removeTemporary(backup.at('restored'));
      await backup.expectRestored({ keep: true });
    }
    expect(killed).toBeGreaterThan(0);
  });
});
