/** Which snapshots have a version of an entry: of its numbers, those that there still are. */
import type { Snapshot } from './snapshots.ts';

export interface Span {
  first: Snapshot;
  last: Snapshot;
  /** How many snapshots have it, the first and the last among them. */
  count: number;
}

export class Spans {
  readonly #bySource = new Map<string, Snapshot[]>();

  /** `snapshots`: all that count. */
  constructor(snapshots: readonly Snapshot[]) {
    for (const snapshot of snapshots) {
      const known = this.#bySource.get(snapshot.source);
      if (known) known.push(snapshot);
      else this.#bySource.set(snapshot.source, [snapshot]);
    }
    for (const known of this.#bySource.values()) known.sort((a, b) => a.number - b.number);
  }

  get sources(): string[] {
    return [...this.#bySource.keys()].sort();
  }

  /** Oldest first. */
  snapshotsOf(source: string): readonly Snapshot[] {
    return this.#bySource.get(source) ?? [];
  }

  /** Null if no snapshot has what was there from number `since` up to, not including, `until`. */
  of(source: string, since: number, until: number | null): Span | null {
    const known = this.snapshotsOf(source);
    const from = countBelow(known, since);
    const to = until === null ? known.length : countBelow(known, until);
    const first = known[from];
    const last = known[to - 1];
    return to > from && first && last ? { first, last, count: to - from } : null;
  }
}

/** How many of them have a smaller number. */
function countBelow(known: readonly Snapshot[], number: number): number {
  let low = 0;
  let high = known.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (known[middle]!.number < number) low = middle + 1;
    else high = middle;
  }
  return low;
}
