/** Sizes, durations, times and money: read from a plan, and written the way a person reads them. */
import { BatError } from './bat-error.ts';

const sizeUnits: Record<string, number> = {
  b: 1, '': 1,
  k: 1e3, kb: 1e3, m: 1e6, mb: 1e6, g: 1e9, gb: 1e9, t: 1e12, tb: 1e12,
  kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40,
};
const durationUnits: Record<string, number> = { ms: 1, s: 1e3, min: 6e4, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };

/** What a size looks like, for JSON Schema. */
export const sizePattern = '^\\s*\\d+(\\.\\d+)?\\s*([kKmMgGtT]?[bB]|[kKmMgGtT]i[bB]|[kKmMgGtT])?\\s*$';
/** What a duration looks like, for JSON Schema. */
export const durationPattern = '^\\s*\\d+(\\.\\d+)?\\s*(ms|s|min|m|h|d|w)\\s*$';

/** What a rate looks like, for JSON Schema: bytes or bits a second. A lower-case `b` alone could mean either, and is refused. */
export const ratePattern = '^\\s*\\d+(\\.\\d+)?\\s*([kKMG]?B|[KMG]iB|[kKMG]?bit)/s\\s*$';

/** Bytes of `128MiB`, `1.5 GB`, `4096`. Throws PLAN_INVALID for anything else. */
export function parseSize(text: string | number): number {
  if (typeof text === 'number') return text;
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const unit = match && sizeUnits[match[2]!.toLowerCase()];
  if (!match || unit === null || unit === undefined) {
    throw new BatError('PLAN_INVALID', `"${text}" is not a size.`, { hint: 'Write a number and a unit, such as 128MiB or 1.5GB.' });
  }
  return Math.round(Number(match[1]) * unit);
}

/** Bytes a second of `2MiB/s`, `500KB/s`, `8Mbit/s`. Throws PLAN_INVALID for anything else. */
export function parseRate(text: string): number {
  if (!new RegExp(ratePattern).test(text)) {
    throw new BatError('PLAN_INVALID', `"${text}" is not a rate.`, { hint: 'Write a number and a unit, such as 2MiB/s, 500KB/s or 8Mbit/s.' });
  }
  const amount = text.trim().slice(0, -'/s'.length);
  return amount.endsWith('bit') ? parseSize(amount.replace('bit', 'B')) / 8 : parseSize(amount);
}

/** Milliseconds of `90s`, `6h`, `2d`. Throws PLAN_INVALID for anything else. */
export function parseDuration(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(text);
  const unit = match && durationUnits[match[2]!.toLowerCase()];
  if (!match || unit === null || unit === undefined) {
    throw new BatError('PLAN_INVALID', `"${text}" is not a duration.`, { hint: 'Write a number and a unit, such as 30s, 5min, 6h or 2d.' });
  }
  return Number(match[1]) * unit;
}

/** `1.2 GiB`: three significant digits at most, no decimals for bytes. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || Math.abs(value) >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** `2.0 MiB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** `3 min`, `1 h 20 min`, `450 ms`: two units at most. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 10) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (seconds < 60) return `${seconds} s`;
  const parts: [number, string][] = [
    [Math.floor(seconds / 86400), 'd'],
    [Math.floor((seconds % 86400) / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'min'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** `48 h`: what is known by its hours; shorter times as `formatDuration` has them. */
export function formatHours(milliseconds: number): string {
  const hours = milliseconds / 3_600_000;
  return Number.isInteger(hours) ? `${hours} h` : formatDuration(milliseconds);
}

/** `12,345`; for whole numbers. By hand: JavaScript's own way makes a run 5 MB larger, by tables of all languages. */
export function formatNumber(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 file`, `12,345 files`. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`;
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const momentStep = 5 * 60_000;

/** `Sat 21 Nov, 09:00`: a time to come back at, in the zone of this machine, never too early; to five minutes. */
export function formatMoment(time: Date): string {
  const later = new Date(Math.ceil(time.getTime() / momentStep) * momentStep);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${weekdays[later.getDay()]} ${later.getDate()} ${months[later.getMonth()]}, ${two(later.getHours())}:${two(later.getMinutes())}`;
}

/** `$1.23`, `< $0.01`. `currency`: three letters, ISO 4217. */
export function formatMoney(amount: number, currency: string): string {
  const format = new Intl.NumberFormat('en-US', { style: 'currency', currency });
  const least = 10 ** -(format.resolvedOptions().maximumFractionDigits ?? 2);
  return amount > 0 && amount < least ? `< ${format.format(least)}` : format.format(amount);
}
