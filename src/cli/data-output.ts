/** Standard output as a place for data: in large writes, never onto a terminal that it could garble, and no fuss when the reader has enough. */
import { BatError } from '../core/errors.ts';
import type { Shell } from './shell.ts';

/** Smaller pieces are gathered. */
const batch = 256 * 1024;
/** Where a zero byte among the first ones says that it is no text. */
const looked = 2000;

export class DataOutput {
  readonly #shell: Shell;
  readonly #gathered = Buffer.allocUnsafe(batch);
  #length = 0;
  #isFirst = true;

  /** From now on, `--json` says what it has to say on standard error. */
  constructor(shell: Shell) {
    this.#shell = shell;
    shell.givesData = true;
  }

  /** Throws USAGE where a terminal would be shown bytes that are no text. */
  readonly write = async (bytes: Uint8Array): Promise<void> => {
    if (this.#isFirst && bytes.length > 0) this.#checkFirst(bytes);
    if (this.#length + bytes.length > batch) await this.flush();
    if (bytes.length > batch) return this.#shell.out.bytes(bytes);
    this.#gathered.set(bytes, this.#length);
    this.#length += bytes.length;
  };

  async flush(): Promise<void> {
    if (this.#length === 0) return;
    await this.#shell.out.bytes(this.#gathered.subarray(0, this.#length));
    this.#length = 0;
  }

  #checkFirst(bytes: Uint8Array): void {
    this.#isFirst = false;
    if (this.#shell.out.isTerminal && bytes.subarray(0, looked).includes(0)) throw notOnTerminal();
  }
}

/** Does the work that writes to it. A reader that went away has got what it wanted, and is no failure. */
export async function giveData(shell: Shell, work: (output: DataOutput) => Promise<void>): Promise<void> {
  const output = new DataOutput(shell);
  try {
    try {
      await work(output);
    } finally {
      await output.flush();
    }
  } catch (error) {
    if (!shell.isDeserted) throw error;
  }
}

/** For data that is never text. Throws USAGE. */
export function refuseTerminal(shell: Shell): void {
  if (shell.out.isTerminal) throw notOnTerminal();
}

function notOnTerminal(): BatError {
  return new BatError('USAGE', 'That is no text, and would garble the terminal.', { hint: 'Send it to a file or a program: add `> FILE`, or `| less`.' });
}
