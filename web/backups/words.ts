/** Times and outcomes in words. */
import type { Outcome, TargetOverview } from './api.ts';

const times = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const steps: [Intl.RelativeTimeFormatUnit, number][] = [['year', 31_557_600], ['month', 2_629_800], ['week', 604_800], ['day', 86_400], ['hour', 3600], ['minute', 60]];

/** `20 Nov 2026, 18:00` of an ISO time or of seconds since 1970. */
export function formatWhen(time: string | number): string {
  const date = new Date(typeof time === 'number' ? time * 1000 : time);
  return Number.isNaN(date.getTime()) ? 'at an unknown time' : times.format(date);
}

/** `3 days ago`. */
export function formatAgo(time: string): string {
  const seconds = (new Date(time).getTime() - Date.now()) / 1000;
  const [unit, length] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  return relative.format(Math.round(seconds / length), unit);
}

export const outcomeWords: Record<Outcome, string> = {
  done: 'done',
  partly: 'done in part',
  failed: 'failed',
  unfinished: 'not finished: killed, or still running',
};

export function verifyWords(verify: TargetOverview['verify']): string {
  if (!verify) return 'never verified';
  const found = verify.damaged === 0 ? 'all sound' : `${verify.damaged} damaged`;
  return `verified ${formatAgo(verify.time)}, ${found}`;
}

export function drillWords(drill: TargetOverview['drill']): string {
  if (!drill) return 'no drill yet';
  return drill.isOk ? `drill ${formatAgo(drill.time)}, ${drill.files} files came back` : `drill ${formatAgo(drill.time)} failed: ${drill.failures} of ${drill.files} files did not come back`;
}

/** What may not be Unicode is shown with signs in its place. */
export const shown = (name: string): string => name.toWellFormed();
