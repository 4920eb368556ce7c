/** Which snapshots are kept, as the numbers by which entries know them. Pending ones are kept like all others. */
import type { Catalog } from './catalog.ts';

export class KeptNumbers {
  /** In their order, by source. */
  readonly #numbers = new Map<string, number[]>();

  /** `forget`: ids of snapshots that are to count as gone. */
  constructor(catalog: Catalog, forget: ReadonlySet<string>) {
    for (const row of catalog.each('SELECT id, source, number FROM snapshots ORDER BY source, number')) {
      if (forget.has(row['id'] as string)) continue;
      const source = row['source'] as string;
      const numbers = this.#numbers.get(source);
      if (numbers) numbers.push(row['number'] as number);
      else this.#numbers.set(source, [row['number'] as number]);
    }
  }

  /** Of the newest snapshot of a source that is kept; 0 if none is. */
  latest(source: string): number {
    return this.#numbers.get(source)?.at(-1) ?? 0;
  }

  /** Whether a kept snapshot has an entry that is there from `since` up to, not including, `until`. */
  has(source: string, since: number, until: number | null): boolean {
    const numbers = this.#numbers.get(source) ?? [];
    let low = 0;
    let high = numbers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (numbers[middle]! < since) low = middle + 1;
      else high = middle;
    }
    return low < numbers.length && (until === null || numbers[low]! < until);
  }
}
