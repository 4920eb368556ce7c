/** A year of runs, or of snapshots, day by day. */
import type { RunRecord } from '../../catalog/runs.ts';
import type { Calendar, Outcome } from './overview.ts';

const worstFirst: readonly Outcome[] = ['failed', 'unfinished', 'partly', 'done'];

/** Where a calendar that ends on this day begins: the day after, a year before. */
export function yearBefore(now: Date): Date {
  return new Date(now.getFullYear() - 1, now.getMonth(), now.getDate() + 1);
}

export function runCalendar(runs: readonly RunRecord[], now: Date): Calendar {
  return calendarOf('runs', runs.map((run) => ({ time: new Date(run.started), outcome: outcomeOf(run) })), now);
}

export function snapshotCalendar(times: readonly Date[], now: Date): Calendar {
  return calendarOf('snapshots', times.map((time) => ({ time, outcome: null })), now);
}

export function outcomeOf({ ended, exitCode }: RunRecord): Outcome {
  if (ended === null) return 'unfinished';
  if (exitCode === 0) return 'done';
  return exitCode === 3 || exitCode === 4 ? 'partly' : 'failed';
}

function calendarOf(of: Calendar['of'], events: readonly { time: Date; outcome: Outcome | null }[], now: Date): Calendar {
  const from = yearBefore(now);
  const byDay = new Map<string, { count: number; outcome: Outcome | null }>();
  for (const { time, outcome } of events) {
    if (Number.isNaN(time.getTime()) || time < from) continue;
    const known = byDay.get(dayOf(time));
    if (!known) byDay.set(dayOf(time), { count: 1, outcome });
    else Object.assign(known, { count: known.count + 1, outcome: worstFirst.find((one) => one === outcome || one === known.outcome) ?? null });
  }
  const days = [...byDay].map(([day, { count, outcome }]) => ({ day, count, outcome })).sort((one, other) => (one.day < other.day ? -1 : 1));
  return { of, from: dayOf(from), to: dayOf(now), days };
}

function dayOf(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}
