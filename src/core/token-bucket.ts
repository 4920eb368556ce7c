/** Keeps bytes to a rate. Who asks is served in turn, a slice at a time, so that several share the rate fairly. */
import { sliceLength } from './slices.ts';

interface Waiter {
  bytes: number;
  /** The bytes may go. */
  go(): void;
}

/** What has not been used is saved up for so long, so that timers that fire late do not cost any of the rate. */
const savedMilliseconds = 100;

/**
 * In any span of time the bytes let through are at most `burst` more than the rate allows. `rate` is in bytes a second. Time
 * is taken from a clock that is not put forward or back.
 */
export class TokenBucket {
  /** The most bytes that go at once: what a tenth of a second allows, and one slice at least. */
  readonly burst: number;
  /** Bytes a millisecond. */
  readonly #rate: number;
  readonly #queue: Waiter[] = [];
  #saved: number;
  #savedAt = performance.now();
  #timer: NodeJS.Timeout | null = null;

  constructor(rate: number) {
    this.#rate = rate / 1000;
    this.burst = Math.max(sliceLength, this.#rate * savedMilliseconds);
    this.#saved = this.burst;
  }

  /** Resolves when so many bytes may go. Throws the signal's reason once it is aborted; then what is still to come is free for others. */
  async take(bytes: number, signal?: AbortSignal): Promise<void> {
    for (let left = bytes; left > 0; left -= sliceLength) await this.#takeSlice(Math.min(left, sliceLength), signal);
  }

  async #takeSlice(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    this.#save();
    if (this.#queue.length === 0 && this.#saved >= bytes) this.#saved -= bytes;
    else await this.#line(bytes, signal);
  }

  #line(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#queue.splice(this.#queue.indexOf(waiter), 1);
        this.#schedule();
        reject(signal!.reason);
      };
      const waiter: Waiter = {
        bytes,
        go: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#queue.push(waiter);
      if (!this.#timer) this.#schedule();
    });
  }

  #serve(): void {
    this.#save();
    for (let first = this.#queue[0]; first && this.#saved >= first.bytes; first = this.#queue[0]) {
      this.#saved -= first.bytes;
      this.#queue.shift();
      first.go();
    }
    this.#schedule();
  }

  /** For when the first in the queue may go; no timer runs while nobody waits. */
  #schedule(): void {
    if (this.#timer) clearTimeout(this.#timer);
    const first = this.#queue[0];
    this.#timer = first ? setTimeout(() => this.#serve(), Math.ceil((first.bytes - this.#saved) / this.#rate)) : null;
  }

  #save(): void {
    const now = performance.now();
    this.#saved = Math.min(this.burst, this.#saved + (now - this.#savedAt) * this.#rate);
    this.#savedAt = now;
  }
}
