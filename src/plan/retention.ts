/** Which snapshots a plan keeps: what it may write under `retention`, and what comes of it. */
import { tagPattern } from '../core/tags.ts';
import { durationPattern, parseDuration } from '../core/units.ts';
import { below, type Finding } from './mistake.ts';
import type { Schema } from './schema-walk.ts';
import { isMap, quote } from './words.ts';

/** From the shortest to the longest. */
export const periods = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

export type Period = (typeof periods)[number];

export interface Retention {
  /** The newest ones; 0 for none, Infinity for all. */
  last: number;
  /** The newest of each of so many periods that have a snapshot. */
  counts: Readonly<Record<Period, number>>;
  /** Everything that is at most so old when the newest was made: milliseconds, and the words of the plan. */
  within: { time: number; text: string } | null;
  /** Snapshots with one of these tags are kept for ever. */
  keepTags: readonly string[];
  /** By whose calendar periods are counted, as IANA names it; null for that of this machine. */
  timezone: string | null;
}

type RetentionOptions = Partial<Record<Period | 'last', number | 'all'>> & { within?: string; 'keep-tags'?: string | string[]; timezone?: string };

const counted = (description: string, example: number): Schema => ({ description, anyOf: [{ type: 'integer', minimum: 1 }, { const: 'all' }], examples: [example, 'all'] });

/** One of these must be there: tags alone say nothing of the snapshots that have none. */
const rules = ['last', ...periods, 'within'];

export const retentionSchema: Schema = {
  description: 'Which snapshots are kept, counted for each source; a run forgets the others once it has stored a new one, and removes what only they needed. Without it every snapshot is kept.',
  type: 'object',
  additionalProperties: false,
  examples: [{ last: 3, daily: 7, weekly: 4, monthly: 12 }],
  properties: {
    last: counted('The newest snapshots. With 1 the new backup replaces the old one.', 3),
    hourly: counted('The newest snapshot of each of so many hours.', 24),
    daily: counted('The newest snapshot of each of so many days.', 7),
    weekly: counted('The newest snapshot of each of so many weeks; they begin on Monday.', 4),
    monthly: counted('The newest snapshot of each of so many months.', 12),
    yearly: counted('The newest snapshot of each of so many years.', 3),
    within: { description: 'Every snapshot that is at most so much older than the newest one.', type: 'string', pattern: durationPattern, examples: ['30d'] },
    'keep-tags': {
      description: 'Snapshots with this tag, or one of these, are kept for ever. `bat run --tag` and `bat snapshots tag` give them.',
      anyOf: [{ type: 'string', pattern: tagPattern }, { type: 'array', minItems: 1, items: { type: 'string', pattern: tagPattern } }],
      examples: ['release', ['release', 'before-upgrade']],
    },
    timezone: { description: 'By whose calendar hours, days, weeks, months and years are counted. Default: that of this machine.', type: 'string', minLength: 1, examples: ['Europe/Berlin', 'UTC'] },
  },
};

/** What the schema cannot say. `pointer` leads to the `retention` itself; `isUnknown`: nothing is known of the value there. */
export function retentionFindings(value: unknown, pointer: string, isUnknown: (pointer: string) => boolean): Finding[] {
  if (!isMap(value)) return [];
  const findings: Finding[] = [];
  const { timezone } = value;
  const place = below(pointer, 'timezone');
  if (typeof timezone === 'string' && timezone !== '' && !isUnknown(place) && !isTimezone(timezone)) {
    findings.push({ pointer: place, message: `${quote(timezone)} is no time zone.`, expected: 'a name such as Europe/Berlin or UTC' });
  }
  if (!rules.some((rule) => Object.hasOwn(value, rule))) {
    findings.push({ pointer, message: 'The retention does not say what to keep.', expected: '{ last: 3, daily: 7, weekly: 4, monthly: 12 }, or any of these', hint: 'To keep everything, leave `retention` out, or write { last: all }.' });
  }
  return findings;
}

/** `options` has passed its checks. */
export function resolveRetention(options: unknown): Retention | null {
  if (!isMap(options)) return null;
  const { last, within, 'keep-tags': keepTags, timezone, ...written } = options as RetentionOptions;
  const countOf = (count: number | 'all' | undefined): number => (count === 'all' ? Infinity : (count ?? 0));
  return {
    last: countOf(last),
    counts: { hourly: countOf(written.hourly), daily: countOf(written.daily), weekly: countOf(written.weekly), monthly: countOf(written.monthly), yearly: countOf(written.yearly) },
    within: within === undefined ? null : { time: parseDuration(within), text: within.trim() },
    keepTags: [keepTags ?? []].flat(),
    timezone: timezone ?? null,
  };
}

/** `last 3, daily 7, within 30d, tag release`. */
export function describeRetention({ last, counts, within, keepTags }: Retention): string {
  const parts = [['last', last] as const, ...periods.map((period) => [period, counts[period]] as const)];
  return [
    ...parts.filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count === Infinity ? 'all' : count}`),
    ...(within ? [`within ${within.text}`] : []),
    ...keepTags.map((tag) => `tag ${tag}`),
  ].join(', ');
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
