/** `bat copy` */
import { Command, Option } from 'commander';
import type { CopyIncomplete } from '../../actions/copy.ts';
import { BatError } from '../../core/errors.ts';
import { openPlan } from '../choose-plan.ts';
import { addExamples, collect } from '../command-help.ts';
import type { Shell } from '../shell.ts';

interface CopyFlags {
  from: string;
  to: string;
  snapshot?: string[];
  source?: string[];
  all?: boolean;
  prune?: boolean;
  newTarget?: boolean;
  dryRun?: boolean;
  quiet?: boolean;
}

export function copyCommand(shell: Shell): Command {
  const command = new Command('copy')
    .summary('copy from one target to another')
    .description(
      'Copies stored snapshots from one target of a plan to another, as they are: no key is needed, and the sources are not read. Each object is checked by its SHA-256 on the way. A copy that was stopped or killed goes on when it is called again.',
    )
    .argument('[plan]', 'the plan; without one bat.yaml here, or the only one in plans/')
    .requiredOption('--from <target>', 'the target that is read')
    .requiredOption('--to <target>', 'the target that is filled; it need not be in any upload of the plan')
    .option('--snapshot <id>', 'this one only: an id or its beginning, latest, or a time (repeatable)', collect)
    .option('-s, --source <id>', 'snapshots of this source only (repeatable)', collect)
    .addOption(new Option('--missing', 'only what the other target does not hold: the default').conflicts('all'))
    .option('--all', 'what it holds, too: all of it is sent again')
    .option('--prune', 'then remove from the target that is filled what was deleted while it was away; only where no upload stores to it')
    .option('--new-target', 'the target that is filled is meant to be empty, or another one than before')
    .option('-n, --dry-run', 'say what would be copied, by what the catalog knows')
    .option('-q, --quiet', 'say warnings and errors only')
    .option('--json', 'one JSON object a line, for programs')
    .action((named: string | undefined, flags: CopyFlags) => copyTarget(shell, named, flags));
  return addExamples(command, [
    ['bat copy --from usb --to archive', 'fill a disk that is in no upload'],
    ['bat copy --from usb --to archive --prune', 'and forget there what the policy has forgotten meanwhile'],
    ['bat copy --from usb --to cloud -n', 'see what cloud lacks'],
    ['bat copy --from cloud --to usb --snapshot latest', 'only the last snapshot of each source'],
  ]);
}

async function copyTarget(shell: Shell, named: string | undefined, flags: CopyFlags): Promise<void> {
  const { plan } = await openPlan(shell, named, { complete: true });
  const [{ copy }, { copyView, showCopied, copyFields }] = await Promise.all([import('../../actions/copy.ts'), import('../views/copy.ts')]);
  const view = copyView(shell, flags.quiet ?? false);
  try {
    const result = await copy({
      plan,
      from: flags.from,
      to: flags.to,
      snapshots: flags.snapshot ?? [],
      sources: flags.source ?? [],
      all: flags.all ?? false,
      prune: flags.prune ?? false,
      newTarget: flags.newTarget ?? false,
      dryRun: flags.dryRun ?? false,
      emit: view.emit,
      signal: shell.signal,
    });
    view.finish();
    if (shell.json) shell.emitJson('summary', copyFields(result, 0));
    else if (!flags.quiet) showCopied(shell.out, result);
  } catch (error) {
    view.finish(error);
    const { result } = error as Partial<CopyIncomplete>;
    if (error instanceof BatError && result) {
      if (shell.json) shell.emitJson('summary', copyFields(result, error.exitCode));
      else if (!flags.quiet) showCopied(shell.out, result);
    }
    throw error;
  }
}
