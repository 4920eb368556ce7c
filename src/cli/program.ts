/** The commands of bat. Each is a file in commands/ that knows its words and loads what it does only when it is called. */
import { Command, Option, type CommanderError } from 'commander';
import { BatError } from '../core/errors.ts';
import { batVersion } from '../core/version.ts';
import { addExamples, BatHelp, fullName } from './command-help.ts';
import { benchCommand } from './commands/bench.ts';
import { catCommand } from './commands/cat.ts';
import { copyCommand } from './commands/copy.ts';
import { deleteCommand } from './commands/delete.ts';
import { decryptCommand } from './commands/decrypt.ts';
import { diffCommand } from './commands/diff.ts';
import { drillCommand } from './commands/drill.ts';
import { dumpCommand } from './commands/dump.ts';
import { findCommand } from './commands/find.ts';
import { graphCommand } from './commands/graph.ts';
import { initCommand } from './commands/init.ts';
import { keygenCommand } from './commands/keygen.ts';
import { lsCommand } from './commands/ls.ts';
import { mirrorCommand } from './commands/mirror.ts';
import { recoverCommand } from './commands/recover.ts';
import { rekeyCommand } from './commands/rekey.ts';
import { pruneCommand } from './commands/prune.ts';
import { pushCommand } from './commands/push.ts';
import { restoreCommand } from './commands/restore.ts';
import { runCommand } from './commands/run.ts';
import { serveCommand } from './commands/serve.ts';
import { showCommand } from './commands/show.ts';
import { snapshotsCommand } from './commands/snapshots.ts';
import { statsCommand } from './commands/stats.ts';
import { syncCommand } from './commands/sync.ts';
import { targetsCommand } from './commands/targets.ts';
import { validateCommand } from './commands/validate.ts';
import { verifyCommand } from './commands/verify.ts';
import { nearest } from '../plan/words.ts';
import type { Output } from './output.ts';
import type { Shell } from './shell.ts';
import { isHelp, toUsageError } from './usage-error.ts';

/** The main job first. */
const commands = [
  runCommand,
  restoreCommand,
  recoverCommand,
  snapshotsCommand,
  lsCommand,
  findCommand,
  diffCommand,
  showCommand,
  catCommand,
  dumpCommand,
  decryptCommand,
  verifyCommand,
  statsCommand,
  copyCommand,
  drillCommand,
  deleteCommand,
  pruneCommand,
  initCommand,
  validateCommand,
  graphCommand,
  targetsCommand,
  benchCommand,
  serveCommand,
  pushCommand,
  mirrorCommand,
  syncCommand,
  rekeyCommand,
  keygenCommand,
];

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
    ['bat init ~/Documents --to /mnt/usb/backups', 'a plan and a key; then `bat run`'],
    ['bat restore', 'bring everything back, into ./restored'],
  ]);
  for (const build of commands) program.addCommand(build(shell));
  program.addCommand(helpCommand(program), { hidden: true });
  settle(program, shell);
  return program;
}

/** `bat help`, `bat help run`, `bat help targets check`. */
function helpCommand(program: Command): Command {
  return new Command('help').argument('[command...]').action((words: readonly string[]) => {
    let found = program;
    for (const [index, word] of words.entries()) {
      const next = found.commands.find((command) => command.name() === word);
      if (!next) {
        const meant = nearest(word, found.commands.map((command) => command.name()));
        throw new BatError('USAGE', `There is no command '${words.slice(0, index + 1).join(' ')}'.`, { hint: meant ? `Did you mean ${meant}?` : 'See `bat help`.' });
      }
      found = next;
    }
    found.outputHelp();
  });
}

/** The ways of a command and of those below it: errors are thrown to main, help is drawn in the same shape and in the colours of its stream. */
function settle(command: Command, shell: Shell): void {
  const { out, err } = shell;
  command.exitOverride((error: CommanderError) => {
    throw isHelp(error) ? error : toUsageError(error, fullName(command));
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
  for (const sub of command.commands) settle(sub, shell);
}

/** Longer lines are hard to read. */
function helpWidth(output: Output): number {
  return output.isTerminal ? Math.min(output.width, 100) : 80;
}
