/** Does something now, and again so long after each end, until it is stopped. */
import { wait } from '../../core/wait.ts';

export class Regularly {
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  /** `work` does not throw. */
  constructor(milliseconds: number, work: () => Promise<void>) {
    this.#running = this.#run(milliseconds, work);
  }

  /** Comes back when nothing of it runs. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(milliseconds: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await work();
      await wait(milliseconds, signal).catch(() => {});
    }
  }
}
