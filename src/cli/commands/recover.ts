/** `bat recover` */
import { join } from 'node:path';
import { Command, Option } from 'commander';
import type { Overwrite } from '../../actions/restore.ts';
import { carryOutRestore, restoringView } from '../carry-out-restore.ts';
import { addExamples, collect } from '../command-help.ts';
import { addThawOptions } from '../reading-options.ts';
import type { Shell } from '../shell.ts';
import type { ThawFlags } from '../thaw-policy.ts';

interface RecoverFlags extends ThawFlags {
  plan?: string;
  list?: boolean;
  writePlan?: string;
  snapshot: string;
  source?: string[];
  to?: string;
  overwrite: Overwrite;
  dryRun?: boolean;
  identity?: string[];
  accept?: boolean;
}

export function recoverCommand(shell: Shell): Command {
  const command = new Command('recover')
    .summary('bring files back on a bare machine, without a plan')
    .description(
      'Restores from the address of a target and a key, with nothing else at hand; the plan itself comes back from there, too. Keys of a bucket are taken from the environment, as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Who signed what is stored is shown, and trusted from then on.',
    )
    .argument('<url>', 'a folder, s3://BUCKET/PREFIX?endpoint=…&region=…, https://HOST:PORT of a bat server with BAT_TOKEN set, or cloudinary:///FOLDER with CLOUDINARY_URL set')
    .argument('[paths...]', 'what to restore: <path> or <source>/<path>, with all below it, or a glob')
    .option('--list', 'say which plans and snapshots there are; needs no key')
    .option('--plan <name>', 'this plan, where there are several')
    .option('--write-plan <file>', 'write the file of the plan, without its secrets; nothing is restored then, unless --to is given')
    .option('--snapshot <id>', 'an id or its beginning, latest, or a time: the last one before it', 'latest')
    .option('-s, --source <id>', 'this source only (repeatable)', collect)
    .option('--to <dir>', 'the folder to restore to: one folder a source (default: ./restored/<plan>)')
    .addOption(new Option('--overwrite <when>', 'what becomes of files that are there').choices(['always', 'if-changed', 'if-newer', 'never']).default('always'))
    .option('-n, --dry-run', 'say what would be restored and how much is read for it')
    .option('-i, --identity <file>', 'a file with the secret key; - reads standard input (repeatable)', collect)
    .option('--accept', 'take what is forged, rolled back or cut off all the same, and trust its signer from now on');
  addThawOptions(command)
    .option('-y, --yes', 'do not ask before thawing by the cheapest tier')
    .option('-q, --quiet', 'say warnings and errors only')
    .option('--json', 'one JSON object a line, for programs')
    .action((url: string, paths: string[], flags: RecoverFlags) => recover(shell, url, paths, flags));
  return addExamples(command, [
    ['bat recover /mnt/usb/backups --list', 'what is there'],
    ['bat recover /mnt/usb/backups -i key.txt --to /srv', 'all of the latest'],
    ['bat recover "s3://attic?region=eu-central-1" --plan nas --write-plan nas.yaml -i key.txt', 'the plan'],
    ['bat recover cloudinary:///backups -i key.txt photos/2024', 'one folder'],
  ]);
}

async function recover(shell: Shell, url: string, paths: readonly string[], flags: RecoverFlags): Promise<void> {
  const quiet = flags.quiet ?? false;
  const [{ choosePlan, lookAtPlan, openPlace, readPlanFile, trustFor, writePlanFile }, views] = await Promise.all([import('../../actions/recover.ts'), import('../views/recover.ts')]);
  const view = await restoringView(shell, quiet);
  const options = { environment: shell.environment, accept: flags.accept ?? false, emit: flags.list ? (await import('../views/listing-emit.ts')).listingEmit(shell) : view.emit, signal: shell.signal };
  const place = await openPlace(url, options);
  if (flags.list) {
    const found = [];
    for (const name of flags.plan === undefined ? place.plans : [choosePlan(place, flags.plan)]) found.push(await lookAtPlan(place, name, options));
    return views.showPlans(shell, found);
  }
  const plan = choosePlan(place, flags.plan);
  const trust = trustFor(plan, options);
  const found = await lookAtPlan(place, plan, options, trust);
  if (!quiet && !shell.json) views.showPlan(shell, found);
  const [{ gatherKeys }, { thawPolicy }] = await Promise.all([import('../identities.ts'), import('../thaw-policy.ts')]);
  const keys = await gatherKeys(shell, null, flags.identity ?? []);
  const target = place.target(plan);
  try {
    await target.connect({ create: false, signal: shell.signal });
    if (flags.writePlan !== undefined) {
      const file = await readPlanFile(target, found.snapshots, keys, shell.signal);
      await writePlanFile(flags.writePlan, file);
      views.showWritten(shell, flags.writePlan, file, quiet);
      if (flags.to === undefined) return void view.finish();
    }
    const path = flags.to ?? join('restored', plan);
    await carryOutRestore(shell, view, {
      plan,
      targets: [target],
      snapshot: flags.snapshot,
      sources: flags.source ?? [],
      patterns: paths,
      destination: { kind: 'folder', path, perSource: true },
      overwrite: flags.overwrite,
      dryRun: flags.dryRun ?? false,
      keys,
      thaw: thawPolicy(shell, flags),
      trust,
      emit: view.emit,
      signal: shell.signal,
    }, { where: flags.to ?? `./${path}`, quiet });
  } catch (error) {
    view.finish(error);
    throw error;
  } finally {
    await target.close();
  }
}
