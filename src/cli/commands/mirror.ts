/** `bat mirror` */
import { resolve } from 'node:path';
import { Command } from 'commander';
import { BatError } from '../../core/errors.ts';
import type { MirrorIncomplete } from '../../actions/mirror.ts';
import { durationArgument } from '../arguments.ts';
import { addExamples } from '../command-help.ts';
import { givenToken } from '../server-token.ts';
import type { Shell } from '../shell.ts';

interface MirrorFlags {
  delete?: boolean;
  grace: number;
  forceDelete?: boolean;
  fromTokenFile?: string;
  toTokenFile?: string;
  fromCa?: string;
  toCa?: string;
  retryFor: number;
  dryRun?: boolean;
  quiet?: boolean;
}

const usualGrace = 30 * 86_400_000;
const usualPatience = 600_000;

export function mirrorCommand(shell: Shell): Command {
  const command = new Command('mirror')
    .summary('keep a second server, folder or bucket like a server')
    .description(
      'Makes another place the same as the library of a `bat serve`: it compares hash tables, moves what lies there under another name, sends what is missing, and checks it by its SHA-256 on the way. What lies there under the name of something new is laid aside in mirror-waiting/. Nothing is removed there without --delete. A mirror that was stopped or killed goes on when it is called again.',
    )
    .argument('<from>', 'a server, with a folder of its library or without: https://nas:7878/photos')
    .argument('<to>', 'another server, a folder, or a target: s3://BUCKET/FOLDER?endpoint=…, cloudinary:///FOLDER, http://HOST:PORT/stores/NAME')
    .option('--delete', 'remove there what the server no longer has, after the time of grace')
    .option('--grace <time>', 'how long that waits, from the first mirror with --delete that finds it gone', durationArgument, usualGrace)
    .option('--force-delete', 'remove it even if more files go than stay, or a whole folder of the library')
    .option('--from-token-file <file>', 'a file with the token of the server; else BAT_FROM_TOKEN')
    .option('--to-token-file <file>', 'the same for the server that is filled; else BAT_TO_TOKEN')
    .option('--from-ca <file>', 'trust this certificate (PEM), such as one that the server made itself')
    .option('--to-ca <file>', 'the same for the server that is filled')
    .option('--retry-for <time>', 'how long to try where a side does not answer', durationArgument, usualPatience)
    .option('-n, --dry-run', 'say what would be sent, moved and removed, what waits and until when; nothing is changed')
    .option('-q, --quiet', 'say warnings and errors only')
    .option('--json', 'one JSON object a line, for programs')
    .action((from: string, to: string, flags: MirrorFlags) => carryOut(shell, from, to, flags));
  const shown: Record<string, string> = { '--grace': '30d', '--retry-for': '10min' };
  for (const option of command.options) {
    const text = shown[option.long ?? ''];
    if (text !== undefined) option.defaultValueDescription = text;
  }
  return addExamples(command, [
    ['bat mirror https://nas:7878/photos /mnt/usb/photos', 'a disk that people can read without bat'],
    ['bat mirror https://nas:7878 https://attic:7878 --delete', 'all folders; removed 30 days later'],
    ['bat mirror https://nas:7878/photos s3://attic/photos -n', 'see what a bucket lacks'],
  ]);
}

async function carryOut(shell: Shell, from: string, to: string, flags: MirrorFlags): Promise<void> {
  const { grace, retryFor, delete: removes = false, forceDelete = false, dryRun = false, quiet = false } = flags;
  if (forceDelete && !removes) throw new BatError('USAGE', '--force-delete removes nothing without --delete.', { hint: 'Say both.' });
  const [{ mirror, parseServer }, { mirrorView, mirrorFields }] = await Promise.all([import('../../actions/mirror.ts'), import('../views/mirror.ts')]);
  const options = {
    from: { address: parseServer(from), token: await givenToken(shell, flags.fromTokenFile, 'BAT_FROM_TOKEN'), ca: absolute(flags.fromCa) },
    to: { address: to, token: await givenToken(shell, flags.toTokenFile, 'BAT_TO_TOKEN'), ca: absolute(flags.toCa) },
    delete: removes,
    grace,
    forceDelete,
    retryFor,
    dryRun,
  };
  const view = mirrorView(shell, { quiet, dryRun });
  try {
    const result = await mirror({ ...options, environment: shell.environment, emit: view.emit, say: view.say, tell: view.tell, signal: shell.signal });
    view.clear();
    if (shell.json) shell.emitJson('summary', mirrorFields(result, 0));
    else if (!quiet) view.finish(result);
  } catch (error) {
    view.clear();
    const { result } = error as Partial<MirrorIncomplete>;
    if (error instanceof BatError && result) {
      if (shell.json) shell.emitJson('summary', mirrorFields(result, error.exitCode));
      else if (!quiet) view.finish(result);
    }
    throw error;
  }
}

function absolute(file: string | undefined): string | null {
  return file === undefined ? null : resolve(file);
}
