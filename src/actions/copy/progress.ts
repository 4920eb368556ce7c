/** How far a copy is, told a few times a second. */
import { performance } from 'node:perf_hooks';
import type { Emit } from '../../core/events.ts';

const betweenProgress = 200;

export class CopyProgress {
  readonly #emit: Emit;
  readonly #total: { objects: number; bytes: number };
  #objects = 0;
  #bytes = 0;
  #shown = -Infinity;

  constructor(emit: Emit, total: { objects: number; bytes: number }) {
    this.#emit = emit;
    this.#total = total;
  }

  sent(bytes: number): void {
    this.#bytes += bytes;
    this.#show();
  }

  /** An object has been copied, or could not be. */
  done(): void {
    this.#objects++;
    this.#show();
  }

  end(): void {
    this.#shown = -Infinity;
    this.#show();
  }

  #show(): void {
    const now = performance.now();
    if (now - this.#shown < betweenProgress) return;
    this.#shown = now;
    this.#emit({ type: 'copy-progress', objects: this.#objects, totalObjects: this.#total.objects, bytes: this.#bytes, totalBytes: this.#total.bytes });
  }
}
