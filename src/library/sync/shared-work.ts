/** Work that one run of serves all who asked before it began: those who ask while it runs share the next one. */
export class SharedWork<T> {
  readonly #work: () => Promise<T>;
  #running: Promise<T> | null = null;
  #next: Promise<T> | null = null;

  constructor(work: () => Promise<T>) {
    this.#work = work;
  }

  /** A run that begins after this call. */
  fresh(): Promise<T> {
    if (this.#next) return this.#next;
    if (!this.#running) return this.#begin();
    const beginNext = (): Promise<T> => {
      this.#next = null;
      return this.#begin();
    };
    this.#next = this.#running.then(beginNext, beginNext);
    return this.#next;
  }

  #begin(): Promise<T> {
    const run = this.#work().finally(() => {
      if (this.#running === run) this.#running = null;
    });
    this.#running = run;
    return run;
  }
}
