/**
 * Sends objects to several targets at once. The bytes are cut into parts; a part is kept until every target has it or has
 * been given up on, and the parts kept at a time are bounded, so the slowest target sets the pace only as far as that.
 */
import { createHash } from 'node:crypto';
import { Budget } from '../../core/budget.ts';
import { BufferPool } from '../../core/buffer-pool.ts';
import type { Receipt, Target } from '../../targets/target.ts';
import { makeLine, TargetWay, type Line, type ObjectOptions, type SenderOptions } from './target-way.ts';

export interface SentObject {
  size: number;
  sha256: Buffer;
  /** By target id. */
  receipts: Map<string, Receipt>;
}

/** Parts held at a time, over all objects and targets: this many at least, and as many as a target takes at a time where they are small. */
const LEAST_HELD = 2;
/** Taken for an object of unknown size: enough for 10,000 parts of 16 MiB. */
const LARGEST_UNKNOWN = 10_000 * 16 * 1024 * 1024;
const MiB = 1024 * 1024;
const MOST_BYTES_HELD = 32 * MiB;

/** Parts of one size, and how much of them may be in memory. */
interface Parts {
  size: number;
  /** How many. */
  held: number;
  budget: Budget;
  pool: BufferPool;
}

export class ObjectSender {
  readonly #options: SenderOptions;
  /** Of nearly all objects. */
  readonly #parts: Parts;
  readonly #lines: Map<string, Line>;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#parts = makeParts(Math.max(1, ...options.targets.map((target) => target.capabilities.partSize)), options.targets);
    this.#lines = new Map(options.targets.map((target) => [target.id, makeLine(target, options.signal)]));
  }

  /** Objects that may be written side by side. More of them could hold all there is of memory with parts that none can fill. */
  get sideBySide(): number {
    return this.#parts.held;
  }

  begin(name: string, object: ObjectOptions = {}): OutgoingObject {
    const { targets, isGivenUp } = this.#options;
    const live = targets.filter((target) => !isGivenUp(target.id));
    const ways = live.map((target) => new TargetWay(target, name, this.#lines.get(target.id)!, this.#options, object));
    return new OutgoingObject(ways, this.#partsFor(live, object), this.#options);
  }

  /** Where a target takes only so many parts, those of an object that could get too large are larger. */
  #partsFor(targets: readonly Target[], { largest = 0, resumed }: ObjectOptions): Parts {
    const most = Math.min(...targets.map((target) => target.capabilities.mostParts ?? Infinity));
    // What does not compress gets a little larger.
    const expected = Math.min(largest, LARGEST_UNKNOWN) * 1.01 + MiB;
    const needed = resumed?.partSize ?? (expected > most * this.#parts.size ? Math.ceil(expected / most / MiB) * MiB : this.#parts.size);
    return needed === this.#parts.size ? this.#parts : makeParts(needed, targets);
  }
}

function makeParts(size: number, targets: readonly Target[]): Parts {
  const parallel = Math.max(...targets.map((target) => target.capabilities.parallel));
  const held = Math.max(LEAST_HELD, Math.min(parallel, Math.floor(MOST_BYTES_HELD / size)));
  return { size, held, budget: new Budget(held * size), pool: new BufferPool(size, held) };
}

/** One object on its way. Write, then `close` and await `done`; or `discard`. */
export class OutgoingObject {
  readonly #parts: Parts;
  readonly #options: SenderOptions;
  readonly #ways: TargetWay[];
  readonly #hash = createHash('sha256');
  /** What went wrong that is no target's failure. */
  #failure: { error: unknown } | null = null;
  /** The part that is not full yet, and how much of it is. */
  #part: Buffer | null = null;
  #held = 0;
  #index = 0;
  #size = 0;

  constructor(ways: TargetWay[], parts: Parts, options: SenderOptions) {
    this.#ways = ways;
    this.#parts = parts;
    this.#options = options;
  }

  /** Waits while too much is held. The bytes must not change until `release` is called, if there is one. */
  async write(bytes: Uint8Array, release?: () => void): Promise<void> {
    this.#hash.update(bytes);
    this.#size += bytes.length;
    for (let taken = 0; taken < bytes.length; ) {
      const count = Math.min(this.#parts.size - this.#held, bytes.length - taken);
      await this.#parts.budget.take(count);
      // Copied at once: whoever gave the bytes has memory of its own for them, which a part would hold as long as it fills.
      this.#part ??= this.#parts.pool.take();
      this.#part.set(bytes.subarray(taken, taken + count), this.#held);
      this.#held += count;
      taken += count;
      if (this.#held === this.#parts.size) this.#sendPart();
    }
    release?.();
  }

  /** Resolves when every target has it or was given up on. Throws if the run is to stop, and what a listener threw. */
  async close(): Promise<SentObject> {
    const receipts = new Map<string, Receipt>();
    const whole = this.#index === 0;
    if (!whole && this.#held > 0) this.#sendPart();
    const bytes = whole ? this.#takeWhole() : null;
    await this.#settle(async (way) => {
      const receipt = await (bytes ? way.put(bytes) : way.finish(this.#size));
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
    const part = this.#part!;
    const bytes = part.subarray(0, this.#held);
    const index = this.#index++;
    this.#part = null;
    this.#held = 0;
    void this.#settle((way) => way.write(index, bytes, this.#parts.size)).then(() => {
      this.#parts.pool.give(part);
      this.#parts.budget.give(bytes.length);
    });
  }

  /** Waits for all of them, whatever becomes of one: the others still use the bytes. Never throws. */
  async #settle(work: (way: TargetWay) => Promise<void>): Promise<void> {
    for (const result of await Promise.allSettled(this.#ways.map(work))) {
      if (result.status === 'rejected') this.#failure ??= { error: result.reason };
    }
  }

  /** The object that is less than a part, in no more memory than it needs: many of them may be on their way at a time. */
  #takeWhole(): Buffer {
    const bytes = Buffer.allocUnsafeSlow(this.#held);
    this.#part?.copy(bytes, 0, 0, this.#held);
    this.#givePart();
    return bytes;
  }

  #drop(): void {
    this.#parts.budget.give(this.#held);
    this.#givePart();
    this.#held = 0;
  }

  #givePart(): void {
    if (this.#part) this.#parts.pool.give(this.#part);
    this.#part = null;
  }
}
