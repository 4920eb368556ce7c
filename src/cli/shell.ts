/** What a command has around it: where it writes, what stops it, and who can be asked. */
import { writeSync } from 'node:fs';
import type { BatError } from '../core/errors.ts';
import { toJsonLine, type JsonFields } from './json-line.ts';
import { Output } from './output.ts';
import { catchSignals, type Interruption } from './signals.ts';

export class Shell {
  readonly out: Output;
  readonly err: Output;
  /** Standard output holds JSON lines and nothing else. */
  readonly json: boolean;
  readonly environment: NodeJS.ProcessEnv;
  /** Of the whole process, once the command is done. */
  exitCode = 0;
  /** Nobody reads standard output any more: there is nothing left to say. */
  isDeserted = false;
  /** Standard output is for the data itself; the lines of JSON go to standard error. */
  givesData = false;
  /** A tree of tasks has the terminal. */
  isPainted = false;
  readonly #interruption: Interruption;

  /** `words`: the command line without the program. They are looked through here since a mistake in them is shown, too. */
  constructor(words: readonly string[], environment: NodeJS.ProcessEnv) {
    const options = words.includes('--') ? words.slice(0, words.indexOf('--')) : words;
    this.json = options.includes('--json');
    this.environment = environment;
    if (options.includes('--no-color')) askForColour(false, environment);
    else if (options.includes('--color')) askForColour(true, environment);
    this.out = new Output(process.stdout, { environment, name: 'standard output', onClosed: () => this.#desert() });
    this.err = new Output(process.stderr, { environment, name: 'standard error', onClosed: () => {} });
    this.#interruption = catchSignals(
      // Past the streams: a tree that is being painted holds back what is written to them.
      // Below a tree the line is left open, for the tree counts the lines that it has to paint over.
      (text) => sayAtOnce(this.isPainted ? `\r${text}` : `${this.err.isTerminal ? clearLine : ''}${text}\n`),
      () => this.err.isTerminal && sayAtOnce(showCursor),
    );
  }

  get signal(): AbortSignal {
    return this.#interruption.signal;
  }

  /** One line of JSON on standard output, or beside the data; see docs/json.md. */
  emitJson(type: string, fields: JsonFields): void {
    (this.givesData ? this.err : this.out).line(toJsonLine(type, fields));
  }

  /** Why something that was to be told is not: of standard output, else of standard error. */
  get outputFailure(): BatError | null {
    return this.out.failure ?? this.err.failure;
  }

  close(): void {
    this.#interruption.release();
  }

  #desert(): void {
    this.isDeserted = true;
    this.#interruption.abort();
  }
}

const clearLine = '\r\u001b[2K';
const showCursor = '\u001b[?25h';

/** Whether or not somebody can read it: the work is stopped in any case. */
function sayAtOnce(text: string): void {
  try {
    writeSync(process.stderr.fd, text);
  } catch {
    // Standard error is gone, or full.
  }
}

/** What the command line asks for goes before what the environment does, also for listr2, which decides on its own. */
function askForColour(colour: boolean, environment: NodeJS.ProcessEnv): void {
  delete environment['NO_COLOR'];
  delete environment['FORCE_COLOR'];
  environment[colour ? 'FORCE_COLOR' : 'NO_COLOR'] = '1';
}
