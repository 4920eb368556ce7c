/** `bat stats` */
import { Command, Option } from 'commander';
import type { Period } from '../../actions/stats/growth.ts';
import { openPlan } from '../choose-plan.ts';
import { addExamples, collect } from '../command-help.ts';
import type { Shell } from '../shell.ts';

interface StatsFlags {
  source?: string[];
  by?: Period;
}

export function statsCommand(shell: Shell): Command {
  const command = new Command('stats')
    .summary('say how much is stored')
    .description(
      'Says how much is stored, by the catalog of this machine and without a key: of each source the bytes of its snapshots, what is left of them without repetitions, compressed, and on all targets; and what each target holds, with its price a month where that is known.',
    )
    .argument('[plan]', 'the plan; without one bat.yaml here, or the only one in plans/')
    .option('-s, --source <id>', 'of this source only (repeatable)', collect)
    .addOption(new Option('--by <period>', 'also what was stored when').choices(['snapshot', 'day', 'month']))
    .option('--json', 'one JSON object a line, for programs')
    .action((named: string | undefined, flags: StatsFlags) => stats(shell, named, flags));
  return addExamples(command, [
    ['bat stats', 'all sources and targets'],
    ['bat stats -s photos --by month', 'how one source grows'],
  ]);
}

async function stats(shell: Shell, named: string | undefined, { source = [], by }: StatsFlags): Promise<void> {
  const { plan } = await openPlan(shell, named, { complete: false });
  const [{ gatherStats }, view] = await Promise.all([import('../../actions/stats.ts'), import('../views/stats.ts')]);
  const gathered = await gatherStats({ plan, sources: source, by: by ?? null, environment: shell.environment });
  if (shell.json) view.statsToJson(shell, gathered);
  else view.showStats(shell.out, gathered);
}
