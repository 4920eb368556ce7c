/** Hours of the day, in the time of this machine's zone: `22:00-06:00` is a night. */
import { BatError } from './errors.ts';

/** Minutes since midnight. The end may lie before the beginning: then midnight is in between. */
export interface Hours {
  from: number;
  to: number;
}

const minutesOfDay = 24 * 60;

/** What hours look like, for JSON Schema. */
export const hoursPattern = '^\\s*([01]?\\d|2[0-3]):[0-5]\\d\\s*[-–]\\s*(([01]?\\d|2[0-3]):[0-5]\\d|24:00)\\s*$';

/** Of `22:00-06:00`. Throws PLAN_INVALID for anything else, and for hours that begin when they end. */
export function parseHours(text: string): Hours {
  const [from, to] = new RegExp(hoursPattern).test(text) ? text.split(/[-–]/).map(minutesOf) : [];
  if (from === undefined || to === undefined) throw new BatError('PLAN_INVALID', `"${text}" are no hours of the day.`, { hint: 'Write when they begin and end, such as 22:00-06:00.' });
  if (from === to) throw new BatError('PLAN_INVALID', `The hours "${text}" begin when they end.`, { hint: 'Leave `hours` out if any time will do.' });
  return { from, to };
}

/** `22:00-06:00`. */
export function formatHours({ from, to }: Hours): string {
  return `${timeOf(from)}-${timeOf(to)}`;
}

export function isWithin({ from, to }: Hours, time: Date): boolean {
  const minute = time.getHours() * 60 + time.getMinutes();
  return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

/** When the hours begin next after `time`. The zone's rules for summer and winter hold. */
export function nextStart({ from }: Hours, time: Date): Date {
  const today = new Date(time.getFullYear(), time.getMonth(), time.getDate(), 0, from);
  return today > time ? today : new Date(time.getFullYear(), time.getMonth(), time.getDate() + 1, 0, from);
}

function minutesOf(text: string): number {
  const [hours, minutes] = text.trim().split(':').map(Number);
  return hours! * 60 + minutes!;
}

function timeOf(minutes: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return minutes === minutesOfDay ? '24:00' : `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
