/** The one place where calls to a target are tried again. Whatever the kind of target, its calls may be replayed. */
import type { Emit } from '../core/events.ts';
import type { RetryPolicy } from '../core/retry.ts';
import { retry } from '../core/retry.ts';
import type { ColdStorage } from './cold-storage.ts';
import type { Prices } from './prices.ts';
import type { ObjectStat, OpenOptions, PutOptions, Receipt, ResumedUpload, SweepOptions, Target, TargetCapabilities, Upload } from './target.ts';

type Attempt = <T>(work: () => Promise<T>, signal: AbortSignal | undefined) => Promise<T>;

/**
 * The same target, each call of which is tried again as the policy says when it fails in a way that may pass; each retry
 * is told as an event. A failure that does not pass, and a signal that is aborted, end a call at once.
 */
export function withRetry(target: Target, policy: RetryPolicy, emit: Emit): Target {
  const attempt: Attempt = (work, signal) =>
    retry(policy, work, {
      signal,
      onRetry: ({ error, attempt, wait }) => emit({ type: 'retry', target: target.id, message: error.message, attempt, wait }),
    });
  return new RetriedTarget(target, attempt);
}

class RetriedTarget implements Target {
  readonly #target: Target;
  readonly #attempt: Attempt;

  constructor(target: Target, attempt: Attempt) {
    this.#target = target;
    this.#attempt = attempt;
  }

  get id(): string {
    return this.#target.id;
  }

  get type(): string {
    return this.#target.type;
  }

  get location(): string {
    return this.#target.location;
  }

  /** Asked each time: a target may learn its limits when it connects. */
  get capabilities(): TargetCapabilities {
    return this.#target.capabilities;
  }

  get coldStorage(): ColdStorage | undefined {
    const cold = this.#target.coldStorage;
    return (
      cold && {
        isCold: (storageClass) => cold.isCold(storageClass),
        tiers: (storageClass) => cold.tiers(storageClass),
        state: (name, signal) => this.#attempt(() => cold.state(name, signal), signal),
        thaw: (name, options) => this.#attempt(() => cold.thaw(name, options), options.signal),
      }
    );
  }

  get prices(): Prices | undefined {
    return this.#target.prices;
  }

  connect(options: { create: boolean; signal?: AbortSignal }): Promise<void> {
    return this.#attempt(() => this.#target.connect(options), options.signal);
  }

  acceptsName(name: string): boolean {
    return this.#target.acceptsName(name);
  }

  put(name: string, bytes: Uint8Array, options: PutOptions): Promise<Receipt> {
    return this.#attempt(() => this.#target.put(name, bytes, options), options.signal);
  }

  /** An upload that was opened just when the signal was aborted is handed to nobody, so it is given up here. */
  async open(name: string, options: OpenOptions): Promise<Upload> {
    let opened = null as Upload | null;
    try {
      const upload = await this.#attempt(async () => (opened = await this.#target.open(name, options)), options.signal);
      return new RetriedUpload(upload, this.#attempt, options.signal);
    } catch (error) {
      await opened?.abort();
      throw error;
    }
  }

  async resume(name: string, id: string, options: OpenOptions): Promise<ResumedUpload | null> {
    const resumed = await this.#attempt(async () => (await this.#target.resume?.(name, id, options)) ?? null, options.signal);
    return resumed && { ...resumed, upload: new RetriedUpload(resumed.upload, this.#attempt, options.signal) };
  }

  read(name: string, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#attempt(() => this.#target.read(name, offset, length, signal), signal);
  }

  stat(name: string, signal?: AbortSignal): Promise<ObjectStat | null> {
    return this.#attempt(() => this.#target.stat(name, signal), signal);
  }

  /**
   * A listing that broke off is begun anew, and what was given already is left out: it may come in another order.
   * Each step has the whole policy, so that a listing of many pages is not given up for a few failures in all.
   */
  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<ObjectStat> {
    const given = new Set<string>();
    let listing: AsyncIterator<ObjectStat> | null = null;
    const next = async (): Promise<IteratorResult<ObjectStat>> => {
      try {
        listing ??= this.#target.list(prefix, signal)[Symbol.asyncIterator]();
        for (;;) {
          const step = await listing.next();
          if (step.done || !given.has(step.value.name)) return step;
        }
      } catch (error) {
        listing = null;
        throw error;
      }
    };
    try {
      for (;;) {
        const step = await this.#attempt(next, signal);
        if (step.done) return;
        given.add(step.value.name);
        yield step.value;
      }
    } finally {
      await (listing as AsyncIterator<ObjectStat> | null)?.return?.();
    }
  }

  remove(name: string, signal?: AbortSignal): Promise<void> {
    return this.#attempt(() => this.#target.remove(name, signal), signal);
  }

  sweep(options: SweepOptions = {}): Promise<number> {
    return this.#attempt(() => this.#target.sweep(options), options.signal);
  }

  clock(signal?: AbortSignal): Promise<Date | null> {
    return this.#attempt(async () => (await this.#target.clock?.(signal)) ?? null, signal);
  }

  unmake(): Promise<void> {
    return this.#attempt(async () => this.#target.unmake?.(), undefined);
  }

  close(): Promise<void> {
    return this.#target.close();
  }
}

/** Parts and the end are tried again apart: a part that failed is sent again, not the object. */
class RetriedUpload implements Upload {
  readonly #upload: Upload;
  readonly #attempt: Attempt;
  readonly #signal: AbortSignal | undefined;

  constructor(upload: Upload, attempt: Attempt, signal: AbortSignal | undefined) {
    this.#upload = upload;
    this.#attempt = attempt;
    this.#signal = signal;
  }

  get id(): string | undefined {
    return this.#upload.id;
  }

  write(index: number, bytes: Uint8Array): Promise<void> {
    return this.#attempt(() => this.#upload.write(index, bytes), this.#signal);
  }

  finish(size: number): Promise<Receipt> {
    return this.#attempt(() => this.#upload.finish(size), this.#signal);
  }

  abort(): Promise<void> {
    return this.#upload.abort();
  }
}
