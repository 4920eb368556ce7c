/** `bat find` */
import { Command, Option } from 'commander';
import type { VersionFilter } from '../../catalog/versions.ts';
import type { EntryType } from '../../core/entry.ts';
import { BatError } from '../../core/errors.ts';
import { hashArgument, sizeArgument, timeArgument } from '../arguments.ts';
import { openPlan, splitPlan } from '../choose-plan.ts';
import { addExamples, collect } from '../command-help.ts';
import type { Shell } from '../shell.ts';

interface FindFlags {
  snapshot?: string;
  latest?: boolean;
  source?: string[];
  larger?: number;
  smaller?: number;
  newer?: number;
  older?: number;
  sha256?: Buffer;
  type?: 'file' | 'directory' | 'symlink';
}

export function findCommand(shell: Shell): Command {
  const command = new Command('find')
    .summary('find files in all snapshots')
    .description('Finds files in all snapshots of a plan, by the catalog of this machine, without a key: each version of a path, and from which snapshot to which it was so. Where nothing is found the exit code is 10.')
    .argument('[plan]', 'the plan: a .yaml file, or a folder with a bat.yaml; any other word is a pattern')
    .argument('[patterns...]', 'names and globs, found at any depth; with a slash, <path> or <source>/<path>')
    .option('-s, --source <id>', 'of this source only (repeatable)', collect)
    .option('--snapshot <id>', 'in this one only: an id or its beginning, latest, or a time: the last one before it')
    .addOption(new Option('--latest', 'in the latest snapshot of each source only').conflicts('snapshot'))
    .option('--larger <size>', 'files of more than this', sizeArgument)
    .option('--smaller <size>', 'files of less than this', sizeArgument)
    .option('--newer <time>', 'changed then or later: a day, a time, or 7d for seven days ago', timeArgument)
    .option('--older <time>', 'changed before that', timeArgument)
    .option('--sha256 <hash>', 'all names of the file with this content; of a chunk, all files that hold it', hashArgument)
    .addOption(new Option('--type <type>', 'of this type only').choices(['file', 'directory', 'symlink']))
    .option('--json', 'one JSON object a line, for programs')
    .action((first: string | undefined, rest: string[], flags: FindFlags) => find(shell, first === undefined ? [] : [first, ...rest], flags));
  return addExamples(command, [
    ['bat find taxes.pdf', 'every version of it, wherever it lay'],
    ['bat find "photos/2024/**/*.raw" --larger 50MiB', 'by path and size'],
    ['bat find "*.odt" --newer 7d --latest', 'changed in the last week'],
    ['bat find --sha256 $(sha256sum < a.jpg | head -c 64)', 'every name that it had'],
  ]);
}

async function find(shell: Shell, words: readonly string[], flags: FindFlags): Promise<void> {
  const { named, paths: patterns } = splitPlan(words);
  const filter = filterOf(flags);
  if (patterns.length === 0 && Object.keys(filter).length === 0) {
    throw new BatError('USAGE', 'Nothing was said of what to find.', { hint: 'Give a name, a glob, or an option such as --larger; `bat ls -R` lists everything.' });
  }
  const { plan } = await openPlan(shell, named, { complete: false });
  const [{ findVersions }, view] = await Promise.all([import('../../actions/find.ts'), import('../views/find.ts')]);
  const snapshot = flags.latest ? 'latest' : flags.snapshot;
  const found = findVersions({ plan, patterns, snapshot, sources: flags.source ?? [], filter, environment: shell.environment, signal: shell.signal });
  await view.showFound(shell, found);
}

function filterOf({ type, sha256, larger, smaller, newer, older }: FindFlags): VersionFilter {
  const files: EntryType[] = ['file', 'hardlink'];
  // Sizes and contents are those of files.
  const ofFiles = larger !== undefined || smaller !== undefined || sha256 !== undefined;
  const types: readonly EntryType[] | null = ofFiles ? (type === undefined || type === 'file' ? files : []) : type === 'file' ? files : type ? [type] : null;
  return {
    ...(types ? { types } : {}),
    ...(sha256 ? { sha256 } : {}),
    ...(larger === undefined ? {} : { larger }),
    ...(smaller === undefined ? {} : { smaller }),
    ...(newer === undefined ? {} : { newer }),
    ...(older === undefined ? {} : { older }),
  };
}
