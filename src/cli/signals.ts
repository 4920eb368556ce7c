/** Ctrl-C and a request to end: the first one stops the work in an orderly way, the second one at once. */
import { BatError, exitCodes } from '../core/errors.ts';

export interface Interruption {
  readonly signal: AbortSignal;
  /** Stops the work as a first Ctrl-C does, without a word. */
  abort(): void;
  /** Gives the signals back to Node. */
  release(): void;
}

/** `say` is told when the first signal comes, `leave` when the process is about to end at once. */
export function catchSignals(say: (text: string) => void, leave: () => void): Interruption {
  const controller = new AbortController();
  const abort = (): void => {
    if (!controller.signal.aborted) controller.abort(new BatError('INTERRUPTED', 'Interrupted.', { hint: 'What was stored so far stays; the same command goes on from there.' }));
  };
  const onSignal = (): void => {
    if (controller.signal.aborted) {
      leave();
      process.exit(exitCodes.INTERRUPTED);
    }
    say('stopping… press again to stop at once');
    abort();
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, onSignal);
  return {
    signal: controller.signal,
    abort,
    release: () => {
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, onSignal);
    },
  };
}
