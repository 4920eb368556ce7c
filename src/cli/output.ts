/** One stream to a person or a program: secrets hidden, coloured only where that is wanted, quiet once nobody reads it or it cannot be written. */
import { fstatSync, writeSync } from 'node:fs';
import pc from 'picocolors';
import type { WriteStream } from 'node:tty';
import { BatError, systemCode, systemReason } from '../core/errors.ts';
import { redact } from '../core/secrets.ts';

export type Colours = ReturnType<typeof pc.createColors>;

export interface OutputOptions {
  environment: NodeJS.ProcessEnv;
  /** For a person: `standard output`. */
  name: string;
  /** Called once when the reader has gone away. */
  onClosed: () => void;
}

/** What a terminal is taken to have that does not say its size. */
const usualWidth = 80;

export class Output {
  readonly isTerminal: boolean;
  readonly colours: Colours;
  readonly #stream: WriteStream;
  readonly #name: string;
  readonly #onClosed: () => void;
  /** Of a file or a device. Node's stream takes a write for whole of which only the first bytes had room. */
  readonly #file: number | null;
  #isClosed = false;
  #failure: BatError | null = null;

  constructor(stream: WriteStream, { environment, name, onClosed }: OutputOptions) {
    this.#stream = stream;
    this.#name = name;
    this.#onClosed = onClosed;
    this.isTerminal = stream.isTTY === true && environment['TERM'] !== 'dumb';
    this.colours = pc.createColors(wantsColour(this.isTerminal, environment));
    this.#file = fileOf(stream);
    // Others write to it, too: a tree is broken into lines of this width.
    if (stream.isTTY && stream.columns === 0) stream.columns = usualWidth;
    stream.on('error', (error) => this.#fail(error));
  }

  /** Why something that was written is not there: DISK_FAILED. A reader that went away is no such reason. */
  get failure(): BatError | null {
    return this.#failure;
  }

  /** Columns of the terminal; Infinity where the text goes to a file or another program. */
  get width(): number {
    return this.isTerminal ? this.#stream.columns || usualWidth : Infinity;
  }

  line(text = ''): void {
    this.write(`${text}\n`);
  }

  /** Data as it is, where the data is what was asked for. Done when the system has it, or nobody reads any more. Throws DISK_FAILED. */
  async bytes(bytes: Uint8Array): Promise<void> {
    if (this.#isClosed) return this.#giveFailure();
    if (this.#file !== null) this.#writeToFile(this.#file, bytes);
    else {
      const error = await new Promise<Error | null | undefined>((resolve) => this.#stream.write(bytes, resolve));
      if (error) this.#fail(error);
    }
    this.#giveFailure();
  }

  /** Never throws: work goes on whether or not it can be told. */
  write(text: string): void {
    if (this.#isClosed) return;
    if (this.#file !== null) this.#writeToFile(this.#file, Buffer.from(redact(text)));
    else this.#stream.write(redact(text));
  }

  #writeToFile(file: number, bytes: Uint8Array): void {
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (systemCode(error) === 'EPIPE') return this.#onClosed();
    this.#failure = new BatError('DISK_FAILED', `The ${this.#name} of bat could not be written: ${systemReason(error)}.`, {
      hint: 'What was written to it is not whole. Free some space where it goes to, or send it elsewhere.',
      cause: error,
    });
  }

  #giveFailure(): void {
    if (this.#failure) throw this.#failure;
  }
}

function fileOf(stream: WriteStream & { fd?: number }): number | null {
  if (stream.isTTY || typeof stream.fd !== 'number') return null;
  try {
    const stat = fstatSync(stream.fd);
    return stat.isFile() || stat.isCharacterDevice() ? stream.fd : null;
  } catch {
    return null;
  }
}

/** https://no-color.org, https://force-color.org */
function wantsColour(isTerminal: boolean, environment: NodeJS.ProcessEnv): boolean {
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false';
  return isTerminal && !environment['NO_COLOR'];
}
