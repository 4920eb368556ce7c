/** One at a time for each name. */
export class KeyedLock {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Waits for those that came before with the same key, whatever became of them. */
  async hold<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const done = before.then(work, work);
    const settled = done.catch(() => {});
    this.#last.set(key, settled);
    try {
      return await done;
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key);
    }
  }
}
