/** What was measured: by what was done, round for round. */
import type { Figures } from './measure.ts';

/** Seconds and bytes. Not every measurement has all. */
export interface Round extends Partial<Figures> {
  /** Bytes that it added to the store. */
  stored?: number;
  /** Bytes that went to a server and came from it. */
  transferred?: number;
  /** Bytes that the installed package takes on the disk. */
  installed?: number;
}

export type Field = keyof Round;

/** What was done, and by whom: `mixed/first/bat`. */
export type Key = `${string}/${string}/${string}`;

export class Results {
  readonly #rounds = new Map<Key, Round[]>();
  readonly #told: (key: Key, round: Round) => void;

  /** @param told hears of each round when it is over */
  constructor(told: (key: Key, round: Round) => void = () => {}) {
    this.#told = told;
  }

  add(key: Key, round: Round): void {
    this.#rounds.set(key, [...(this.#rounds.get(key) ?? []), round]);
    this.#told(key, round);
  }

  /** One figure of all rounds; none where it was not measured. */
  figures(key: Key, field: Field): number[] {
    return (this.#rounds.get(key) ?? []).flatMap((round) => round[field] ?? []);
  }

  all(): [Key, readonly Round[]][] {
    return [...this.#rounds];
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
