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

  private constructor(folder: string, run: string) {
    this.#folder = folder;
    this.#run = run;
  }

  /** Throws STATE_FAILED if the folder cannot be made. */
  static open(folder: string, setup: StepSetup): RunLog {
    const path = resolvePath(folder, setup.folder);
    try {
      makeFolder(path);
    } catch (error) {
      throw logProblem(path, error);
    }
    return new RunLog(path, setup.run);
  }

  write(event: BatEvent): void {
    const line = describeEvent(event);
    if (!line) return;
    const now = new Date();
    const file = join(this.#folder, `${localDay(now)}.log`);
    const text = redact(line.text).replaceAll('\n', ' ');
    try {
      appendFileSync(file, `${now.toISOString()} ${this.#run} ${line.severity.padEnd(7)} ${text}\n`);
    } catch (error) {
      throw logProblem(file, error);
    }
  }
}

function localDay(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

function logProblem(path: string, error: unknown): BatError {
  return new BatError('STATE_FAILED', `The log ${path} cannot be written: ${systemReason(error)}.`, { hint: 'Check `log:` of the record step.', cause: error, subject: path });
}
