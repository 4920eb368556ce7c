/** `bat run` */
import { Command } from 'commander';
import { BatError } from '../../core/errors.ts';
import type { Plan } from '../../plan/plan.ts';
import { openPlan } from '../choose-plan.ts';
import { addExamples, collect } from '../command-help.ts';
import type { Shell } from '../shell.ts';
import type { EventView } from '../views/event-view.ts';

interface RunFlags {
  dryRun?: boolean;
  source?: string[];
  tag?: string[];
  newTarget?: string[];
  prune: boolean;
  allowEmpty?: boolean;
  quiet?: boolean;
  json?: boolean;
  progress: boolean;
}

export function runCommand(shell: Shell): Command {
  const command = new Command('run')
    .summary('back up as a plan says')
    .description(
      'Carries out a plan: finds what is new or changed in its sources, stores that on its targets, and writes a snapshot of each source. A run that was stopped or killed goes on where it was.',
    )
    .argument('[plan]', 'the plan; without one bat.yaml here, or the only one in plans/')
    .option('-n, --dry-run', 'say what would be read, sent and removed, and write nothing')
    .option('-s, --source <id>', 'back up this source only (repeatable)', collect)
    .option('--tag <name>', 'tag the snapshots of this run (repeatable)', collect)
    .option('--new-target <id>', 'the target is meant to be empty, or another one than before (repeatable)', collect)
    .option('--no-prune', 'keep all snapshots, whatever the retention of the plan says')
    .option('--allow-empty', 'a source may be empty that was not so before')
    .option('-q, --quiet', 'say warnings and errors only')
    .option('--json', 'one JSON object a line, for programs')
    .option('--no-progress', 'no tree, no progress: a line for each thing that happens')
    .action((named: string | undefined, flags: RunFlags) => (flags.dryRun ? rehearse(shell, named, flags) : backUp(shell, named, flags)));
  return addExamples(command, [
    ['bat run', 'back up everything in the plan of this folder'],
    ['bat run plans/nas.yaml -n', 'see what that would do'],
    ['bat run -s photos -s mail', 'two of its sources'],
    ['bat run --tag before-upgrade', 'to find these snapshots again, or to keep them'],
    ['bat run --new-target usb', 'after the disk was replaced'],
    ['bat run -q', 'from cron: silent unless something is wrong'],
  ]);
}

async function backUp(shell: Shell, named: string | undefined, flags: RunFlags): Promise<void> {
  const { file, plan } = await openPlan(shell, named, { complete: true });
  await showWarnings(shell, file, plan);
  const isTree = shell.out.isTerminal && flags.progress && !flags.quiet && !shell.json;
  const view = await chooseView(shell, plan, flags, isTree);
  const { run } = await import('../../actions/run.ts');
  shell.isPainted = isTree;
  try {
    const { exitCode } = await run({
      plan,
      sources: flags.source ?? [],
      tags: flags.tag ?? [],
      prune: flags.prune,
      newTargets: flags.newTarget ?? [],
      allowEmpty: flags.allowEmpty ?? false,
      emit: view.emit,
      signal: shell.signal,
      view: isTree ? 'tree' : 'none',
    });
    shell.exitCode = exitCode;
  } catch (error) {
    shell.isPainted = false;
    const isTold = view.finish();
    if (!isTold || !(error instanceof BatError) || error.code !== 'INTERRUPTED') throw error;
    shell.exitCode = error.exitCode;
    return;
  }
  shell.isPainted = false;
  view.finish();
}

async function rehearse(shell: Shell, named: string | undefined, flags: RunFlags): Promise<void> {
  const { file, plan } = await openPlan(shell, named, { complete: true });
  await showWarnings(shell, file, plan);
  const [{ dryRun }, view] = await Promise.all([import('../../actions/dry-run.ts'), import('../views/dry-run.ts')]);
  const report = await dryRun({ plan, sources: flags.source ?? [], tags: flags.tag ?? [], prune: flags.prune, signal: shell.signal });
  if (shell.json) view.dryRunToJson(shell, report);
  else view.showDryRun(shell, report, flags.quiet ?? false);
  shell.exitCode = view.dryRunExitCode(report);
}

async function chooseView(shell: Shell, plan: Plan, flags: RunFlags, isTree: boolean): Promise<EventView> {
  if (shell.json) return (await import('../views/events-json.ts')).eventsJsonView(shell);
  if (isTree) return (await import('../views/run-tree.ts')).runTreeView(shell, logFolder(plan));
  return (await import('../views/run-lines.ts')).runLinesView(shell, { progress: flags.progress, quiet: flags.quiet ?? false });
}

function logFolder(plan: Plan): string | null {
  const log = plan.graph.nodes.find((node) => node.kind === 'record' && typeof node.options['log'] === 'string')?.options['log'];
  return typeof log === 'string' ? log : null;
}

async function showWarnings(shell: Shell, file: string, plan: Plan): Promise<void> {
  if (plan.warnings.length === 0) return;
  const warnings = (await import('../../actions/filled-copies.ts')).warningsFor(plan, shell.environment);
  if (warnings.length === 0) return;
  const { mistakesToJson, showMistakes } = await import('../views/mistakes.ts');
  if (shell.json) mistakesToJson(shell, file, warnings, 'warning');
  else await showMistakes(shell.err, file, warnings, 'warning');
}
