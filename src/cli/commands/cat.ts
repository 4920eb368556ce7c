/** `bat cat` */
import { Command } from 'commander';
import { addExamples, neededArgument } from '../command-help.ts';
import { giveData } from '../data-output.ts';
import { addReadingOptions, withData, type ReadingFlags } from '../reading-options.ts';
import type { Shell } from '../shell.ts';

interface CatFlags extends ReadingFlags {
  range?: string;
}

export function catCommand(shell: Shell): Command {
  const command = new Command('cat')
    .summary('write one file to standard output')
    .description(
      'Writes the bytes of one stored file to standard output. Only the frames that hold them are read; each chunk is checked against its SHA-256 before it is written, and the whole at the end.',
    )
    .argument('[plan]', 'the plan: a .yaml file, or a folder with a bat.yaml; any other word is the path')
    .addArgument(neededArgument('path', 'the file, <source>/<path>'))
    .option('--range <bytes>', 'only these: 0-99, 10MiB-11MiB, 100- (to the end), -500 (the last ones)');
  addReadingOptions(command).action((first: string | undefined, second: string | undefined, flags: CatFlags) => write(shell, [first, second].filter((word) => word !== undefined), flags));
  return addExamples(command, [
    ['bat cat documents/letter.txt -i key.txt', 'read a file'],
    ['bat cat disks/vm.img --range 0-511 -i key.txt | xxd', 'the first sector of an image'],
    ['bat cat db/app.dump --snapshot 2026-11-20 -i key.txt | pg_restore -d app', 'a dump of that day'],
  ]);
}

async function write(shell: Shell, words: readonly string[], flags: CatFlags): Promise<void> {
  const { cat, parseRange } = await import('../../actions/cat.ts');
  const range = flags.range === undefined ? null : parseRange(flags.range);
  await giveData(shell, (output) => withData(shell, words, flags, (options) => cat({ ...options, range, write: output.write })));
}
