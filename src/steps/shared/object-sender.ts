/**
 * Sends objects to several targets at once. The bytes are cut into parts; a part is kept until every target has it or has
 * been given up on, and the parts kept at a time are bounded, so the slowest target sets the pace only as far as that.
 */
import { createHash } from 'node:crypto';
import { Budget } from '../../core/budget.ts';
import { BufferPool } from '../../core/buffer-pool.ts';
import type { PutOptions, Receipt, Target, Upload } from '../../targets/target.ts';

export interface SenderOptions {
  targets: readonly Target[];
  temperature: PutOptions['temperature'];
  signal: AbortSignal;
  /** A target failed for good: it gets nothing more. */
  onFailure(target: string, error: unknown): void;
  isGivenUp(target: string): boolean;
  /** Bytes that a target has taken. */
  onSent(target: string, bytes: number): void;
}

export interface SentObject {
  size: number;
  sha256: Buffer;
  /** By target id. */
  receipts: Map<string, Receipt>;
}

/** Parts held at a time, over all objects and targets. */
const PARTS_HELD = 3;

export class ObjectSender {
  readonly #options: SenderOptions;
  readonly #partSize: number;
  readonly #budget: Budget;
  readonly #parts: BufferPool;
  /** Calls at a time, for each target. */
  readonly #slots: Map<string, Budget>;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#partSize = Math.max(1, ...options.targets.map((target) => target.capabilities.partSize));
    this.#budget = new Budget(PARTS_HELD * this.#partSize);
    this.#parts = new BufferPool(this.#partSize, PARTS_HELD);
    this.#slots = new Map(options.targets.map((target) => [target.id, new Budget(target.capabilities.parallel)]));
  }

  begin(name: string): OutgoingObject {
    const { targets, isGivenUp } = this.#options;
    const live = targets.filter((target) => !isGivenUp(target.id));
    return new OutgoingObject(name, live, this.#partSize, this.#budget, this.#parts, this.#slots, this.#options);
  }
}

/** One object on its way. Write, then `close` and await `done`; or `discard`. */
export class OutgoingObject {
  readonly #partSize: number;
  readonly #budget: Budget;
  readonly #parts: BufferPool;
  readonly #options: SenderOptions;
  readonly #ways: TargetWay[];
  readonly #hash = createHash('sha256');
  /** What went wrong that is no target's failure. */
  #failure: { error: unknown } | null = null;
  /** Of the part that is not full yet. */
  #pieces: { bytes: Uint8Array; release: (() => void) | undefined }[] = [];
  #held = 0;
  #index = 0;
  #size = 0;

  constructor(name: string, targets: readonly Target[], partSize: number, budget: Budget, parts: BufferPool, slots: ReadonlyMap<string, Budget>, options: SenderOptions) {
    this.#parts = parts;
    this.#partSize = partSize;
    this.#budget = budget;
    this.#options = options;
    this.#ways = targets.map((target) => new TargetWay(target, name, partSize, slots.get(target.id)!, options));
  }

