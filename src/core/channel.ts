/**
 * A bounded queue between one producer and one consumer. `put` waits while it is full, which is how the slowest
 * step sets the pace and memory stays bounded. What is ready is handed over in one turn of the event loop, and the
 * loop is let go regularly, so that a run of ready items never starves the I/O of others.
 */
export class Channel<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  readonly #capacity: number;
  readonly #weigh: (item: T) => number;
  #head = 0;
  #weight = 0;
  #ended = false;
  #failure: { error: unknown } | null = null;
  #wakeProducer: (() => void) | null = null;
  #wakeConsumer: (() => void) | null = null;

  constructor(capacity: number, weigh: (item: T) => number = () => 1) {
    this.#capacity = capacity;
    this.#weigh = weigh;
  }

  /** Resolves once there is room. An item heavier than the capacity passes alone. Throws what the consumer failed with. */
  async put(item: T): Promise<void> {
    while (!this.#failure && this.#weight >= this.#capacity) await new Promise<void>((wake) => (this.#wakeProducer = wake));
    if (this.#failure) throw this.#failure.error;
    this.#items.push(item);
    this.#weight += this.#weigh(item);
    this.#wake('consumer');
  }

  end(): void {
    this.#ended = true;
    this.#wake('consumer');
  }

  /** Ends both sides with an error: the consumer throws it at once, whatever is still queued. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake('consumer');
    this.#wake('producer');
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    let taken = 0;
    for (;;) {
      if (this.#failure) throw this.#failure.error;
      if (this.#head < this.#items.length) {
        if (++taken % 256 === 0) await new Promise(setImmediate);
        yield this.#take();
      } else if (this.#ended) {
        return;
      } else {
        await new Promise<void>((wake) => (this.#wakeConsumer = wake));
      }
    }
  }

  #take(): T {
    const item = this.#items[this.#head]!;
    this.#items[this.#head++] = undefined as T;
    if (this.#head === this.#items.length) {
      this.#items.length = 0;
      this.#head = 0;
    } else if (this.#head >= 1024) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    this.#weight -= this.#weigh(item);
    this.#wake('producer');
    return item;
  }

  #wake(side: 'producer' | 'consumer'): void {
    if (side === 'producer') {
      this.#wakeProducer?.();
      this.#wakeProducer = null;
    } else {
      this.#wakeConsumer?.();
      this.#wakeConsumer = null;
    }
  }
}
