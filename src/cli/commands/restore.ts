/** `bat restore` */
import { join } from 'node:path';
import { Command, Option } from 'commander';
import type { Destination, Overwrite, RestoreOptions } from '../../actions/restore.ts';
import { BatError } from '../../core/errors.ts';
import type { Plan } from '../../plan/plan.ts';
import type { ThawTier } from '../../targets/cold-storage.ts';
import { canAsk, confirm } from '../ask.ts';
import { carryOutRestore, restoringView } from '../carry-out-restore.ts';
import { openPlan, splitPlan } from '../choose-plan.ts';
import { addExamples, collect } from '../command-help.ts';
import { addSourceOptions, addThawOptions, passedBy } from '../reading-options.ts';
import type { Shell } from '../shell.ts';

interface RestoreFlags {
  snapshot: string;
  source?: string[];
  to?: string;
  inPlace?: boolean;
  yes?: boolean;
  overwrite: Overwrite;
  dryRun?: boolean;
  identity?: string[];
  from?: string;
  accept?: boolean;
  tier?: ThawTier;
  days: number;
  wait?: boolean;
  quiet?: boolean;
}

export function restoreCommand(shell: Shell): Command {
  const command = new Command('restore')
    .summary('bring files back')
    .description(
      'Restores snapshots: everything, or the paths and globs that are named. Each file appears whole or not at all, and is checked against its SHA-256. A path that nothing stored matches keeps no other from coming back; the exit code tells of it.',
    )
    .argument('[plan]', 'the plan: a .yaml file, or a folder with a bat.yaml; any other word is a path')
    .argument('[paths...]', 'what to restore: <path> or <source>/<path>, with all below it, or a glob')
    .option('--snapshot <id>', 'an id or its beginning, latest, or a time: the last one before it', 'latest')
    .option('-s, --source <id>', 'this source only (repeatable)', collect)
    .option('--to <dir>', 'the folder to restore to: one folder a source, or right into it with a single --source (default: ./restored/<plan>)')
    .addOption(new Option('--in-place', 'restore to where the sources are read from').conflicts('to'))
    .option('-y, --yes', 'do not ask: neither before writing in place, nor before thawing by the cheapest tier')
    .addOption(new Option('--overwrite <when>', 'what becomes of files that are there').choices(['always', 'if-changed', 'if-newer', 'never']).default('always'))
    .option('-n, --dry-run', 'say what would be restored and how much is read for it');
  addSourceOptions(command);
  addThawOptions(command)
    .option('-q, --quiet', 'say warnings and errors only')
    .option('--json', 'one JSON object a line, for programs')
    .action((first: string | undefined, rest: string[], flags: RestoreFlags) => restoreFiles(shell, first === undefined ? [] : [first, ...rest], flags));
  return addExamples(command, [
    ['bat restore -i nas.key.txt', 'everything, into ./restored'],
    ['bat restore photos/2024 "*.odt" -i key.txt', 'a folder and all texts'],
    ['bat restore --snapshot 2026-11-20 -s mail', 'as it was on that day'],
    ['bat restore --in-place --overwrite if-changed', 'back to where it was'],
    ['bat restore --from glacier --tier bulk -i key.txt', 'from cold storage'],
    ['pass show bat | bat restore -i -', 'with a key that is on no disk'],
  ]);
}

async function restoreFiles(shell: Shell, words: readonly string[], flags: RestoreFlags): Promise<void> {
  const { named, paths } = splitPlan(words);
  const { plan } = await openPlan(shell, named, { complete: false });
  const place = chooseDestination(plan, flags);
  const dryRun = flags.dryRun ?? false;
  if (flags.inPlace && !dryRun) await makeSure(shell, plan, flags);
  const [{ createTargets, closeTargets }, { gatherKeys }] = await Promise.all([
    import('../../actions/plan-targets.ts'),
    import('../identities.ts'),
  ]);
  const [{ thawPolicy }, { Trust }] = await Promise.all([import('../thaw-policy.ts'), import('../../actions/store/trust.ts')]);
  const view = await restoringView(shell, flags.quiet ?? false);
  const keys = await gatherKeys(shell, plan, flags.identity ?? []);
  const targets = await createTargets({ plan, only: flags.from, environment: shell.environment, emit: view.emit });
  try {
    const options: RestoreOptions = {
      plan: plan.name,
      targets,
      passedBy: passedBy(plan, flags.from),
      snapshot: flags.snapshot,
      sources: flags.source ?? [],
      patterns: paths,
      destination: place.destination,
      overwrite: flags.overwrite,
      dryRun,
      keys,
      thaw: thawPolicy(shell, flags),
      trust: new Trust({ plan, environment: shell.environment, accept: flags.accept ?? false, emit: view.emit }),
      emit: view.emit,
      signal: shell.signal,
    };
    await carryOutRestore(shell, view, options, { where: place.where, quiet: flags.quiet ?? false });
  } finally {
    await closeTargets(targets);
  }
}

function chooseDestination(plan: Plan, { inPlace, to, source = [] }: RestoreFlags): { destination: Destination; where: string } {
  if (inPlace) return { destination: { kind: 'in-place', roots: new Map(plan.sources.map(({ id, roots }) => [id, roots])) }, where: 'where the sources are' };
  const path = to ?? join('restored', plan.name);
  return { destination: { kind: 'folder', path, perSource: to === undefined || source.length !== 1 }, where: to ?? `./${path}` };
}

/** Throws USAGE if nobody can be asked, or the answer is no. */
async function makeSure(shell: Shell, plan: Plan, { yes, source = [], overwrite }: RestoreFlags): Promise<void> {
  if (yes) return;
  if (!canAsk(shell)) throw new BatError('USAGE', 'A restore in place writes over files, and there is nobody to ask.', { hint: 'Add --yes if it is meant, or name a folder with --to.' });
  shell.err.line(`This restores to where the sources of ${plan.name} are (--overwrite ${overwrite}):`);
  for (const { id, roots } of plan.sources) {
    if (source.length === 0 || source.includes(id)) shell.err.line(`  ${id}: ${roots.map((root) => root.path).join(', ')}`);
  }
  if (!(await confirm(shell, 'Go on?'))) throw new BatError('USAGE', 'Nothing was restored.', { hint: 'Answer y to go on, or name a folder with --to.' });
}
