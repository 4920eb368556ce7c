/** The commands of bat. Each is a file in commands/ that knows its words and loads what it does only when it is called. */
import { Command, Option, type CommanderError } from 'commander';
import { BatError } from '../core/errors.ts';
import { batVersion } from '../core/version.ts';
import { addExamples, BatHelp } from './command-help.ts';
import { graphCommand } from './commands/graph.ts';
import { initCommand } from './commands/init.ts';
import { keygenCommand } from './commands/keygen.ts';
import { lsCommand } from './commands/ls.ts';
import { restoreCommand } from './commands/restore.ts';
import { runCommand } from './commands/run.ts';
import { snapshotsCommand } from './commands/snapshots.ts';
import { validateCommand } from './commands/validate.ts';
import type { Output } from './output.ts';
import type { Shell } from './shell.ts';
import { isHelp, toUsageError } from './usage-error.ts';

/** The main job first. */
const commands = [runCommand, restoreCommand, snapshotsCommand, lsCommand, initCommand, validateCommand, graphCommand, keygenCommand];

export function buildProgram(shell: Shell): Command {
  const program = new Command('bat');
  program
    .description('bat makes backups by a plan, and age, zstd and tar can open them without bat.')
    .version(batVersion, '--version', 'show the version')
    .addOption(new Option('--color').hideHelp())
    .option('--no-color', 'no colours; --color for colours in a pipe, too')
    .helpOption('-h, --help', 'show this; `bat help run` is all about one command')
    .helpCommand(false);
  addExamples(program, [
    ['bat init ~/Documents --to /mnt/usb/backups', 'write a plan and a key'],
    ['bat run', 'back up as the plan in this folder says'],
    ['bat restore', 'bring everything back, into ./restored'],
  ]);
  for (const build of commands) program.addCommand(build(shell));
  program.addCommand(helpCommand(program), { hidden: true });
  for (const command of [program, ...program.commands]) settle(command, shell);
  return program;
}

/** `bat help`, `bat help run`. */
function helpCommand(program: Command): Command {
  return new Command('help').argument('[command]').action(async (name: string | undefined) => {
    const names = program.commands.map((command) => command.name());
    const found = name === undefined ? program : program.commands.find((command) => command.name() === name);
    if (found) return found.outputHelp();
    const { nearest } = await import('../plan/words.ts');
    const meant = nearest(name!, names);
    throw new BatError('USAGE', `There is no command '${name}'.`, { hint: meant ? `Did you mean ${meant}?` : 'See `bat help`.' });
  });
}

/** The ways of all commands: errors are thrown to main, help is drawn in the same shape and in the colours of its stream. */
function settle(command: Command, { out, err }: Shell): void {
  command.exitOverride((error: CommanderError) => {
    throw isHelp(error) ? error : toUsageError(error, command.name());
  });
  command.createHelp = () => new BatHelp(out.colours);
  command.configureOutput({
    writeOut: (text) => out.write(text),
    writeErr: (text) => err.write(text),
    outputError: () => {},
    getOutHelpWidth: () => helpWidth(out),
    getErrHelpWidth: () => helpWidth(err),
    getOutHasColors: () => out.colours.isColorSupported,
    getErrHasColors: () => err.colours.isColorSupported,
  });
}

/** Longer lines are hard to read. */
function helpWidth(output: Output): number {
  return output.isTerminal ? Math.min(output.width, 100) : 80;
}
