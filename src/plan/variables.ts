/**
 * What came out of variables, and how the plan writes it. A sentence about a plan shows the latter: a value from the
 * environment may be a secret, also where no secret belongs.
 */
import { quote } from './words.ts';

export class Variables {
  readonly #written = new Map<string, string>();

  add(value: string, written: string): void {
    this.#written.set(value, written);
    for (const quoted of [quote(value), `"${value}"`]) this.#written.set(quoted, quote(written));
  }

  /** The sentence with each such value, where it is quoted or is all of it, put back to the variable. */
  putBack(sentence: string): string {
    return this.#written.get(sentence) ?? sentence.replace(/"[^"]*"/g, (quoted) => this.#written.get(quoted) ?? quoted);
  }
}
