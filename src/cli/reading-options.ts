/** The options of the commands that give what is stored: which snapshot, by which key, from where, and what becomes of cold storage. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { SnapshotDataOptions } from '../actions/snapshot-data.ts';
import { BatError } from '../core/errors.ts';
import type { Plan } from '../plan/plan.ts';
import { thawTiers, usualThawDays } from '../targets/cold-storage.ts';
import { openPlan, splitPlan } from './choose-plan.ts';
import { collect } from './command-help.ts';
import type { Shell } from './shell.ts';
import type { ThawFlags } from './thaw-policy.ts';

export interface ReadingFlags extends ThawFlags {
  snapshot: string;
  identity?: string[];
  from?: string;
  accept?: boolean;
}

/** Thawed copies are charged for as long as they stay. */
const mostDays = 365;

export function addSourceOptions(command: Command): Command {
  return command
    .option('-i, --identity <file>', 'a file with the secret key; - reads standard input (repeatable)', collect)
    .option('--from <target>', 'read from this target only')
    .option('--accept', 'take what is forged, rolled back or cut off all the same, and trust its signer from now on');
}

export function addThawOptions(command: Command): Command {
  return command
    .addOption(new Option('--tier <tier>', 'thaw what is in cold storage by this tier, without asking').choices(thawTiers))
    .option('--days <number>', 'how long what is thawed stays readable', parseDays, usualThawDays)
    .option('--wait', 'wait for the thaw; without it, the exit code is 75 and the same command goes on later');
}

/** All of them, for a command that writes data to standard output. */
export function addReadingOptions(command: Command): Command {
  addSourceOptions(command.option('--snapshot <id>', 'an id or its beginning, latest, or a time: the last one before it', 'latest'));
  return addThawOptions(command).option('--json', 'errors and notes as JSON, on standard error; the data stays as it is');
}

/** Opens what `[plan] SOURCE/PATH` means, has it used, and closes it. */
export async function withData(shell: Shell, words: readonly string[], flags: ReadingFlags, use: (options: SnapshotDataOptions) => Promise<void>): Promise<void> {
  const { named, paths } = splitPlan(words);
  const [path, ...more] = paths;
  if (path === undefined) throw new BatError('USAGE', 'It is not said what of the plan is wanted.', { hint: 'Name it as SOURCE/PATH, as `bat ls` shows it.' });
  if (more.length > 0) throw new BatError('USAGE', `${path} is no plan, and only one path can be given.`, { hint: 'Name the file of the plan first, then the path.' });
  const { plan } = await openPlan(shell, named, { complete: false });
  const [{ createTargets, closeTargets }, { Trust }, { gatherKeys }, { thawPolicy }, { dataView }] = await Promise.all([
    import('../actions/plan-targets.ts'),
    import('../actions/store/trust.ts'),
    import('./identities.ts'),
    import('./thaw-policy.ts'),
    import('./views/data.ts'),
  ]);
  const view = dataView(shell);
  const keys = await gatherKeys(shell, plan, flags.identity ?? []);
  const targets = await createTargets({ plan, only: flags.from, environment: shell.environment, emit: view.emit });
  try {
    const trust = new Trust({ plan, environment: shell.environment, accept: flags.accept ?? false, emit: view.emit });
    await use({ targets, passedBy: passedBy(plan, flags.from), trust, snapshot: flags.snapshot, path, keys, thaw: thawPolicy(shell, { ...flags, quiet: true }), emit: view.emit, signal: shell.signal });
    view.finish();
  } catch (error) {
    view.finish(error);
    throw error;
  } finally {
    await closeTargets(targets);
  }
}

/** The targets that `--from` leaves out. */
export function passedBy(plan: Plan, from: string | undefined): string[] {
  return from === undefined ? [] : plan.targets.flatMap(({ id }) => (id === from ? [] : [id]));
}

function parseDays(text: string): number {
  const days = Number(text);
  if (!/^\d+$/.test(text) || days < 1 || days > mostDays) throw new InvalidArgumentError(`Give a number of days from 1 to ${mostDays}.`);
  return days;
}
