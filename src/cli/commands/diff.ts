/** `bat diff` */
import { Command } from 'commander';
import { BatError } from '../../core/errors.ts';
import { openPlan, splitPlan } from '../choose-plan.ts';
import { addExamples, collect } from '../command-help.ts';
import type { Shell } from '../shell.ts';

interface DiffFlags {
  source?: string[];
  checksum?: boolean;
}

export function diffCommand(shell: Shell): Command {
  const command = new Command('diff')
    .summary('compare snapshots, or one with the disk')
    .description(
      'Says what was added, removed, changed and renamed between two snapshots of a source, by the catalog of this machine and without a key; with one snapshot, what changed on the disk since. Without any it is the latest. The exit code is 0, whether there are differences or not.',
    )
    .argument('[plan]', 'the plan: a .yaml file, or a folder with a bat.yaml; any other word is a snapshot')
    .argument('[snapshots...]', 'one or two: ids or their beginnings, latest, or times: the last one before it')
    .option('-s, --source <id>', 'of this source only (repeatable)', collect)
    .option('--checksum', 'of the disk: read the files and compare their content; finds renamed ones, too')
    .option('--json', 'one JSON object a line, for programs')
    .action((first: string | undefined, rest: string[], flags: DiffFlags) => compare(shell, first === undefined ? [] : [first, ...rest], flags));
  return addExamples(command, [
    ['bat diff', 'what changed on the disk since the last run'],
    ['bat diff 2026-11-01 latest -s photos', 'what a month brought'],
    ['bat diff 20261120-055913 --checksum', 'is the disk still what was stored?'],
  ]);
}

async function compare(shell: Shell, words: readonly string[], flags: DiffFlags): Promise<void> {
  const { named, paths: snapshots } = splitPlan(words);
  if (snapshots.length > 2) throw new BatError('USAGE', `${snapshots[0]} is no plan, and only two snapshots can be compared.`, { hint: 'Name the file of the plan first, then one or two snapshots.' });
  const [before = 'latest', after = null] = snapshots;
  if (after !== null && flags.checksum) throw new BatError('USAGE', 'Two snapshots are always compared by their content.', { hint: 'Leave --checksum out; it is for the disk.' });
  const { plan } = await openPlan(shell, named, { complete: false });
  const [{ diff }, { listingEmit }, { showDiff }] = await Promise.all([import('../../actions/diff.ts'), import('../views/listing-emit.ts'), import('../views/diff.ts')]);
  const emit = listingEmit(shell);
  await showDiff(shell, diff({ plan, before, after, sources: flags.source ?? [], checksum: flags.checksum ?? false, environment: shell.environment, emit, signal: shell.signal }));
}