  /** Waits while too much is held. The bytes must not change until `release` is called, if there is one. */
  async write(bytes: Uint8Array, release?: () => void): Promise<void> {
    this.#hash.update(bytes);
    this.#size += bytes.length;
    for (let taken = 0; taken < bytes.length; ) {
      const count = Math.min(this.#partSize - this.#held, bytes.length - taken);
      await this.#budget.take(count);
      const piece = { bytes: bytes.subarray(taken, taken + count), release: taken + count === bytes.length ? release : undefined };
      this.#pieces.push(piece);
      this.#held += count;
      taken += count;
      if (this.#held === this.#partSize) this.#sendPart();
    }
  }

  /** Resolves when every target has it or was given up on. Throws if the run is to stop, and what a listener threw. */
  async close(): Promise<SentObject> {
    const receipts = new Map<string, Receipt>();
    const whole = this.#index === 0;
    if (!whole && this.#held > 0) this.#sendPart();
    const bytes = this.#join(Buffer.allocUnsafeSlow(this.#held));
    await this.#settle(async (way) => {
      const receipt = await (whole ? way.put(bytes) : way.finish(this.#size));
      if (receipt) receipts.set(way.target.id, receipt);
    });
    this.#drop();
    this.#options.signal.throwIfAborted();
    if (this.#failure) throw this.#failure.error;
    return { size: this.#size, sha256: this.#hash.digest(), receipts };
  }

  /** Nothing of it stays anywhere. */
  async discard(): Promise<void> {
    this.#drop();
    await Promise.all(this.#ways.map((way) => way.abort()));
  }

  #sendPart(): void {
    const part = this.#parts.take();
    const bytes = this.#join(part);
    const index = this.#index++;
    this.#held = 0;
    void this.#settle((way) => way.write(index, bytes)).then(() => {
      this.#parts.give(part);
      this.#budget.give(bytes.length);
    });
  }

  /** Waits for all of them, whatever becomes of one: the others still use the bytes. Never throws. */
  async #settle(work: (way: TargetWay) => Promise<void>): Promise<void> {
    for (const result of await Promise.allSettled(this.#ways.map(work))) {
      if (result.status === 'rejected') this.#failure ??= { error: result.reason };
    }
  }

  /** Lays the pieces one behind the other into `target`. */
  #join(target: Buffer): Buffer {
    let length = 0;
    for (const { bytes, release } of this.#pieces) {
      target.set(bytes, length);
      length += bytes.length;
      release?.();
    }
    this.#pieces = [];
    return target.subarray(0, length);
  }

  #drop(): void {
    this.#budget.give(this.#held);
    this.#pieces = [];
    this.#held = 0;
  }
}

/** One object's way to one target. A failure gives the target up; only what a listener throws is thrown. */
class TargetWay {
  readonly target: Target;
  readonly #name: string;
  readonly #partSize: number;
  readonly #slot: Budget;
  readonly #options: SenderOptions;
  readonly #writes: Promise<void>[] = [];
  #upload: Promise<Upload> | null = null;
  #failed = false;

  constructor(target: Target, name: string, partSize: number, slot: Budget, options: SenderOptions) {
    this.target = target;
    this.#name = name;
    this.#partSize = partSize;
    this.#slot = slot;
    this.#options = options;
  }

  write(index: number, bytes: Uint8Array): Promise<void> {
    const written = this.#attempt(async () => {
      this.#upload ??= this.target.open(this.#name, { ...this.#putOptions(), partSize: this.#partSize });
      await (await this.#upload).write(index, bytes);
      return true;
    }).then((sent) => {
      if (sent) this.#options.onSent(this.target.id, bytes.length);
    });
    this.#writes.push(written.catch(() => {}));
    return written;
  }

  async finish(size: number): Promise<Receipt | null> {
    await Promise.all(this.#writes);
    let receipt: Receipt | null = null;
    try {
      receipt = await this.#attempt(async () => (await this.#upload!).finish(size));
    } finally {
      if (!receipt) await this.abort();
    }
    return receipt;
  }

  async put(bytes: Uint8Array): Promise<Receipt | null> {
    const receipt = await this.#attempt(() => this.target.put(this.#name, bytes, this.#putOptions()));
    if (receipt) this.#options.onSent(this.target.id, bytes.length);
    return receipt;
  }

  async abort(): Promise<void> {
    await Promise.all(this.#writes);
    const upload = await this.#upload?.catch(() => null);
    await upload?.abort();
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T | null> {
    await this.#slot.take(1);
    try {
      if (this.#isOver()) return null;
      return await work();
    } catch (error) {
      this.#failed = true;
      if (!this.#options.signal.aborted) this.#options.onFailure(this.target.id, error);
      return null;
    } finally {
      this.#slot.give(1);
    }
  }

  #isOver(): boolean {
    return this.#failed || this.#options.signal.aborted || this.#options.isGivenUp(this.target.id);
  }

  #putOptions(): PutOptions {
    return { temperature: this.#options.temperature, signal: this.#options.signal };
  }
}
