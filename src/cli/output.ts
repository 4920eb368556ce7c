/** One stream to a person or a program: secrets hidden, coloured only where that is wanted, quiet once nobody reads it. */
import pc from 'picocolors';
import type { WriteStream } from 'node:tty';
import { redact } from '../core/secrets.ts';

export type Colours = ReturnType<typeof pc.createColors>;

export interface OutputOptions {
  environment: NodeJS.ProcessEnv;
  /** Called once when the reader has gone away. */
  onClosed: () => void;
}

export class Output {
  readonly isTerminal: boolean;
  readonly colours: Colours;
  readonly #stream: WriteStream;
  #isClosed = false;

  constructor(stream: WriteStream, { environment, onClosed }: OutputOptions) {
    this.#stream = stream;
    this.isTerminal = stream.isTTY === true && environment['TERM'] !== 'dumb';
    this.colours = pc.createColors(wantsColour(this.isTerminal, environment));
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (this.#isClosed) return;
      this.#isClosed = true;
      onClosed();
    });
  }

  /** Columns of the terminal; Infinity where the text goes to a file or another program. */
  get width(): number {
    return this.isTerminal ? this.#stream.columns || 80 : Infinity;
  }

  line(text = ''): void {
    this.write(`${text}\n`);
  }

  /** Data as it is, where the data is what was asked for. Done when the system has it, or nobody reads any more. */
  async bytes(bytes: Uint8Array): Promise<void> {
    if (!this.#isClosed) await new Promise<void>((resolve) => this.#stream.write(bytes, () => resolve()));
  }

  write(text: string): void {
    if (!this.#isClosed) this.#stream.write(redact(text));
  }
}

/** https://no-color.org, https://force-color.org */
function wantsColour(isTerminal: boolean, environment: NodeJS.ProcessEnv): boolean {
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false';
  return isTerminal && !environment['NO_COLOR'];
}
