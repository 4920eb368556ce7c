/** What was stored when: by snapshot, day or month. */
import type { StoredByRun } from '../../catalog/growth.ts';
import type { Snapshot } from '../../catalog/snapshots.ts';

export type Period = 'snapshot' | 'day' | 'month';

export interface Growth {
  source: string;
  /** The id of the run of a snapshot, `2026-11-20`, `2026-11`; local time. Empty for what is in no snapshot yet. */
  period: string;
  /** Null as the period is empty. */
  last: Snapshot | null;
  snapshots: number;
  /** Bytes of the last snapshot. */
  original: number;
  /** As in StoredByRun: what was added. */
  deduplicated: number;
  compressed: number;
  stored: number;
  /** On all targets, with everything before. */
  storedInAll: number;
}

/** Of one source, the oldest first. What was stored by a run whose snapshot is not there any more counts for the next one. */
export function growthOf(source: string, snapshots: readonly Snapshot[], stored: readonly StoredByRun[], by: Period): Growth[] {
  const rows: Growth[] = [];
  const begin = (period: string): Growth => {
    const known = rows.at(-1);
    if (known?.period === period) return known;
    const row: Growth = { source, period, last: null, snapshots: 0, original: 0, deduplicated: 0, compressed: 0, stored: 0, storedInAll: 0 };
    rows.push(row);
    return row;
  };
  const runs = stored.filter((one) => one.source === source);
  let next = 0;
  let sum = 0;
  const take = (row: Growth, isDue: (run: string) => boolean): void => {
    for (let one = runs[next]; one && isDue(one.run); one = runs[++next]) {
      row.deduplicated += one.deduplicated;
      row.compressed += one.compressed;
      row.stored += one.stored;
      sum += one.stored;
    }
    row.storedInAll = sum;
  };
  for (const snapshot of snapshots) {
    const row = begin(periodOf(snapshot, by));
    Object.assign(row, { last: snapshot, snapshots: row.snapshots + 1, original: snapshot.bytes });
    take(row, (run) => run <= snapshot.run);
  }
  if (next < runs.length) take(begin(''), () => true);
  return rows;
}

function periodOf({ run, time }: Snapshot, by: Period): string {
  if (by === 'snapshot') return run;
  const at = new Date(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  const month = `${at.getFullYear()}-${two(at.getMonth() + 1)}`;
  return by === 'month' ? month : `${month}-${two(at.getDate())}`;
}
