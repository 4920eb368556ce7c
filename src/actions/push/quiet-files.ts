/**
 * Files that have changed and wait until they are quiet: nothing was heard of them for a while, and they are as they were then. So a
 * file that a camera or a browser is just writing is not taken half.
 */
import { wait } from '../../core/wait.ts';

/** What a file looks like; null if it is no file (any more). */
export type Look = (path: string) => string | null;

interface Waiting {
  /** On the clock that is not put forward or back. */
  since: number;
  look: string;
}

export class QuietFiles {
  readonly #settle: number;
  readonly #look: Look;
  /** In the order in which they are due: who is heard of goes to the end. */
  readonly #waiting = new Map<string, Waiting>();

  /** `settle` in milliseconds. */
  constructor(settle: number, look: Look) {
    this.#settle = settle;
    this.#look = look;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Something was heard of it. */
  heard(path: string): void {
    this.#waiting.delete(path);
    const look = this.#look(path);
    if (look !== null) this.#waiting.set(path, { since: performance.now(), look });
  }

  /** Milliseconds until the next one may be quiet; Infinity if none waits. */
  get dueIn(): number {
    const first = this.#waiting.values().next().value;
    return first ? Math.max(0, first.since + this.#settle - performance.now()) : Infinity;
  }

  /** Those that are quiet now. They wait no more. */
  take(): string[] {
    const quiet: string[] = [];
    for (const [path, { since, look }] of this.#waiting) {
      if (since + this.#settle > performance.now()) break;
      const now = this.#look(path);
      this.#waiting.delete(path);
      if (now === look) quiet.push(path);
      // It changed, and nothing was heard of it.
      else if (now !== null) this.heard(path);
    }
    return quiet;
  }
}

/** Resolves when it is woken, after `milliseconds`, or when the signal is aborted, whichever comes first. */
export async function sleep(milliseconds: number, wakeOn: (wake: () => void) => void, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  wakeOn(() => over.abort());
  await wait(Math.min(milliseconds, 2 ** 31 - 1), AbortSignal.any([signal, over.signal])).catch(() => {});
}
