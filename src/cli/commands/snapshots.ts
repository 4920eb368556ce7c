/** `bat snapshots`, and what is below it */
import { Command } from 'commander';
import { openPlan } from '../choose-plan.ts';
import { addExamples, collect } from '../command-help.ts';
import type { Shell } from '../shell.ts';
import { markCommands } from './snapshots-mark.ts';

interface ListFlags {
  source?: string[];
  tag?: string[];
  accept?: boolean;
}

export function snapshotsCommand(shell: Shell): Command {
  const command = new Command('snapshots')
    .summary('list what is stored, tag and protect it')
    .description('Lists the snapshots of a plan, the oldest first. Where this machine has no catalog the targets are asked; neither needs a key.')
    .argument('[plan]', 'the plan; without one bat.yaml here, or the only one in plans/')
    .option('-s, --source <id>', 'of this source only (repeatable)', collect)
    .option('--tag <name>', 'with this tag only (repeatable: with any of them)', collect)
    .option('--accept', 'where targets are asked, take what is rolled back or cut off all the same, with a warning')
    .option('--json', 'one JSON object a line, for programs')
    .action((named: string | undefined, flags: ListFlags) => list(shell, named, flags));
  for (const sub of markCommands(shell)) command.addCommand(sub);
  command.helpCommand(false);
  return addExamples(command, [
    ['bat snapshots', 'all of the plan in this folder'],
    ['bat snapshots plans/nas.yaml -s photos', 'those of one source'],
    ['bat snapshots --tag release', 'those with a tag'],
  ]);
}

async function list(shell: Shell, named: string | undefined, { source = [], tag = [], accept = false }: ListFlags): Promise<void> {
  const { plan } = await openPlan(shell, named, { complete: false });
  const [{ listStored, listDeleted }, { listingEmit }] = await Promise.all([import('../../actions/snapshots.ts'), import('../views/listing-emit.ts')]);
  const rows = await listStored({ plan, sources: source, tags: tag, accept, environment: shell.environment, emit: listingEmit(shell), signal: shell.signal });
  const deleted = listDeleted({ plan, environment: shell.environment });
  if (shell.json) {
    for (const row of rows) shell.emitJson('snapshot', { ...row, time: row.time.toISOString() });
    for (const left of deleted) shell.emitJson('deleted_snapshots', { ...left });
  } else (await import('../views/snapshots.ts')).showSnapshots(shell.out, rows, deleted);
}
