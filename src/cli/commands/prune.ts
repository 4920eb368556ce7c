/** `bat prune` */
import { Command } from 'commander';
import { BatError } from '../../core/errors.ts';
import type { PruneReport } from '../../actions/prune/report.ts';
import { canAsk, confirm } from '../ask.ts';
import { openPlan } from '../choose-plan.ts';
import { addExamples } from '../command-help.ts';
import type { Shell } from '../shell.ts';

interface PruneFlags {
  dryRun?: boolean;
  yes?: boolean;
  early?: boolean;
  quiet?: boolean;
}

export function pruneCommand(shell: Shell): Command {
  const command = new Command('prune')
    .summary('forget old snapshots by the policy of the plan')
    .description(
      'Forgets the snapshots that no rule of `retention` keeps, and removes from the targets what nothing needs any more. It shows for every snapshot whether it stays, and why, and asks before it removes anything. No key is needed. A prune that was killed harms nothing, and the next one goes on.',
    )
    .argument('[plan]', 'the plan; without one bat.yaml here, or the only one in plans/')
    .option('-n, --dry-run', 'show the decisions and what they free, and change nothing')
    .option('-y, --yes', 'do not ask')
    .option('--early', 'delete from cold storage also what is paid for longer')
    .option('-q, --quiet', 'say warnings and errors only')
    .option('--json', 'one JSON object a line, for programs')
    .action((named: string | undefined, flags: PruneFlags) => prune(shell, named, flags));
  return addExamples(command, [
    ['bat prune --dry-run', 'see what would go, and why the rest stays'],
    ['bat prune', 'the same, and do it after a question'],
    ['bat prune plans/nas.yaml --yes --quiet', 'from cron'],
  ]);
}

async function prune(shell: Shell, named: string | undefined, { dryRun = false, yes = false, early = false, quiet = false }: PruneFlags): Promise<void> {
  const { plan } = await openPlan(shell, named, { complete: true });
  if (!dryRun && !yes && (shell.json || !canAsk(shell))) {
    throw new BatError('USAGE', 'There is nobody to ask whether these snapshots may go.', { hint: 'Look with --dry-run, and say --yes.' });
  }
  const [action, { hasWork }, view, { workView }] = await Promise.all([import('../../actions/prune.ts'), import('../../actions/prune/report.ts'), import('../views/prune.ts'), import('../views/work-view.ts')]);
  const shown = workView(shell, { quiet });
  // Whoever is asked has to see what about.
  const isSilent = quiet && yes && !dryRun;
  const show = (report: PruneReport): void => {
    shown.clear();
    if (shell.json) return view.decisionsToJson(shell, report);
    if (isSilent) return view.showProblems(shell, report);
    view.showDecisions(shell, report);
    // What waits for its minimum time is worth knowing, also where nothing else is to be done; and so is why nothing is.
    if (!hasWork(report) && report.targets.every(({ later, away, problem }) => later === null && away === null && problem === null)) return;
    view.showTargets(shell, report);
    shell.out.line();
  };
  const agree = async (report: PruneReport): Promise<boolean> => {
    show(report);
    return yes || !hasWork(report) || (await confirm(shell, 'Remove this?'));
  };
  try {
    const options = { plan, early, emit: shown.emit, say: shown.say, signal: shell.signal };
    const { result, exitCode } = dryRun ? await action.rehearsePrune(options) : await action.prune({ ...options, agree });
    shown.clear();
    shell.exitCode = exitCode;
    if (!result) return void shell.out.line('Nothing was removed.');
    if (dryRun) show(result);
    if (shell.json) view.pruneToJson(shell, result, exitCode);
    else if (!isSilent) shell.out.line(view.pruneSentence(result));
  } finally {
    shown.clear();
  }
}
