/** Counts by number, forgotten all at once when their time is over: the same memory whatever is sent. */

const slots = 65_536;

export class Tally {
  readonly #counts = new Uint32Array(slots);
  readonly #time: number;
  readonly #now: () => number;
  #start = -Infinity;

  /** `time`: milliseconds that a count lasts at the most. */
  constructor(time: number, now: () => number) {
    this.#time = time;
    this.#now = now;
  }

  /** Milliseconds until all is forgotten. */
  get left(): number {
    return Math.max(0, this.#start + this.#time - this.#now());
  }

  /** `slot` is below 65,536. */
  count(slot: number): number {
    this.#turn();
    return this.#counts[slot]!;
  }

  /** The count with this one. */
  add(slot: number): number {
    this.#turn();
    this.#counts[slot]! += 1;
    return this.#counts[slot]!;
  }

  #turn(): void {
    if (this.left > 0) return;
    this.#counts.fill(0);
    this.#start = this.#now();
  }
}
