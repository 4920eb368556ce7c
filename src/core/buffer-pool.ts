/**
 * Buffers of one size, used over and over: a fresh one for every frame or part would make the garbage collector the
 * costliest step of a run. One that is never given back is merely collected.
 */
export class BufferPool {
  readonly #size: number;
  readonly #kept: number;
  readonly #free: Buffer[] = [];

  /** Keeps at most `kept` free buffers of `size` bytes. */
  constructor(size: number, kept: number) {
    this.#size = size;
    this.#kept = kept;
  }

  /** Its content is whatever was there before. */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#size);
  }

  /** Only for one who holds it alone, and never twice. */
  give(buffer: Buffer): void {
    if (this.#free.length < this.#kept) this.#free.push(buffer);
  }
}
