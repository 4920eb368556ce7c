/** `kill -9` at 50 random moments of copies: the next one finishes, and no snapshot of either target is harmed. */
import { mkdirSync, rmSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { Backup, plans } from '../e2e/backup.ts';
import { changeTree } from '../e2e/changing-tree.ts';
import { copyTree } from '../e2e/judges.ts';
import { chanceOf } from '../../src/core/chance.ts';
import { changesOf, killedAt } from '../e2e/kill-after.ts';

const seed = Number(process.env['BAT_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
let backup: Backup;
afterEach(() => backup.remove());

test.each([['sealed', 30], ['plainFiles', 20]] as const)(`plan %s: %s kills of a copy to a disk that is in no upload, BAT_SEED=${seed}`, async (kind, kills) => {
  const chance = chanceOf(seed);
  backup = await Backup.create({ ...plans[kind], more: { archive: '{ type: file, path: archive }' } });
  const copies: { id: string; copy: string }[] = [];
  for (let round = 0; round < 3; round++) {
    changeTree(backup.at('src'), 25, chance);
    await backup.run();
    mkdirSync(backup.at(`copy-${round}`));
    copyTree(backup.at('src'), backup.at(`copy-${round}`));
    copies.push({ id: (await backup.snapshots()).at(-1)!, copy: `copy-${round}` });
  }
  // After a killed copy to a new disk the same words are given again.
  let copy = ['copy', '-q', '--from', 'disk', '--to', 'archive'];
  let most = 200;
  for (let kill = 1; kill <= kills; kill++) {
    const moment = 1 + Math.floor(chance() * most);
    const { code, err } = await backup.box.start(copy, { environment: killedAt(moment) }).ended;
    expect([null, 0], `seed ${seed}, kill ${kill} at ${moment}: ${err}`).toContain(code);
    // What is claimed can be given back, at any moment.
    const claimed = backup.stored('archive', 'manifests/');
    for (const { id, copy: like } of copies) {
      if (kill % 5 === 0 && claimed.some((name) => name.includes(id))) await backup.expectRestoredFrom('archive', { like, words: ['--snapshot', id] });
    }
    if (kill % 5 !== 0) continue;
    const ended = await backup.box.start(copy, { environment: killedAt(1e9) }).ended;
    expect(ended.code, `seed ${seed}, after kill ${kill}: ${ended.err}`).toBe(0);
    most = Math.max(changesOf(ended.err), 60);
    expect(backup.stored('archive', 'manifests/')).toEqual(backup.stored('disk', 'manifests/'));
    for (const { id, copy: like } of copies) await backup.expectRestoredFrom('archive', { like, words: ['--snapshot', id] });
    rmSync(backup.at('archive'), { recursive: true });
    // The bare machine knows the disk that was there before.
    rmSync(backup.at('bare'), { recursive: true, force: true });
    copy = copy.filter((word) => word !== '--new-target');
    expect((await backup.box.bat(...copy)).code, 'an empty disk in the place of a full one').toBe(1);
    copy.push('--new-target');
  }
  const last = await backup.box.bat(...copy);
  expect(last.code, last.err).toBe(0);
  for (const { id, copy: like } of copies) await backup.expectRestoredFrom([...backup.targets, 'archive'], { like, words: ['--snapshot', id] });
  await backup.run();
  backup.expectNothingUnknown();
});
