/** The one place where calls to a target are tried again. Whatever the kind of target, its calls may be replayed. */
import type { Emit } from '../core/events.ts';
import type { LimitedPace } from '../core/pace.ts';
import type { RetryPolicy } from '../core/retry.ts';
import type { ColdStorage } from './cold-storage.ts';
import { Line } from './line.ts';
import type { Prices } from './prices.ts';
import type { ObjectStat, OpenOptions, PutOptions, Receipt, ResumedUpload, SweepOptions, Target, TargetCapabilities, Upload } from './target.ts';

export interface RetryExtras {
  /** Transfers wait for its hours; the target itself holds to its rates. */
  pace?: LimitedPace | undefined;
  /** Calls at a time, in place of what the target would have. */
  parallel?: number | undefined;
  /** Milliseconds: `connect` is given up on after this time, if the policy allows more. */
  connectWithin?: number | undefined;
}

/**
 * The same target, each call of which is tried again as the policy says when it fails in a way that may pass; what it waits
 * for is told as events. A failure that does not pass, and a signal that is aborted, end a call at once.
 */
export function withRetry(target: Target, policy: RetryPolicy, emit: Emit, extras: RetryExtras = {}): Target {
  return new RetriedTarget(target, new Line({ id: target.id, policy, emit, ...extras }), extras);
}

class RetriedTarget implements Target {
  readonly #target: Target;
  readonly #line: Line;
  readonly #extras: RetryExtras;

  constructor(target: Target, line: Line, extras: RetryExtras) {
    this.#target = target;
    this.#line = line;
    this.#extras = extras;
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
    const { capabilities } = this.#target;
    return { ...capabilities, parallel: this.#extras.parallel ?? capabilities.parallel };
  }

  get coldStorage(): ColdStorage | undefined {
    const cold = this.#target.coldStorage;
    return (
      cold && {
        isCold: (storageClass) => cold.isCold(storageClass),
        tiers: (storageClass) => cold.tiers(storageClass),
        state: (name, signal) => this.#line.call(() => cold.state(name, signal), signal),
        thaw: (name, options) => this.#line.call(() => cold.thaw(name, options), options.signal),
      }
    );
  }

  get prices(): Prices | undefined {
    return this.#target.prices;
  }

  get isAppendOnly(): boolean {
    return this.#target.isAppendOnly ?? false;
  }

  connect(options: { create: boolean; signal?: AbortSignal }): Promise<void> {
    return this.#line.call(() => this.#target.connect(options), options.signal, this.#extras.connectWithin);
  }

  acceptsName(name: string): boolean {
    return this.#target.acceptsName(name);
  }

  put(name: string, bytes: Uint8Array, options: PutOptions): Promise<Receipt> {
    return this.#line.transfer(() => this.#target.put(name, bytes, options), options.signal);
  }

  /** An upload that was opened just when the signal was aborted is handed to nobody, so it is given up here. */
  async open(name: string, options: OpenOptions): Promise<Upload> {
    let opened = null as Upload | null;
    try {
      const upload = await this.#line.transfer(async () => (opened = await this.#target.open(name, options)), options.signal);
      options.signal?.throwIfAborted();
      return new RetriedUpload(upload, this.#line, options.signal);
    } catch (error) {
      await opened?.abort();
      throw error;
    }
  }

  async resume(name: string, id: string, options: OpenOptions): Promise<ResumedUpload | null> {
    const resumed = await this.#line.call(async () => (await this.#target.resume?.(name, id, options)) ?? null, options.signal);
    return resumed && { ...resumed, upload: new RetriedUpload(resumed.upload, this.#line, options.signal) };
  }

  read(name: string, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#line.transfer(() => this.#target.read(name, offset, length, signal), signal);
  }

  stat(name: string, signal?: AbortSignal): Promise<ObjectStat | null> {
    return this.#line.call(() => this.#target.stat(name, signal), signal);
  }

  /** Where the target has no such question, its size is all there is to say. */
  inspect(name: string, signal?: AbortSignal): Promise<ObjectStat | null> {
    return this.#line.call(() => (this.#target.inspect ? this.#target.inspect(name, signal) : this.#target.stat(name, signal)), signal);
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
        const step = await this.#line.call(next, signal);
        if (step.done) return;
        given.add(step.value.name);
        yield step.value;
      }
    } finally {
      await (listing as AsyncIterator<ObjectStat> | null)?.return?.();
    }
  }

  plans(signal?: AbortSignal): Promise<string[]> {
    return this.#line.call(async () => (await this.#target.plans?.(signal)) ?? [], signal);
  }

  remove(name: string, signal?: AbortSignal): Promise<void> {
    return this.#line.call(() => this.#target.remove(name, signal), signal);
  }

  sweep(options: SweepOptions = {}): Promise<number> {
    return this.#line.call(() => this.#target.sweep(options), options.signal);
  }

  clock(signal?: AbortSignal): Promise<Date | null> {
    return this.#line.call(async () => (await this.#target.clock?.(signal)) ?? null, signal);
  }

  unmake(): Promise<void> {
    return this.#line.call(async () => this.#target.unmake?.(), undefined);
  }

  close(): Promise<void> {
    return this.#target.close();
  }
}

/** Parts and the end are tried again apart: a part that failed is sent again, not the object. */
class RetriedUpload implements Upload {
  readonly #upload: Upload;
  readonly #line: Line;
  readonly #signal: AbortSignal | undefined;

  constructor(upload: Upload, line: Line, signal: AbortSignal | undefined) {
    this.#upload = upload;
    this.#line = line;
    this.#signal = signal;
  }

  get id(): string | undefined {
    return this.#upload.id;
  }

  write(index: number, bytes: Uint8Array): Promise<void> {
    return this.#line.transfer(() => this.#upload.write(index, bytes), this.#signal);
  }

  finish(size: number): Promise<Receipt> {
    return this.#line.call(() => this.#upload.finish(size), this.#signal);
  }

  abort(): Promise<void> {
    return this.#upload.abort();
  }
}
