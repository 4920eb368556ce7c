/** The command line: arguments in, an exit code out. */
import { buildProgram } from './program.ts';
import { reportError } from './report-error.ts';
import { Shell } from './shell.ts';
import { stayLight } from './stay-light.ts';

/** `argv` as Node has it: the program's name is its third word at the earliest. Sets the exit code and never ends the process. */
export async function main(argv: readonly string[]): Promise<void> {
  stayLight();
  const words = argv.slice(2);
  const shell = new Shell(words, process.env);
  try {
    await buildProgram(shell).parseAsync(words, { from: 'user' });
    process.exitCode = shell.exitCode;
  } catch (error) {
    process.exitCode = await reportError(shell, error);
  } finally {
    shell.close();
  }
}
