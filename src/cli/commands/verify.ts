/** `bat verify` */
import { Command, Option } from 'commander';
import type { VerifyReport } from '../../actions/verify.ts';
import { BatError } from '../../core/errors.ts';
import { formatCount } from '../../core/units.ts';
import { openPlan } from '../choose-plan.ts';
import { passphraseVariable } from '../ask.ts';
import { addExamples, collect } from '../command-help.ts';
import type { Shell } from '../shell.ts';

interface VerifyFlags {
  target?: string[];
  source?: string[];
  readData?: boolean;
  readDataSubset?: string;
  identity?: string[];
  repair?: boolean;
  quiet?: boolean;
}

export function verifyCommand(shell: Shell): Command {
  const command = new Command('verify')
    .summary('prove that what is stored is there and sound')
    .description(
      'Holds each target against the catalog: is every object there, in its size, and does the store say of it what it said when it was stored? With --read-data the bytes are read and compared with their SHA-256, which needs no key; with an identity too, all of it is decoded. What is wrong is named with the files that suffer.',
    )
    .argument('[plan]', 'the plan; without one bat.yaml here, or the only one in plans/')
    .option('-t, --target <id>', 'this target only (repeatable)', collect)
    .option('-s, --source <id>', 'what the snapshots of this source need (repeatable)', collect)
    .option('--read-data', 'read everything; what lies in cold storage is left out')
    .addOption(new Option('--read-data-subset <part>', 'read a part: 5%, 10GiB, or 2/7, a different one for each day of the week').conflicts('readData'))
    .option('-i, --identity <file>', 'a file with the secret key: what is read is decoded, too; - reads standard input (repeatable)', collect)
    .option('--repair', 'copy what another target has, and let the next run send again what the sources still have')
    .option('-q, --quiet', 'say only what is wrong')
    .option('--json', 'one JSON object a line, for programs')
    .action((named: string | undefined, flags: VerifyFlags) => verifyStored(shell, named, flags));
  return addExamples(command, [
    ['bat verify', 'names, sizes and checksums on every target'],
    ['bat verify --read-data-subset 2/7', 'on a Tuesday: in a week all of it is read'],
    ['bat verify -t usb --read-data -i key.txt', 'read and decode all of one target'],
    ['bat verify --read-data --repair', 'mend what is damaged'],
  ]);
}

async function verifyStored(shell: Shell, named: string | undefined, flags: VerifyFlags): Promise<void> {
  const [{ verify, parseAmount }, { gatherKeys }, view] = await Promise.all([import('../../actions/verify.ts'), import('../identities.ts'), import('../views/verify.ts')]);
  const amount = flags.readData ? ({ kind: 'everything' } as const) : flags.readDataSubset === undefined ? ({ kind: 'nothing' } as const) : parseAmount(flags.readDataSubset);
  if (flags.identity && amount.kind === 'nothing') {
    throw new BatError('USAGE', 'An identity is of use only for what is read.', { hint: 'Add --read-data, or --read-data-subset and how much.' });
  }
  const { plan } = await openPlan(shell, named, { complete: flags.repair ?? false });
  // A passphrase in the environment may be another plan's: where this one takes none, what is read needs no key.
  const takesPassphrase = plan.graph.nodes.some(({ options }) => options['passphrase'] !== undefined);
  const hasKey = flags.identity !== undefined || (amount.kind !== 'nothing' && takesPassphrase && Boolean(shell.environment[passphraseVariable]));
  const keys = hasKey ? await gatherKeys(shell, plan, flags.identity ?? []) : null;
  const shown = shell.json ? view.verifyToJson(shell) : view.verifyView(shell, { quiet: flags.quiet ?? false });
  let report: VerifyReport;
  try {
    report = await verify({
      plan,
      targets: flags.target ?? [],
      sources: flags.source ?? [],
      amount,
      keys,
      repair: flags.repair ?? false,
      environment: shell.environment,
      emit: shown.emit,
      tell: shown.tell,
      signal: shell.signal,
    });
  } finally {
    shown.clear();
  }
  const failure = failureOf(report, flags);
  shown.finish(report, failure?.exitCode ?? 0);
  if (failure) throw failure;
}

/** What the command ends with; null if all is well. */
function failureOf(report: VerifyReport, flags: VerifyFlags): BatError | null {
  const { targets, damaged, files, repair } = report;
  const left = damaged - (repair?.healed ?? 0);
  if (left > 0) {
    const where = targets.filter((target) => target.damaged > 0).map(({ target }) => target);
    const suffering = files > 0 ? ` ${formatCount(files, 'version')} of files ${files === 1 ? 'suffers' : 'suffer'}.` : '';
    const is = left === 1 ? 'is' : 'are';
    const what = repair ? `${formatCount(left, 'object')} ${is} not mended: no other target could give ${left === 1 ? 'it' : 'them'}.` : `${formatCount(left, 'object')} on ${where.join(', ')} ${is} not what was stored.${suffering}`;
    return new BatError('VERIFY_FAILED', what, { hint: hintFor(report) });
  }
  const failed = targets.filter(({ failure }) => failure !== null);
  const [first] = failed;
  if (!first) return null;
  if (failed.length === targets.length) return first.failure;
  const names = failed.map(({ target }) => target).join(', ');
  return new BatError('TARGETS_INCOMPLETE', `${names} could not be verified${flags.repair ? ' or mended' : ''}; what could be looked at is sound.`, { hint: first.failure?.hint ?? 'Look at what it said above.' });
}

function hintFor({ repair, isMendable, files, isInNewest }: VerifyReport): string {
  if (isMendable && !repair) return 'Run it again with --repair: what another target has is copied, and the next run sends again what the sources still have.';
  if (files > 0 && !isInNewest) return 'No newest snapshot has these files any more, so that no run sends them again. A restore gives what is left of the older ones; `bat delete` forgets them, and then they are no longer missed.';
  return 'The next `bat run` sends again what the sources still have of it. What only older snapshots have is lost; a restore gives what is left of it, and `bat delete` forgets those snapshots.';
}
