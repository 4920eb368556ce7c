/** Values of options: sizes, times, hashes. What is wrong with one is said as a mistake in the command line. */
import { InvalidArgumentError } from 'commander';
import { parseDuration, parseSize } from '../core/units.ts';

/** Bytes. */
export function sizeArgument(text: string): number {
  return orInvalid(() => parseSize(text), 'Write a number and a unit, such as 10MiB or 1.5GB.');
}

/** Milliseconds. */
export function durationArgument(text: string): number {
  return orInvalid(() => parseDuration(text), 'Write a number and a unit, such as 30s or 5min.');
}

/** Seconds since 1970 of a day, a time, or so long ago: `2026-01-01`, `2026-01-01T06:00`, `7d`. Local, unless the time names a zone. */
export function timeArgument(text: string): number {
  const advice = 'Write a day as 2026-01-01, a time as 2026-01-01T06:00, or how long ago, such as 7d.';
  if (!/^\d{4}-/.test(text)) return (Date.now() - orInvalid(() => parseDuration(text), advice)) / 1000;
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const time = new Date(isDay ? `${text}T00:00` : text.replace(' ', 'T')).getTime();
  if (Number.isNaN(time)) throw new InvalidArgumentError(advice);
  return time / 1000;
}

export function hashArgument(text: string): Buffer {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new InvalidArgumentError('A SHA-256 has 64 characters, 0-9 and a-f.');
  return Buffer.from(text, 'hex');
}

function orInvalid<T>(parse: () => T, advice: string): T {
  try {
    return parse();
  } catch {
    throw new InvalidArgumentError(advice);
  }
}
