/** `bat bench` */
import { Command } from 'commander';
import { openPlan } from '../choose-plan.ts';
import { durationArgument, sizeArgument } from '../arguments.ts';
import { addExamples, collect } from '../command-help.ts';
import type { Shell } from '../shell.ts';

interface BenchFlags {
  source?: string[];
  limit: number;
  time: number;
  upload?: boolean;
  uploadSize: number;
}

export function benchCommand(shell: Shell): Command {
  const command = new Command('bench')
    .summary('measure what a run costs')
    .description(
      'Measures what a first run of a plan costs on this machine, and which step holds it up. The sources are read, and every step does its work, but nothing is stored: the objects go nowhere, and the catalog is a temporary one. With --upload each target is sent some test objects, which are read back and removed again.',
    )
    .argument('[plan]', 'the plan; without one bat.yaml here, or the only one in plans/')
    .option('-s, --source <id>', 'read this source only (repeatable)', collect)
    .option('--limit <size>', 'how much of the sources is read, about', sizeArgument, 2 ** 30)
    .option('--time <duration>', 'how long they are read, about', durationArgument, 60_000)
    .option('--upload', 'measure the targets, too')
    .option('--upload-size <size>', 'how much each of them is sent at the most', sizeArgument, 64 * 2 ** 20)
    .option('--json', 'one JSON object a line, for programs')
    .action((named: string | undefined, flags: BenchFlags) => run(shell, named, flags));
  for (const [long, text] of [['--limit', '1GiB'], ['--time', '1min'], ['--upload-size', '64MiB']] as const) {
    const option = command.options.find((each) => each.long === long)!;
    option.default(option.defaultValue, text);
  }
  return addExamples(command, [
    ['bat bench', 'the plan of this folder'],
    ['bat bench --upload', 'with what its targets take, and give back'],
    ['bat bench -s photos --limit 10GiB', 'more of one source'],
  ]);
}

async function run(shell: Shell, named: string | undefined, { source = [], limit, time, upload, uploadSize }: BenchFlags): Promise<void> {
  const { plan } = await openPlan(shell, named, { complete: true });
  const [{ bench }, view] = await Promise.all([import('../../actions/bench.ts'), import('../views/bench.ts')]);
  const progress = view.benchProgress(shell);
  const { environment, signal } = shell;
  try {
    const report = await bench({ plan, sources: source, limit, time, upload: upload ? uploadSize : null, environment, tell: progress.tell, signal });
    progress.clear();
    shell.exitCode = view.benchExitCode(report);
    if (shell.json) view.benchToJson(shell, report);
    else view.showBench(shell, report);
  } finally {
    progress.clear();
  }
}
