/** How fast bytes may go to a target and come from it, and when. */
import { isWithin, nextStart, type Hours } from './hours.ts';
import { TokenBucket } from './token-bucket.ts';
import { wait } from './wait.ts';

/** A target asks before each piece that it sends or takes, 64 KiB or so at a time (`pacedSlices`). */
export interface Pace {
  upload(bytes: number, signal?: AbortSignal): Promise<void>;
  download(bytes: number, signal?: AbortSignal): Promise<void>;
}

/** What a plan's `limit` of a target says; rates in bytes a second. */
export interface Limits {
  upload?: number | undefined;
  download?: number | undefined;
  /** Outside of them nothing is sent or taken. */
  hours?: Hours | undefined;
}

/** A clock that was put forward, or a machine that slept, is noticed after this many milliseconds. */
const lookAgain = 60_000;

/** The pace of one target, for all that goes on with it. */
export class LimitedPace implements Pace {
  readonly #limits: Limits;
  readonly #upload: TokenBucket | null;
  readonly #download: TokenBucket | null;
  readonly #onClosed: (until: Date) => void;
  #closedSince: number | null = null;
  #closedBefore = 0;

  /** `onClosed` is told once each time that something has to wait for the hours to begin. */
  constructor(limits: Limits, onClosed: (until: Date) => void) {
    this.#limits = limits;
    this.#upload = limits.upload === undefined ? null : new TokenBucket(limits.upload);
    this.#download = limits.download === undefined ? null : new TokenBucket(limits.download);
    this.#onClosed = onClosed;
  }

  /** Milliseconds in all that were spent waiting for the hours: they are no time in which the target did not answer. */
  get closedFor(): number {
    return this.#closedBefore + (this.#closedSince === null ? 0 : performance.now() - this.#closedSince);
  }

  upload(bytes: number, signal?: AbortSignal): Promise<void> {
    return this.#pass(this.#upload, bytes, signal);
  }

  download(bytes: number, signal?: AbortSignal): Promise<void> {
    return this.#pass(this.#download, bytes, signal);
  }

  async #pass(bucket: TokenBucket | null, bytes: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#limits.hours) await this.#open(this.#limits.hours, signal);
    await bucket?.take(bytes, signal);
  }

  async #open(hours: Hours, signal: AbortSignal | undefined): Promise<void> {
    for (let now = new Date(); !isWithin(hours, now); now = new Date()) {
      const opens = nextStart(hours, now);
      if (this.#closedSince === null) {
        this.#closedSince = performance.now();
        this.#onClosed(opens);
      }
      await wait(Math.min(opens.getTime() - now.getTime(), lookAgain), signal);
    }
    this.#closedBefore = this.closedFor;
    this.#closedSince = null;
  }
}
