/** `bat snapshots` */
import { Command } from 'commander';
import { openPlan } from '../choose-plan.ts';
import { addExamples, collect } from '../command-help.ts';
import type { Shell } from '../shell.ts';

export function snapshotsCommand(shell: Shell): Command {
  const command = new Command('snapshots')
    .summary('list what is stored')
    .description('Lists the snapshots of a plan, the oldest first. Where this machine has no catalog the targets are asked; neither needs a key.')
    .argument('[plan]', 'the plan; without one bat.yaml here, or the only one in plans/')
    .option('-s, --source <id>', 'of this source only (repeatable)', collect)
    .option('--json', 'one JSON object a line, for programs')
    .action((named: string | undefined, flags: { source?: string[] }) => listSnapshots(shell, named, flags.source ?? []));
  return addExamples(command, [
    ['bat snapshots', 'all of the plan in this folder'],
    ['bat snapshots plans/nas.yaml -s photos', 'those of one source'],
  ]);
}

async function listSnapshots(shell: Shell, named: string | undefined, sources: readonly string[]): Promise<void> {
  const { plan } = await openPlan(shell, named, { complete: false });
  const [{ listStored }, { listingEmit }] = await Promise.all([import('../../actions/snapshots.ts'), import('../views/listing-emit.ts')]);
  const rows = await listStored({ plan, sources, environment: shell.environment, emit: listingEmit(shell), signal: shell.signal });
  if (shell.json) for (const row of rows) shell.emitJson('snapshot', { ...row, time: row.time.toISOString() });
  else (await import('../views/snapshots.ts')).showSnapshots(shell.out, rows);
}
