/** Waiting that can be broken off. */

/** A timer of Node counts no further than to this many milliseconds, and fires at once when it is given more. */
const longestTimer = 2 ** 31 - 1;

/**
 * Resolves after `milliseconds`, however many, and at once where none are left: a deadline may pass between a look at
 * the clock and this call, and Node warns of a timer that is to fire in the past. Throws the signal's reason as soon as
 * it is aborted.
 */
export async function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  let left = Math.max(0, milliseconds);
  for (; left > longestTimer; left -= longestTimer) await timer(longestTimer, signal);
  await timer(left, signal);
}

/** The global timer, and not the one of node:timers/promises: that one runs on the real clock in every test. */
function timer(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = (): void => {
      clearTimeout(running);
      reject(signal!.reason);
    };
    const running = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
