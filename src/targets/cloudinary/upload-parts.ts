/** The parts of an object on its way, by their numbers: what is stored, and what may lie there besides. */
import type { Part } from './parts-list.ts';

export class UploadParts {
  /** Their size and MD5 are those that the service told. */
  readonly #stored: Map<number, Part>;
  /** Those of them that this process sent. */
  readonly #sent = new Set<number>();
  /** May lie there, whether or not it was confirmed. */
  readonly #tried: Set<number>;

  /** `stored`, `tried`: of an upload that is taken up. */
  constructor(stored: ReadonlyMap<number, Part> = new Map(), tried: Iterable<number> = []) {
    this.#stored = new Map(stored);
    this.#tried = new Set([...stored.keys(), ...tried]);
  }

  get tried(): ReadonlySet<number> {
    return this.#tried;
  }

  /** A sender's part is sent again as a whole, though only one of its assets may have failed. */
  has(number: number, md5: string): boolean {
    return this.#stored.get(number)?.md5 === md5;
  }

  /** About to be sent. What lies there under the number is sure no more. */
  begin(number: number): void {
    this.#tried.add(number);
    this.#stored.delete(number);
  }

  confirm(number: number, part: Part): void {
    this.#sent.add(number);
    this.#stored.set(number, part);
  }

  /** Those that make an object of this size, and the numbers that lie beyond its end; null if they do not come to that size. */
  ofSize(size: number): { parts: Part[]; beyond: number[] } | null {
    const parts: Part[] = [];
    let sum = 0;
    while (sum < size) {
      const part = this.#stored.get(parts.length);
      if (!part) return null;
      parts.push(part);
      sum += part.size;
    }
    const beyond = [...this.#tried].filter((number) => number >= parts.length);
    return sum === size && !beyond.some((number) => this.#sent.has(number)) ? { parts, beyond } : null;
  }
}
