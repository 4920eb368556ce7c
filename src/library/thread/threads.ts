/** Threads for walks and for hashing. One that was used is kept a while for the next: to start it takes longer than most walks. */
import { LibraryThread } from './thread.ts';

const keptFor = 20_000;

export class Threads {
  readonly #idle = new Map<LibraryThread, NodeJS.Timeout>();

  /** Work that fails takes its thread along: nobody knows where it is. */
  async use<T>(work: (thread: LibraryThread) => Promise<T>): Promise<T> {
    const thread = this.#take();
    let result: T;
    try {
      result = await work(thread);
    } catch (error) {
      await thread.close();
      throw error;
    }
    this.#idle.set(thread, setTimeout(() => void this.#end(thread), keptFor).unref());
    return result;
  }

  /** Those that nobody uses. */
  async close(): Promise<void> {
    await Promise.all([...this.#idle.keys()].map((thread) => this.#end(thread)));
  }

  #take(): LibraryThread {
    for (const [thread, timer] of this.#idle) {
      clearTimeout(timer);
      this.#idle.delete(thread);
      return thread;
    }
    return new LibraryThread();
  }

  async #end(thread: LibraryThread): Promise<void> {
    clearTimeout(this.#idle.get(thread));
    this.#idle.delete(thread);
    await thread.close();
  }
}
