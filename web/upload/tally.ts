/** Counts over all files on their way, kept as they change: a list of fifty thousand is not gone through for each frame. */
import type { Item, State } from './item.ts';

export class Tally {
  readonly count: Record<State['kind'], number> = zero();
  readonly bytes: Record<State['kind'], number> = zero();
  /** How many were known to the server, and how large they are: what was not sent. */
  known = 0;
  knownBytes = 0;
  /** Of what is being sent, what has gone. */
  #sent = 0;

  add(item: Item): void {
    this.#count(item, item.state, 1);
  }

  /** To be called before the item has the new state. */
  move(item: Item, to: State): void {
    this.#count(item, item.state, -1);
    this.#count(item, to, 1);
  }

  recount(items: readonly Item[]): void {
    Object.assign(this.count, zero());
    Object.assign(this.bytes, zero());
    this.known = this.knownBytes = this.#sent = 0;
    for (const item of items) this.add(item);
  }

  /** Files that are not over. */
  get open(): number {
    return this.count.waiting + this.count.reading + this.count.asking + this.count.sending;
  }

  /** Bytes of all files but those that were cancelled or failed. */
  get total(): number {
    return this.bytes.waiting + this.bytes.reading + this.bytes.asking + this.bytes.sending + this.bytes.kept;
  }

  /** Bytes of them that the server has. */
  get done(): number {
    return this.bytes.kept + this.#sent;
  }

  #count(item: Item, state: State, by: 1 | -1): void {
    this.count[state.kind] += by;
    this.bytes[state.kind] += by * item.file.size;
    if (state.kind === 'sending') this.#sent += by * state.sent;
    if (state.kind === 'kept' && state.known) {
      this.known += by;
      this.knownBytes += by * item.file.size;
    }
  }
}

function zero(): Record<State['kind'], number> {
  return { waiting: 0, reading: 0, asking: 0, sending: 0, kept: 0, failed: 0, cancelled: 0 };
}
