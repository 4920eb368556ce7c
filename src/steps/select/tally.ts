/** Counts what the walk sees and gives, and reports it in bundles: one call a file would cost more than counting. */
import type { StepContext } from '../step.ts';

export class Tally {
  readonly #context: Pick<StepContext, 'count' | 'expect'>;
  #seen = { files: 0, bytes: 0 };
  #given = { files: 0, bytes: 0 };

  constructor(context: Pick<StepContext, 'count' | 'expect'>) {
    this.#context = context;
  }

  /** A regular file of the source, changed or not. A further name of a hard link is a file of no bytes. */
  saw(bytes: number): void {
    this.#seen.files++;
    this.#seen.bytes += bytes;
  }

  /** A regular file that has to be read. */
  gave(bytes: number): void {
    this.#given.files++;
    this.#given.bytes += bytes;
  }

  report(): void {
    if (this.#seen.files > 0) this.#context.count(this.#seen);
    if (this.#given.files > 0) this.#context.expect(this.#given);
    this.#seen = { files: 0, bytes: 0 };
    this.#given = { files: 0, bytes: 0 };
  }
}
