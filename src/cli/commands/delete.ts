/** `bat delete` */
import { Command } from 'commander';
import type { DeleteOptions } from '../../actions/delete.ts';
import { BatError } from '../../core/errors.ts';
import { canAsk, confirm } from '../ask.ts';
import { openPlan, splitPlan } from '../choose-plan.ts';
import { addExamples, collect } from '../command-help.ts';
import type { Shell } from '../shell.ts';

interface DeleteFlags {
  object?: string[];
  dryRun?: boolean;
  yes?: boolean;
  force?: boolean;
  early?: boolean;
  quiet?: boolean;
}

export function deleteCommand(shell: Shell): Command {
  const command = new Command('delete')
    .summary('delete snapshots, or objects of a target')
    .description(
      'Deletes the snapshots that are named, and what nothing else needs of them; or single objects, of which the next run stores again what the disk still has. It says first which files no other snapshot has, and asks. No key is needed.',
    )
    .argument('[plan]', 'the plan: a .yaml file, or a folder with a bat.yaml; any other word is a snapshot')
    .argument('[snapshots...]', 'ids, or their beginnings; that of a run means the snapshots of all its sources')
    .option('--object <name>', 'delete this volume or file from all targets, as `bat show` names it (repeatable)', collect)
    .option('-n, --dry-run', 'say what would be lost, and change nothing')
    .option('-y, --yes', 'do not ask')
    .option('--force', 'also what is protected, or the last snapshot of a source')
    .option('--early', 'delete from cold storage also what is paid for longer')
    .option('-q, --quiet', 'say warnings and errors only')
    .option('--json', 'one JSON object a line, for programs')
    .action((first: string | undefined, rest: string[], flags: DeleteFlags) => remove(shell, first === undefined ? [] : [first, ...rest], flags));
  return addExamples(command, [
    ['bat delete 20261120-055913-k3fx -n', 'what would be lost with that run'],
    ['bat delete 20261120-055913-k3fx-photos', 'one snapshot, after a question'],
    ['bat delete --object volumes/20261120-055913-k3fx-00002.tar.zst', 'a damaged volume'],
  ]);
}

async function remove(shell: Shell, words: readonly string[], flags: DeleteFlags): Promise<void> {
  const { named, paths: snapshots } = splitPlan(words);
  const objects = flags.object ?? [];
  const { dryRun = false, yes = false, force = false, early = false, quiet = false } = flags;
  if ((snapshots.length === 0) === (objects.length === 0)) {
    throw new BatError('USAGE', snapshots.length === 0 ? 'Nothing is named that should be deleted.' : 'Snapshots and objects are not deleted in one go.', { hint: 'Name snapshots, as `bat snapshots` lists them, or objects with --object.' });
  }
  if (!dryRun && !yes && (shell.json || !canAsk(shell))) throw new BatError('USAGE', 'There is nobody to ask whether this may go.', { hint: 'Look with --dry-run, and say --yes.' });
  const { plan } = await openPlan(shell, named, { complete: true });
  const [action, { deleteView }, { workView }] = await Promise.all([import('../../actions/delete.ts'), import('../views/delete.ts'), import('../views/work-view.ts')]);
  const shown = workView(shell, { quiet });
  const view = deleteView(shell, { dryRun, quiet: quiet && yes && !dryRun });
  const agree = async (show: () => void): Promise<boolean> => {
    shown.clear();
    show();
    return yes || (await confirm(shell, 'Delete this?'));
  };
  const options: DeleteOptions = { plan, force, emit: shown.emit, say: shown.say, signal: shell.signal, onFile: view.file };
  try {
    if (objects.length > 0) {
      const wanted = { ...options, objects };
      const { result, exitCode } = dryRun ? await action.rehearseNamed(wanted) : await action.deleteNamed({ ...wanted, agree: (report) => agree(() => view.objects(report)) });
      shown.clear();
      if (result instanceof Map) view.removed(result, exitCode);
      else if (result) view.wouldObjects(result, exitCode);
      else view.refused();
      shell.exitCode = exitCode;
      return;
    }
    const wanted = { ...options, snapshots, early };
    if (dryRun) {
      const { result, exitCode } = await action.rehearseSnapshots(wanted);
      shown.clear();
      view.wouldSnapshots(result, exitCode);
      shell.exitCode = exitCode;
      return;
    }
    const { result, exitCode } = await action.deleteSnapshots({ ...wanted, agree: (report) => agree(() => view.snapshots(report)) });
    shown.clear();
    if (result) view.forgotten(result, exitCode);
    else view.refused();
    shell.exitCode = exitCode;
  } finally {
    shown.clear();
  }
}
