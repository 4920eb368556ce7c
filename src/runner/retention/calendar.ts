/** Which hour, day, week, month and year a moment belongs to, by the calendar of a place. */
import type { Period } from '../../plan/retention.ts';

/** By period: `2026-11-18 14:00`, `2026-11-18`, `2026-W47`, `2026-11`, `2026`. Weeks are those of ISO 8601, and so are their years. */
export type Calendar = (time: Date) => Readonly<Record<Period, string>>;

const dayLength = 24 * 3_600_000;

/** `timezone` as IANA names it; null for that of this machine. */
export function calendarOf(timezone: string | null): Calendar {
  const format = new Intl.DateTimeFormat('en-US', {
    ...(timezone === null ? {} : { timeZone: timezone }),
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
  });
  return (time) => {
    const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, value]));
    const [year, month, day, hour] = (['year', 'month', 'day', 'hour'] as const).map((part) => parts.get(part)!);
    const date = `${year}-${month}-${day}`;
    return { hourly: `${date} ${hour}:00`, daily: date, weekly: weekOf(Number(year), Number(month), Number(day)), monthly: `${year}-${month}`, yearly: year! };
  };
}

/** A week belongs to the year that its Thursday lies in. */
function weekOf(year: number, month: number, day: number): string {
  const date = Date.UTC(year, month - 1, day);
  const weekday = (new Date(date).getUTCDay() + 6) % 7;
  const thursday = new Date(date + (3 - weekday) * dayLength);
  const ofYear = Math.floor((thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / (7 * dayLength)) + 1;
  return `${thursday.getUTCFullYear()}-W${String(ofYear).padStart(2, '0')}`;
}
