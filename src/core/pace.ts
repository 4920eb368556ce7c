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

/** Told once for all that wait. */
export interface PaceHooks {
  onClosed?(until: Date): void;
  /** Milliseconds that it was closed while something waited. */
  onOpened?(after: number): void;
}

/** A clock that was put forward, or a machine that slept, is noticed after this many milliseconds. */
const lookAgain = 60_000;

/** The pace of one target, for all that goes on with it. */
export class LimitedPace implements Pace {
  readonly #limits: Limits;
  readonly #upload: TokenBucket | null;
  readonly #download: TokenBucket | null;
  readonly #hooks: PaceHooks;
  #closedSince: number | null = null;
  #closedBefore = 0;

  constructor(limits: Limits, hooks: PaceHooks = {}) {
    this.#limits = limits;
    this.#upload = limits.upload === undefined ? null : new TokenBucket(limits.upload);
    this.#download = limits.download === undefined ? null : new TokenBucket(limits.download);
    this.#hooks = hooks;
  }

  /** Milliseconds in all that were spent waiting for the hours: they are no time in which the target did not answer. */
  get closedFor(): number {
    return this.#closedBefore + (this.#closedSince === null ? 0 : performance.now() - this.#closedSince);
  }

  /** Resolves within the hours: at once, or when they begin. */
  async opened(signal?: AbortSignal): Promise<void> {
    const { hours } = this.#limits;
    if (!hours) return;
    for (let now = new Date(); !isWithin(hours, now); now = new Date()) {
      const opens = nextStart(hours, now);
      if (this.#closedSince === null) {
        this.#closedSince = performance.now();
        this.#hooks.onClosed?.(opens);
      }
      await wait(Math.min(opens.getTime() - now.getTime(), lookAgain), signal);
    }
    if (this.#closedSince === null) return;
    const closed = performance.now() - this.#closedSince;
    this.#closedBefore += closed;
    this.#closedSince = null;
    this.#hooks.onOpened?.(closed);
  }

  upload(bytes: number, signal?: AbortSignal): Promise<void> {
    return this.#pass(this.#upload, bytes, signal);
  }

  download(bytes: number, signal?: AbortSignal): Promise<void> {
    return this.#pass(this.#download, bytes, signal);
  }

  async #pass(bucket: TokenBucket | null, bytes: number, signal: AbortSignal | undefined): Promise<void> {
    await this.opened(signal);
    await bucket?.take(bytes, signal);
  }
}
