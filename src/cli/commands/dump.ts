/** `bat dump` */
import { Command } from 'commander';
import { addExamples, neededArgument } from '../command-help.ts';
import { giveData, refuseTerminal } from '../data-output.ts';
import { addReadingOptions, withData, type ReadingFlags } from '../reading-options.ts';
import type { Shell } from '../shell.ts';

export function dumpCommand(shell: Shell): Command {
  const command = new Command('dump')
    .summary('write a folder to standard output, as a tar')
    .description(
      'Writes a stored folder, or a whole source, to standard output as a tar, for another machine or program. Nothing is written to this disk. Unpacked, it is what a restore gives.',
    )
    .argument('[plan]', 'the plan: a .yaml file, or a folder with a bat.yaml; any other word is the path')
    .addArgument(neededArgument('path', 'the folder, <source>/<path>, or the source alone'));
  addReadingOptions(command).action((first: string | undefined, second: string | undefined, flags: ReadingFlags) => write(shell, [first, second].filter((word) => word !== undefined), flags));
  return addExamples(command, [
    ['bat dump photos/2024 -i key.txt > 2024.tar', 'a folder in a file'],
    ['bat dump www -i key.txt | ssh web "tar x -C /srv"', 'a source to another machine'],
    ['bat dump documents --snapshot 2026-11-20 -i key.txt | zstd > nov.tar.zst', 'as it was on that day'],
  ]);
}

async function write(shell: Shell, words: readonly string[], flags: ReadingFlags): Promise<void> {
  refuseTerminal(shell);
  const { dump } = await import('../../actions/dump.ts');
  await giveData(shell, (output) => withData(shell, words, flags, (options) => dump({ ...options, write: output.write })));
}
