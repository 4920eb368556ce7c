/** The one place where a failed command is told to the person, and where its exit code comes from. */
import { CommanderError } from 'commander';
import { BatError, exitCodes } from '../core/errors.ts';
import { visibleLines } from '../core/event-text.ts';
import { batVersion } from '../core/version.ts';
import type { Shell } from './shell.ts';
import { isHelp } from './usage-error.ts';

/** Shows the error on standard error, or as JSON, and returns the exit code. */
export async function reportError(shell: Shell, thrown: unknown): Promise<number> {
  if (shell.isDeserted) return exitCodes.INTERRUPTED;
  if (thrown instanceof CommanderError && isHelp(thrown)) return thrown.exitCode === 0 ? 0 : exitCodes.USAGE;
  const error = interrupted(shell, thrown);
  // The last line is then to be had on standard error.
  if (shell.out.failure) shell.givesData = true;
  if (!(error instanceof BatError)) return reportBug(shell, error);
  if (await reportMistakes(shell, error)) return error.exitCode;
  if (shell.json) shell.emitJson('exit_error', { code: error.code, exitCode: error.exitCode, message: error.message, hint: error.hint, until: untilOf(error) });
  else if (error.code === 'THAW_PENDING') showPending(shell, error);
  else showError(shell, error);
  return error.exitCode;
}

/** `error: …`, and below it what to do. Names of files stand in such sentences, and what a server has said. */
export function showError({ err }: Shell, { message, hint }: { message: string; hint?: string | undefined }): void {
  const { bold, cyan, red } = err.colours;
  err.line(`${red(bold('error:'))} ${visibleLines(message)}`);
  if (hint !== undefined) err.line(`${cyan('hint:')} ${visibleLines(hint)}`);
}

/** When a thaw is through; known of errors that say so. */
function untilOf(error: BatError): string | undefined {
  const { until } = error as { until?: unknown };
  return until instanceof Date ? until.toISOString() : undefined;
}

/** Nothing is wrong: it takes time. */
function showPending({ err }: Shell, { message, hint }: BatError): void {
  const { bold, yellow } = err.colours;
  err.line(`${yellow(bold('waiting:'))} ${message}`);
  err.line(hint);
}

/** Whatever was thrown because the work was stopped is one and the same thing. */
function interrupted(shell: Shell, thrown: unknown): unknown {
  return shell.signal.aborted && !(thrown instanceof BatError) ? shell.signal.reason : thrown;
}

/** A plan's mistakes are shown one by one, in place of the sentence that counts them. */
async function reportMistakes(shell: Shell, error: BatError): Promise<boolean> {
  if (error.code !== 'PLAN_INVALID') return false;
  const { PlanError } = await import('../plan/plan-error.ts');
  if (!(error instanceof PlanError)) return false;
  const { showMistakes, mistakesToJson } = await import('./views/mistakes.ts');
  if (shell.json) {
    mistakesToJson(shell, error.file, error.mistakes, 'error');
    shell.emitJson('exit_error', { code: error.code, exitCode: error.exitCode, message: error.message, hint: error.hint });
  } else {
    await showMistakes(shell.err, error.file, error.mistakes, 'error');
  }
  return true;
}

function reportBug(shell: Shell, error: unknown): number {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const versions = `bat ${batVersion}, Node ${process.versions.node}, ${process.platform} ${process.arch}`;
  if (shell.json) shell.emitJson('exit_error', { code: 'BUG', exitCode: 1, message: error instanceof Error ? error.message : text, stack: text, versions });
  showError(shell, { message: `This is a bug in bat.\n${text}\n${versions}`, hint: 'Please report it with the lines above. What was stored before is not touched by it.' });
  return 1;
}
