/** `bat targets`, `bat targets check` */
import { Command } from 'commander';
import { exitCodes } from '../../core/errors.ts';
import { openPlan } from '../choose-plan.ts';
import { addExamples, collect } from '../command-help.ts';
import type { Shell } from '../shell.ts';

interface CheckFlags {
  target?: string[];
  full?: boolean;
}

const planArgument = ['[plan]', 'the plan; without one bat.yaml here, or the only one in plans/'] as const;

export function targetsCommand(shell: Shell): Command {
  const command = new Command('targets')
    .summary('list the targets, or check them')
    .description('Lists the targets of a plan: what kind each is, where it is, and which upload stores there. Nothing is asked of them; `bat targets check` does that.')
    .argument(...planArgument)
    .option('--json', 'one JSON object a line, for programs')
    .action((named: string | undefined) => list(shell, named))
    .addCommand(checkCommand(shell))
    .helpCommand(false);
  return addExamples(command, [
    ['bat targets', 'those of the plan in this folder'],
    ['bat targets check', 'try each of them out'],
  ]);
}

function checkCommand(shell: Shell): Command {
  const command = new Command('check')
    .summary('try targets out')
    .description(
      'Tries out the targets of a plan: may bat write, read, list and remove there, does each keep what it is given, in parts and under odd names, and are the clocks right? It says what to mend. All of it goes to a place of its own, beside what is stored, and is removed again.',
    )
    .argument(...planArgument)
    .option('-t, --target <id>', 'this target only (repeatable)', collect)
    .option('--full', 'large objects and a long listing, too: 100 MB and more, 2,000 objects')
    .option('--json', 'one JSON object a line, for programs')
    .action((named: string | undefined, _flags: unknown, self: Command) => check(shell, named, self.optsWithGlobals<CheckFlags>()));
  return addExamples(command, [
    ['bat targets check', 'all targets of the plan in this folder'],
    ['bat targets check plans/nas.yaml -t usb', 'one of them'],
    ['bat targets check --full', 'once, before a new store is trusted'],
  ]);
}

async function list(shell: Shell, named: string | undefined): Promise<void> {
  const { plan } = await openPlan(shell, named, { complete: false });
  const [{ listTargets }, { listingEmit }] = await Promise.all([import('../../actions/targets.ts'), import('../views/listing-emit.ts')]);
  const rows = await listTargets(plan, shell.environment, listingEmit(shell));
  if (shell.json) for (const { id, verified, ...row } of rows) shell.emitJson('target', { target: id, ...row, ...(verified ? { verified: verified.time, verifiedHow: verified.how, damaged: verified.damaged } : {}) });
  else (await import('../views/targets.ts')).showTargets(shell.out, rows);
}

async function check(shell: Shell, named: string | undefined, flags: CheckFlags): Promise<void> {
  const { plan } = await openPlan(shell, named, { complete: false });
  const [{ checkTargets }, view] = await Promise.all([import('../../actions/targets-check.ts'), import('../views/targets-check.ts')]);
  const shown = shell.json ? view.targetsCheckToJson(shell) : view.targetsCheckView(shell);
  try {
    const summaries = await checkTargets({ plan, only: flags.target ?? [], full: flags.full ?? false, environment: shell.environment, signal: shell.signal, tell: shown.tell });
    shell.exitCode = summaries.every(({ ok }) => ok) ? 0 : exitCodes.TARGET_FAILED;
    shown.finish(plan.name, summaries);
  } finally {
    shown.clear();
  }
}
