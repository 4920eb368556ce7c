/** One line at the bottom of a terminal that is written again and again. */
import type { Output } from '../output.ts';
import { cut } from './table.ts';

const clearLine = '\r\u001b[2K';

export class StatusLine {
  readonly #output: Output;
  #text = '';

  constructor(output: Output) {
    this.#output = output;
  }

  set(text: string): void {
    this.#text = cut(text, this.#output.width - 1);
    this.#output.write(`${clearLine}${this.#text}`);
  }

  /** Something else is written above the line. */
  above(write: () => void): void {
    if (this.#text !== '') this.#output.write(clearLine);
    write();
    if (this.#text !== '') this.#output.write(this.#text);
  }

  clear(): void {
    if (this.#text !== '') this.#output.write(clearLine);
    this.#text = '';
  }
}
