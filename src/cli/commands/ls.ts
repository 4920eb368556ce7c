/** `bat ls` */
import { Command } from 'commander';
import { BatError } from '../../core/errors.ts';
import { openPlan, splitPlan } from '../choose-plan.ts';
import { addExamples, collect } from '../command-help.ts';
import type { Shell } from '../shell.ts';

interface LsFlags {
  snapshot: string;
  source?: string[];
  long?: boolean;
  recursive?: boolean;
  identity?: string[];
  accept?: boolean;
}

export function lsCommand(shell: Shell): Command {
  const command = new Command('ls')
    .summary('list the files of snapshots')
    .description(
      'Lists what is in the snapshots of a plan, by names that `bat restore` takes. The catalog of this machine needs no key; without it the manifests are read from a target.',
    )
    .argument('[plan]', 'the plan: a .yaml file, or a folder with a bat.yaml; any other word is the path')
    .argument('[path]', 'a folder or file, <path> or <source>/<path>, or a glob')
    .option('--snapshot <id>', 'an id or its beginning, latest, or a time: the last one before it', 'latest')
    .option('-s, --source <id>', 'of this source only (repeatable)', collect)
    .option('-l, --long', 'modes, owners, sizes and times, too')
    .option('-R, --recursive', 'everything below, not only what is right there')
    .option('-i, --identity <file>', 'a file with the secret key, where there is no catalog; - reads standard input (repeatable)', collect)
    .option('--accept', 'where targets are asked, take what is forged, rolled back or cut off all the same, with a warning, and trust its signer from now on')
    .option('--json', 'one JSON object a line, for programs')
    .action((first: string | undefined, second: string | undefined, flags: LsFlags) => list(shell, [first, second].filter((word) => word !== undefined), flags));
  return addExamples(command, [
    ['bat ls', 'the top of every source'],
    ['bat ls photos/2024 -l', 'one folder, with sizes and times'],
    ['bat ls -R --snapshot 2026-11-20 | grep tax', 'find a file of that day'],
  ]);
}

async function list(shell: Shell, words: readonly string[], flags: LsFlags): Promise<void> {
  const { named, paths } = splitPlan(words);
  if (paths.length > 1) throw new BatError('USAGE', `${paths[0]} is no plan, and only one path can be listed.`, { hint: 'Name the file of the plan first, then the path.' });
  const { plan } = await openPlan(shell, named, { complete: false });
  const [{ listEntries }, { gatherKeys }, { listingEmit }, view] = await Promise.all([
    import('../../actions/ls.ts'),
    import('../identities.ts'),
    import('../views/listing-emit.ts'),
    import('../views/ls.ts'),
  ]);
  const entries = listEntries({
    plan,
    snapshot: flags.snapshot,
    sources: flags.source ?? [],
    path: paths[0] ?? '',
    recursive: flags.recursive ?? false,
    keys: () => gatherKeys(shell, plan, flags.identity ?? []),
    accept: flags.accept ?? false,
    environment: shell.environment,
    emit: listingEmit(shell),
    signal: shell.signal,
  });
  await view.showEntries(shell, entries, flags.long ?? false);
}
