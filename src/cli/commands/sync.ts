/** `bat sync` */
import { Command, Option } from 'commander';
import { openPlan } from '../choose-plan.ts';
import { addExamples, collect } from '../command-help.ts';
import type { Shell } from '../shell.ts';

interface SyncFlags {
  target?: string;
  identity?: string[];
  adopt?: boolean;
  removeOrphans?: boolean;
  retired?: string[];
  accept?: boolean;
  dryRun?: boolean;
  quiet?: boolean;
}

export function syncCommand(shell: Shell): Command {
  const command = new Command('sync')
    .summary('hold the catalog against the targets')
    .description(
      'Brings the catalog of this machine in line with what the targets really hold: what is gone there is stored again by the next run, what nobody knows is shown. Where the catalog is lost or damaged it is made anew from the manifests; that needs a key where they are encrypted.',
    )
    .argument('[plan]', 'the plan; without one bat.yaml here, or the only one in plans/')
    .option('-t, --target <id>', 'this target only')
    .option('-i, --identity <file>', 'a file with the secret key, to read manifests; - reads standard input (repeatable)', collect)
    .option('--adopt', 'take snapshots into the catalog that it does not know')
    .addOption(new Option('--remove-orphans', 'remove objects that no manifest speaks of').conflicts('adopt'))
    .option('--retired <host>', 'this machine will never write there again: what it left may be removed (repeatable)', collect)
    .option('--accept', 'take manifests that are forged, rolled back or cut off all the same, with a warning, and trust their signer from now on')
    .option('-n, --dry-run', 'say what would be done, and change nothing')
    .option('-q, --quiet', 'say warnings and errors only, and what is gone or unknown')
    .option('--json', 'one JSON object a line, for programs')
    .action((named: string | undefined, flags: SyncFlags) => syncCatalog(shell, named, flags));
  return addExamples(command, [
    ['bat sync', 'see what is gone, and what nobody knows'],
    ['bat sync -i nas.key.txt', 'a new catalog after the old one was lost'],
    ['bat sync --adopt -i key.txt', 'know the snapshots of another machine, too'],
    ['bat sync --remove-orphans -n', 'what could be removed'],
  ]);
}

async function syncCatalog(shell: Shell, named: string | undefined, flags: SyncFlags): Promise<void> {
  const { plan } = await openPlan(shell, named, { complete: false });
  const [{ sync }, { gatherKeys }, { listingEmit }, view] = await Promise.all([
    import('../../actions/sync.ts'),
    import('../identities.ts'),
    import('../views/listing-emit.ts'),
    import('../views/sync.ts'),
  ]);
  const quiet = flags.quiet ?? false;
  const progress = view.syncProgress(shell, quiet);
  const emit = listingEmit(shell);
  try {
    const report = await sync({
      plan,
      only: flags.target,
      keys: () => gatherKeys(shell, plan, flags.identity ?? []),
      adopt: flags.adopt ?? false,
      removeOrphans: flags.removeOrphans ?? false,
      retired: flags.retired ?? [],
      accept: flags.accept ?? false,
      dryRun: flags.dryRun ?? false,
      environment: shell.environment,
      emit: (event) => progress.above(() => emit(event)),
      onProgress: progress.show,
      signal: shell.signal,
    });
    progress.clear();
    if (shell.json) view.syncToJson(shell, report, flags.dryRun ?? false);
    else view.showSync(shell, report, { dryRun: flags.dryRun ?? false, quiet });
    shell.exitCode = report.exitCode;
  } finally {
    progress.clear();
  }
}
