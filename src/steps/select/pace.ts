/**
 * Lets the event loop go. The walk calls the file system synchronously, since a promise for each file costs more than
 * the call itself; so it must rest regularly, or uploads that run at the same time would starve.
 */
const MOST_ENTRIES = 256;
const LONGEST_WORK = 20;

export class Pace {
  readonly #signal: AbortSignal;
  #entries = 0;
  #since = performance.now();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Called once for each entry looked at: true if it is time to rest. */
  isDue(): boolean {
    return ++this.#entries >= MOST_ENTRIES || performance.now() - this.#since >= LONGEST_WORK;
  }

  /** Throws the signal's reason once it is aborted. */
  async rest(): Promise<void> {
    await new Promise(setImmediate);
    this.#signal.throwIfAborted();
    this.#entries = 0;
    this.#since = performance.now();
  }
}
