/** Each row with its value, and whether it is kept. */
import type { Program } from './programs.ts';
import type { Results } from './results.ts';
import type { Row } from './row.ts';

export interface Judged {
  row: Row;
  value: number | undefined;
  /** `kept`, `NOT KEPT`, or why it was left out. */
  verdict: string;
}

export function judge(rows: readonly Row[], results: Results, missing: (row: Row) => readonly Program[]): Judged[] {
  return rows.map((row) => {
    const value = row.value(results);
    const verdict = value === undefined ? `left out, for want of ${missing(row).join(', ')}` : value <= row.limit ? 'kept' : 'NOT KEPT';
    return { row, value, verdict };
  });
}
