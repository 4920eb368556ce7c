/**
 * Fetches of a target's objects what is going to be read, before it is: several ranges at a time, in the order in which they
 * are read, and no more of them than memory is meant for. Whoever reads something else than was planned gets it too.
 */
import { Budget } from '../../core/budget.ts';
import type { Fetch, StoredRange } from '../../volume/object-reader.ts';

export interface FetchAheadOptions {
  /** Calls at a time. */
  parallel: number;
  read(this: void, name: string, offset: number, length: number, signal: AbortSignal): Promise<Uint8Array>;
  signal: AbortSignal;
}

/** What may have come, or be on its way, and was not asked for yet: a range larger than that goes alone. */
const mostBytes = 16 * 1024 * 1024;
/** The same in ranges, for each call that may be made at a time. */
const mostRanges = 4;

export class FetchAhead {
  readonly #options: FetchAheadOptions;
  readonly #slots: Budget;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #underWay = new Set<Promise<unknown>>();
  /** In the order in which they will be read; those of which all is on its way are out of it. */
  readonly #objects: ObjectFetches[] = [];
  #bytes = 0;
  #ranges = 0;

  constructor(options: FetchAheadOptions) {
    this.#options = options;
    this.#slots = new Budget(options.parallel);
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal]);
  }

  /** The object that is read after all those before. */
  object(name: string): ObjectFetches {
    const object = new ObjectFetches({
      read: (offset, length) => this.#read(name, offset, length),
      advance: () => this.#advance(),
      release: (bytes) => {
        this.#bytes -= bytes;
        this.#ranges--;
      },
    });
    this.#objects.push(object);
    return object;
  }

  /** Breaks off what is under way, and waits until it has ended. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#underWay);
  }

  #advance(): void {
    if (this.#signal.aborted) return;
    for (let object = this.#objects[0]; object; object = this.#objects[0]) {
      const range = object.next();
      if (range === 'unknown') return;
      if (range === null) {
        this.#objects.shift();
        continue;
      }
      if (this.#ranges > 0 && (this.#bytes + range.length > mostBytes || this.#ranges >= mostRanges * this.#options.parallel)) return;
      this.#bytes += range.length;
      this.#ranges++;
      object.start();
    }
  }

  #read(name: string, offset: number, length: number): Promise<Uint8Array> {
    const bytes = this.#inSlot(() => this.#options.read(name, offset, length, this.#signal));
    // Whoever asks for it hears what went wrong; it may be that nobody does.
    const settled = bytes.catch(() => {}).then(() => void this.#underWay.delete(settled));
    this.#underWay.add(settled);
    return bytes;
  }

  async #inSlot(work: () => Promise<Uint8Array>): Promise<Uint8Array> {
    await this.#slots.take(1);
    try {
      this.#signal.throwIfAborted();
      return await work();
    } finally {
      this.#slots.give(1);
    }
  }
}

interface Around {
  read: Fetch;
  advance(this: void): void;
  release(this: void, bytes: number): void;
}

/** What is fetched of one object. */
export class ObjectFetches {
  readonly #around: Around;
  readonly #started: (StoredRange & { bytes: Promise<Uint8Array> })[] = [];
  /** Undefined until it is known what will be read; null once all of it is on its way, or is not wanted any more. */
  #planned: Iterator<StoredRange> | null | undefined = undefined;
  #next: StoredRange | null = null;

  constructor(around: Around) {
    this.#around = around;
  }

  /** What will be read from now on, in its order. */
  plan(ranges: Iterable<StoredRange>): void {
    this.#planned = ranges[Symbol.iterator]();
    this.#around.advance();
  }

  /** Nothing more will be read. */
  end(): void {
    this.#drop();
    this.#around.advance();
  }

  readonly fetch: Fetch = async (offset, length, again = false) => {
    if (again) return this.#around.read(offset, length);
    const [first] = this.#started;
    if (first?.offset !== offset || first.length !== length) {
      if (this.#planned !== undefined) this.end();
      return this.#around.read(offset, length);
    }
    this.#started.shift();
    try {
      return await first.bytes;
    } finally {
      this.#around.release(length);
      this.#around.advance();
    }
  };

  /** The range that is to be started next; null if there is none any more. */
  next(): StoredRange | 'unknown' | null {
    if (this.#planned === undefined) return 'unknown';
    if (this.#next || !this.#planned) return this.#next;
    const step = this.#planned.next();
    if (step.done) this.#planned = null;
    else this.#next = step.value;
    return this.#next;
  }

  /** Starts what `next` gave. */
  start(): void {
    const { offset, length } = this.#next!;
    this.#next = null;
    this.#started.push({ offset, length, bytes: this.#around.read(offset, length) });
  }

  #drop(): void {
    for (const { length } of this.#started.splice(0)) this.#around.release(length);
    this.#planned?.return?.();
    this.#planned = null;
    this.#next = null;
  }
}
