/** Notices a line that is dead: a call is given up when nothing has moved for a while, and not after a set time. */

/** What a call gets to tell how it goes. */
export interface Line {
  /** Aborted when the call is over: by the caller, for want of progress, or since it failed. */
  readonly signal: AbortSignal;
  /** Bytes have moved. */
  progress(): void;
  /** Time that is spent in `waiting` does not count: nothing is expected of the other side. */
  pause<T>(waiting: Promise<T>): Promise<T>;
  /** Ends the call with this error. */
  fail(error: unknown): void;
}

/** The other side has said nothing for too long. */
export class SilenceError extends Error {
  readonly silence: number;

  constructor(silence: number) {
    super('no answer');
    this.name = 'SilenceError';
    this.silence = silence;
  }
}

/**
 * Runs `work`, and throws SilenceError after `patience` milliseconds without progress, or the reason of `signal` when that is
 * aborted: also where `work` itself does not listen to its signal.
 */
export async function withDeadline<T>(patience: number, signal: AbortSignal | undefined, work: (line: Line) => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const stop = (): void => controller.abort(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  let paused = 0;
  const timer = setTimeout(() => {
    if (paused === 0) controller.abort(new SilenceError(patience));
  }, patience);
  const line: Line = {
    signal: controller.signal,
    progress: () => void timer.refresh(),
    async pause(waiting) {
      paused++;
      try {
        return await waiting;
      } finally {
        paused--;
        timer.refresh();
      }
    },
    fail: (error) => controller.abort(error),
  };
  const ended = new Promise<never>((_resolve, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true });
  });
  try {
    return await Promise.race([work(line), ended]);
  } catch (error) {
    // Whatever of the work still goes on is to stop: the caller uses the memory again.
    controller.abort(error);
    throw controller.signal.reason;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}
