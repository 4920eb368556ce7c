/** Lines that come one after the other, by the thousand: written some at a time. */
import type { Output } from '../output.ts';

/** Characters that are written at a time. */
const batch = 64 * 1024;

export class BatchedLines {
  readonly #output: Output;
  #text = '';

  constructor(output: Output) {
    this.#output = output;
  }

  add(line: string): void {
    this.#text += `${line}\n`;
    if (this.#text.length >= batch) this.flush();
  }

  flush(): void {
    this.#output.write(this.#text);
    this.#text = '';
  }
}
