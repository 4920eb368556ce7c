/** Which snapshots of a source a policy keeps, and why: a pure function of the policy and the snapshots. */
import { periods, type Retention } from '../../plan/retention.ts';
import { calendarOf } from './calendar.ts';

/** What a decision depends on. */
export interface Candidate {
  id: string;
  /** Counts the snapshots of a source. */
  number: number;
  /** ISO 8601, UTC. */
  time: string;
  tags: readonly string[];
  protected: boolean;
}

export interface Decision<T extends Candidate = Candidate> {
  snapshot: T;
  keep: boolean;
  /** Everything that keeps it: `daily 3 of 7: 2026-11-18`, `tag release`, `protected`. Empty for one that is forgotten. */
  reasons: string[];
}

/**
 * `snapshots`: all of one source, in any order. The result is the oldest first. Periods count only where there is a snapshot,
 * and of each the newest is kept, so that a machine that was off for a month loses nothing by it. The newest of all is kept whatever the policy says.
 */
export function decide<T extends Candidate>(retention: Retention, snapshots: readonly T[]): Decision<T>[] {
  const newestFirst = snapshots.toSorted((one, other) => Date.parse(other.time) - Date.parse(one.time) || other.number - one.number);
  const latest = Math.max(...snapshots.map(({ number }) => number));
  // By its number: one that was made while the clock was ahead would leave nothing within.
  const newestTime = Date.parse(snapshots.find(({ number }) => number === latest)?.time ?? '');
  const calendar = calendarOf(retention.timezone);
  const seen = new Map(periods.map((period) => [period, new Set<string>()]));
  return newestFirst
    .map((snapshot, index): Decision<T> => {
      const reasons: string[] = [];
      if (snapshot.number === latest) reasons.push('the newest');
      if (snapshot.protected) reasons.push('protected');
      reasons.push(...snapshot.tags.filter((tag) => retention.keepTags.includes(tag)).map((tag) => `tag ${tag}`));
      if (index < retention.last) reasons.push(place('last', index + 1, retention.last));
      const time = new Date(snapshot.time);
      if (retention.within && newestTime - time.getTime() <= retention.within.time) reasons.push(`within ${retention.within.text}`);
      const names = calendar(time);
      for (const period of periods) {
        const before = seen.get(period)!;
        const most = retention.counts[period];
        if (before.size >= most || before.has(names[period])) continue;
        before.add(names[period]);
        reasons.push(`${place(period, before.size, most)}: ${names[period]}`);
      }
      return { snapshot, keep: reasons.length > 0, reasons };
    })
    .toReversed();
}

function place(rule: string, count: number, most: number): string {
  return most === Infinity ? rule : `${rule} ${count} of ${most}`;
}
