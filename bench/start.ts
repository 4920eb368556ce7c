/** How long bat takes to begin, beside Node that does nothing. */
import { join } from 'node:path';
import { batCommand } from './contenders/bat.ts';
import type { Command } from './measure.ts';
import { measure } from './measure.ts';
import { bareNode } from './row.ts';
import type { Key } from './results.ts';
import { inTurn } from './setting.ts';
import type { Setting } from './setting.ts';

const root = join(import.meta.dirname, '..');

export async function measureStart({ wanted, results, scratch, under }: Setting, rounds: number): Promise<void> {
  const commands: [Key, Command][] = [
    [bareNode, { argv: [process.execPath, '-e', '0'] }],
    ['start/version/bat', batCommand('--version')],
    ['start/validate/bat', batCommand('validate', join(root, 'plans/nas.yaml'))],
  ];
  const those = commands.filter(([key]) => wanted.has(key));
  for (let round = 0; round < rounds; round++) {
    for (const [key, command] of inTurn(those, round)) results.add(key, await measure(command, join(scratch, 'figures.txt'), under));
  }
}
