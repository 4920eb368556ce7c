/** The log in a folder: one file a day, one line an event, each with the run's id. Lines are appended as things happen. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { BatError, systemReason } from '../../core/errors.ts';
import { describeEvent } from '../../core/event-text.ts';
import type { BatEvent } from '../../core/events.ts';
import { makeFolder } from '../../core/make-folder.ts';
import { resolvePath } from '../../core/paths.ts';
import { redact } from '../../core/secrets.ts';
import type { StepSetup } from '../step.ts';

export class RunLog {
  readonly #folder: string;
  readonly #run: string;
  #failure: BatError | null = null;

  private constructor(folder: string, run: string) {
    this.#folder = folder;
    this.#run = run;
  }

  /** Throws STATE_FAILED if no log can be begun there. */
  static open(folder: string, setup: StepSetup): RunLog {
    const path = resolvePath(folder, setup.folder);
    try {
      makeFolder(path);
      appendFileSync(fileOf(path, new Date()), '');
    } catch (error) {
      throw logProblem(path, error);
    }
    return new RunLog(path, setup.run);
  }

  /** STATE_FAILED for the first line that could not be written, or null. */
  get failure(): BatError | null {
    return this.#failure;
  }

  /** Never throws: whatever is being said, the backup goes on. After a failure nothing more is written. */
  write(event: BatEvent): void {
    const line = this.#failure ? null : describeEvent(event);
    if (!line) return;
    const now = new Date();
    const file = fileOf(this.#folder, now);
    const text = redact(line.text).replaceAll('\n', ' ');
    try {
      appendFileSync(file, `${now.toISOString()} ${this.#run} ${line.severity.padEnd(7)} ${text}\n`);
    } catch (error) {
      this.#failure = logProblem(file, error);
    }
  }
}

/** Days are those of the local time. */
function fileOf(folder: string, time: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return join(folder, `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}.log`);
}

function logProblem(path: string, error: unknown): BatError {
  return new BatError('STATE_FAILED', `The log ${path} cannot be written: ${systemReason(error)}.`, {
    hint: 'Check `log:` of the record step, and the space on its disk. The backup itself does not depend on it.',
    cause: error,
    subject: path,
  });
}
