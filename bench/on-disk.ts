/** What is measured of one tree on the disk: a first backup, one with nothing changed, a full restore, one of what was altered. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { alter } from './alter.ts';
import { contenderNames } from './contenders/contender.ts';
import type { Contender, ContenderName } from './contenders/contender.ts';
import { contenders } from './contenders/index.ts';
import { measure } from './measure.ts';
import type { Key } from './results.ts';
import { inTurn, measureIn, placeFor } from './setting.ts';
import type { Setting } from './setting.ts';
import { shell } from './shell.ts';
import { warm } from './trees.ts';

type Phase = 'first' | 'nothing' | 'restore' | 'changed';
type Named = [ContenderName, Contender];

/** @param tree makes it if it is needed, and gives its folder */
export async function measureOnDisk(name: string, tree: () => string, setting: Setting): Promise<void> {
  const key = (phase: Phase, contender: ContenderName): Key => `${name}/${phase}/${contender}`;
  const wants = (phase: Phase, contender: ContenderName): boolean => setting.wanted.has(key(phase, contender));
  const phases: Phase[] = ['first', 'nothing', 'restore', 'changed'];
  const taking = contenderNames.filter((contender) => phases.some((phase) => wants(phase, contender)));
  if (taking.length === 0) return;

  const source = tree();
  await warm(source);
  const all = taking.map((contender): Named => [contender, contenders[contender](placeFor(setting, contender, source))]);
  const inPhase = (phase: Phase): Named[] => all.filter(([contender]) => wants(phase, contender));
  const rounds = async (phase: Phase, each: (contender: Named, round: number) => Promise<void>, before: (round: number) => void = () => {}): Promise<void> => {
    const those = inPhase(phase);
    for (let round = 0; those.length > 0 && round < setting.rounds; round++) {
      before(round);
      for (const contender of inTurn(those, round)) await each(contender, round);
    }
  };
  const backUp = async (phase: Phase, [contender, { backup, stored }]: Named, before: number): Promise<void> => {
    const figures = await measureIn(setting, backup());
    setting.results.add(key(phase, contender), { ...figures, stored: stored() - before });
  };

  await rounds('first', async (contender) => {
    await contender[1].reset();
    await backUp('first', contender, 0);
  });
  for (const [contender, { reset, backup }] of all) {
    if (wants('first', contender)) continue;
    await reset();
    await measure(backup(), join(setting.scratch, 'figures.txt'));
  }
  await rounds('nothing', (contender) => backUp('nothing', contender, contender[1].stored()));
  await rounds('restore', async ([contender, { restore, restored }], round) => {
    const to = join(setting.scratch, 'restored');
    rmSync(to, { recursive: true, force: true });
    mkdirSync(to);
    setting.results.add(key('restore', contender), await measureIn(setting, restore(to)));
    if (round === 0) await compare(source, restored(to), contender);
    rmSync(to, { recursive: true });
  });
  await rounds('changed', (contender) => backUp('changed', contender, contender[1].stored()), (round) => alter(source, round));
  for (const contender of taking) rmSync(placeFor(setting, contender, source).folder, { recursive: true });
}

/** Names, types, bytes, modes, owners, links and the times of files. A benchmark of something wrong is none. */
async function compare(source: string, restored: string, contender: ContenderName): Promise<void> {
  const differences = await shell('rsync -aHOn --checksum --itemize-changes --delete "$1/" "$2/"', source, restored);
  if (differences !== '') throw new Error(`what ${contender} restored is not what was backed up:\n${differences.split('\n').slice(0, 10).join('\n')}`);
}
