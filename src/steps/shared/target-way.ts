/** How one object gets to one target: its parts, its end, and what is left where that fails. */
import { hash } from 'node:crypto';
import { Budget } from '../../core/budget.ts';
import type { PutOptions, Receipt, ResumedUpload, Target, Upload } from '../../targets/target.ts';

export interface SenderOptions {
  targets: readonly Target[];
  temperature: PutOptions['temperature'];
  signal: AbortSignal;
  /** A target failed for good: it gets nothing more. */
  onFailure(target: string, error: unknown): void;
  isGivenUp(target: string): boolean;
  /** Bytes that a target has taken. */
  onSent(target: string, bytes: number): void;
  /** An upload was begun that `resume` could take up; nothing of the object has been sent yet. */
  onOpened?(target: string, name: string, upload: string, partSize: number): void;
}

export interface ObjectOptions {
  /** The object will not get larger than this many bytes; where nobody can say, Infinity. */
  largest?: number;
  /** Uploads of this object that another process began, by target, and the size of their parts. */
  resumed?: { uploads: ReadonlyMap<string, ResumedUpload>; partSize: number };
  /** Whatever becomes of it, what a target holds of it stays, if that can be taken up: the object is kept elsewhere until then. */
  keepsParts?: boolean;
}

/** What all calls to one target share. */
export interface Line {
  /** How many of them at a time. */
  slot: Budget;
  /** Ends all of them once one has failed for good: none is left waiting for a line that nobody needs any more. */
  stop: AbortController;
  /** Of the run or of `stop`. */
  signal: AbortSignal;
}

export function makeLine(target: Target, run: AbortSignal): Line {
  const stop = new AbortController();
  return { slot: new Budget(target.capabilities.parallel), stop, signal: AbortSignal.any([run, stop.signal]) };
}

/** One object's way to one target. A failure gives the target up; only what a listener throws is thrown. */
export class TargetWay {
  readonly target: Target;
  readonly #name: string;
  readonly #line: Line;
  readonly #options: SenderOptions;
  /** Parts that were there before, of an upload that is taken up. */
  readonly #there: ResumedUpload['parts'];
  readonly #keepsParts: boolean;
  readonly #writes: Promise<void>[] = [];
  #upload: Promise<Upload> | null = null;
  #failed = false;

  constructor(target: Target, name: string, line: Line, options: SenderOptions, object: ObjectOptions) {
    const resumed = object.resumed?.uploads.get(target.id);
    this.#keepsParts = object.keepsParts ?? false;
    this.target = target;
    this.#name = name;
    this.#line = line;
    this.#options = options;
    this.#there = resumed?.parts ?? new Map();
    if (resumed) this.#upload = Promise.resolve(resumed.upload);
  }

  write(index: number, bytes: Uint8Array, partSize: number): Promise<void> {
    const written = this.#attempt(async () => {
      const upload = await (this.#upload ??= this.#open(partSize));
      if (isSamePart(this.#there.get(index), bytes)) return false;
      await upload.write(index, bytes);
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
    if (!this.#keepsParts || upload?.id === undefined) await upload?.abort();
  }

  async #open(partSize: number): Promise<Upload> {
    const upload = await this.target.open(this.#name, { ...this.#putOptions(), partSize });
    if (upload.id !== undefined) this.#options.onOpened?.(this.target.id, this.#name, upload.id, partSize);
    return upload;
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T | null> {
    await this.#line.slot.take(1);
    try {
      if (this.#isOver()) return null;
      return await work();
    } catch (error) {
      this.#failed = true;
      if (this.#line.signal.aborted) return null;
      this.#line.stop.abort(error);
      this.#options.onFailure(this.target.id, error);
      return null;
    } finally {
      this.#line.slot.give(1);
    }
  }

  #isOver(): boolean {
    return this.#failed || this.#options.signal.aborted || this.#options.isGivenUp(this.target.id);
  }

  #putOptions(): PutOptions {
    return { temperature: this.#options.temperature, signal: this.#line.signal };
  }
}

/** A part that the target gave a checksum of is compared; one without is taken for what it should be by its size. */
function isSamePart(there: { size: number; checksum?: string } | undefined, bytes: Uint8Array): boolean {
  if (there?.size !== bytes.length) return false;
  const [kind, value] = (there.checksum ?? '').split(':');
  return (kind !== 'md5' && kind !== 'sha256') || value === hash(kind, bytes);
}
