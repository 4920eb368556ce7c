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
    // The work is done. That it could not be told in full is a failure of its own only where there is no other.
    const code = shell.outputFailure ? await reportError(shell, shell.outputFailure) : 0;
    if (shell.exitCode === 0) process.exitCode = code;
  } catch (error) {
    process.exitCode = await reportError(shell, error);
  } finally {
    shell.close();
  }
}
