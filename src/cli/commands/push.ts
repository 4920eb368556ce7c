/** `bat push` */
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { PushOptions, PushSummary } from '../../actions/push.ts';
import { defaultRetry } from '../../core/retry.ts';
import { parseDuration, parseRate } from '../../core/units.ts';
import { addExamples, collect } from '../command-help.ts';
import { givenToken, typedToken } from '../server-token.ts';
import type { Shell } from '../shell.ts';

interface PushFlags {
  tokenFile?: string;
  ca?: string;
  exclude?: string[];
  watch?: boolean;
  settle: number;
  parallel: number;
  limit?: number;
  retryFor?: number;
  dryRun?: boolean;
  quiet?: boolean;
}

const usualPatience = 600_000;
const tryAgainAfter = 60_000;
const mostParallel = 32;

export function pushCommand(shell: Shell): Command {
  const command = new Command('push')
    .summary('send files to the library of a server')
    .description(
      'Sends files to a `bat serve`: only what its library does not have yet, whatever the files are called there by now. The address ends in a folder of the library. DCIM goes there as DCIM/…; with a slash at its end, DCIM/, only what is in it does. Nothing there is ever replaced or removed. What was broken off goes on where it was.',
    )
    .argument('<url>', 'the server and a folder of its library: https://nas:7878/photos/phone')
    .argument('<path...>', 'files and folders; symlinks in them are not followed')
    .option('--token-file <file>', 'a file with the token; else BAT_TOKEN, else it is asked for')
    .option('--ca <file>', 'trust this certificate (PEM), such as one that the server made itself')
    .option('--exclude <pattern>', 'leave out, in the syntax of .gitignore (repeatable)', collect)
    .option('--watch', 'then stay, and send what comes; Ctrl-C ends it')
    .option('--settle <time>', 'with --watch: how long a file must have been quiet', parsed(parseDuration), 5000)
    .option('--parallel <number>', 'files at a time', parseParallel, 4)
    .option('--limit <rate>', 'such as 2MiB/s or 8Mbit/s', parsed(parseRate))
    .option('--retry-for <time>', 'how long to try where the server does not answer; 10min, with --watch for ever', parsed(parseDuration))
    .option('-n, --dry-run', 'say what would be sent')
    .option('-q, --quiet', 'say warnings and errors only')
    .option('--json', 'one JSON object a line, for programs')
    .action((url: string, paths: string[], flags: PushFlags) => send(shell, url, paths, flags));
  const settle = command.options.find(({ long }) => long === '--settle');
  settle!.defaultValueDescription = '5s';
  return addExamples(command, [
    ['bat push https://nas:7878/photos/phone ~/DCIM', 'to photos/phone/DCIM/…'],
    ['bat push https://nas:7878/photos ~/Pictures/ --exclude "*.tmp"', 'what is in Pictures, to photos/…'],
    ['bat push https://nas:7878/photos/scans ~/Scans/ --watch', 'a folder that fills up'],
    ['bat push https://nas:7878/documents ~/Documents -n', 'see what is missing there'],
  ]);
}

async function send(shell: Shell, url: string, paths: readonly string[], flags: PushFlags): Promise<void> {
  const [{ push, parseDestination, PushEnded }, { pushView, pushFields }] = await Promise.all([import('../../actions/push.ts'), import('../views/push.ts')]);
  const { isRefusal } = await import('../../targets/http/answers.ts');
  const destination = parseDestination(url);
  const token = await givenToken(shell, flags.tokenFile);
  const watches = flags.watch ?? false;
  const view = pushView(shell, { quiet: flags.quiet ?? false, dryRun: flags.dryRun ?? false });
  const options: PushOptions = {
    destination,
    token,
    ca: flags.ca === undefined ? null : resolve(flags.ca),
    paths,
    exclude: flags.exclude ?? [],
    parallel: flags.parallel,
    limit: flags.limit ?? null,
    retry: { ...defaultRetry, attempts: Infinity, within: flags.retryFor ?? (watches ? Infinity : usualPatience) },
    dryRun: flags.dryRun ?? false,
    watch: watches ? { settle: flags.settle, tryAgainAfter } : null,
    environment: shell.environment,
    emit: view.emit,
    tell: view.tell,
    signal: shell.signal,
  };
  const finish = (summary: PushSummary, exitCode: number): void => {
    if (shell.json) shell.emitJson('summary', pushFields(url, summary, { dryRun: options.dryRun, exitCode }));
    else if (!flags.quiet) view.finish(summary);
  };
  try {
    finish(await push(options).catch(askAndTryAgain), 0);
  } catch (error) {
    view.clear();
    if (!(error instanceof PushEnded)) throw error;
    const { cause, summary } = error;
    if (hasBegun(summary)) finish(summary, (cause as { exitCode?: number }).exitCode ?? 1);
    throw cause;
  }

  /** A server may take no token: one is asked for when it says so. */
  async function askAndTryAgain(error: unknown): Promise<PushSummary> {
    if (!(error instanceof PushEnded) || token !== null || !isRefusal(error.cause, 'UNAUTHENTICATED')) throw error;
    view.clear();
    return push({ ...options, token: await typedToken(shell, destination.host) });
  }
}

/** There is something to sum up. */
function hasBegun({ sent, there, unread, changed, refused }: PushSummary): boolean {
  return sent.files + there.files + unread + changed + refused > 0;
}

/** A value as commander has it refused. */
function parsed(parse: (text: string) => number): (text: string) => number {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  };
}

function parseParallel(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > mostParallel) throw new InvalidArgumentError(`It is a number from 1 to ${mostParallel}.`);
  return number;
}
