/**
 * One request at a time for an upload. Who comes later asks the one before to end: most often that is a line which broke without a word,
 * and whose client is back already.
 */
import { ERRORS, type Lock, type Locker } from '@tus/server';
import { ServerError } from '../../errors.ts';

/** Milliseconds to wait for another request of the same upload. */
const patience = 15_000;

interface Holder {
  asked(): void;
  /** Let go of it, one after the other. */
  waiting: Set<() => void>;
}

export class UploadLocks {
  readonly #held = new Map<string, Holder>();

  /** For one request. `asked` is called when another one wants what this one holds. */
  locker(asked: () => void): Locker {
    return { newLock: (id) => this.#lock(id, asked) };
  }

  #lock(id: string, asked: () => void): Lock {
    let own: Holder | null = null;
    return {
      lock: async (stopped) => {
        const until = performance.now() + patience;
        for (let holder = this.#held.get(id); holder; holder = this.#held.get(id)) await this.#waitFor(holder, until - performance.now(), stopped);
        this.#held.set(id, (own = { asked, waiting: new Set() }));
      },
      unlock: async () => {
        if (!own) return;
        this.#held.delete(id);
        for (const wake of own.waiting) wake();
        own = null;
      },
    };
  }

  async #waitFor(holder: Holder, milliseconds: number, stopped: AbortSignal): Promise<void> {
    holder.asked();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const busy = (): void => reject(new ServerError('BUSY', 'Another request of this upload goes on.', { hint: 'Ask again in a moment.', headers: { 'Retry-After': '5' } }));
    const stop = (): void => reject(ERRORS.ABORTED as unknown as Error);
    const timer = setTimeout(busy, Math.max(0, milliseconds));
    holder.waiting.add(resolve);
    stopped.addEventListener('abort', stop, { once: true });
    try {
      if (stopped.aborted) stop();
      await promise;
    } finally {
      clearTimeout(timer);
      holder.waiting.delete(resolve);
      stopped.removeEventListener('abort', stop);
    }
  }
}
