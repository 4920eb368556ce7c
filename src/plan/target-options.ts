/** What every target may say beside the options of its kind: how often it is tried, how fast and when it is used, how much at a time. */
import { BatError } from '../core/errors.ts';
import { formatHours, hoursPattern, parseHours } from '../core/hours.ts';
import type { Limits } from '../core/pace.ts';
import { retrySchema, type RetryOptions } from '../core/retry.ts';
import { formatBytes, formatRate, parseRate, ratePattern } from '../core/units.ts';
import type { TargetType } from '../targets/target.ts';
import { below, type Finding } from './mistake.ts';
import type { Schema } from './schema-walk.ts';

/** A target of a plan. */
export interface TargetSpec {
  id: string;
  type: TargetType<unknown>;
  /** Those of its kind, without `type` and without what every target may say. */
  options: Record<string, unknown>;
  retry?: RetryOptions | undefined;
  limits?: Limits | undefined;
  /** Calls at a time; what serves the target, if it is not given. */
  parallel?: number | undefined;
}

interface LimitOptions {
  upload?: string;
  download?: string;
  hours?: string;
}

/** Slower than this, a slice takes so long that a server takes the line for dead. */
const slowest = 4096;

export const limitSchema: Schema = {
  description: 'How fast and when the target is used.',
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  examples: [{ upload: '2MiB/s', hours: '22:00-06:00' }],
  properties: {
    upload: { description: 'The most that is sent to it in a second, over all that goes on at a time.', type: 'string', pattern: ratePattern, examples: ['2MiB/s', '8Mbit/s'] },
    download: { description: 'The most that is read from it in a second.', type: 'string', pattern: ratePattern, examples: ['10MiB/s'] },
    hours: {
      description: 'A run uses the target within these hours of the day, in local time. Outside of them it waits, also in the middle of an object. A restore or a listing, for which somebody waits, does not.',
      type: 'string',
      pattern: hoursPattern,
      examples: ['22:00-06:00'],
    },
  },
};

/** By the name of the option. */
export const targetOptionSchemas: Readonly<Record<string, Schema>> = {
  retry: { ...retrySchema, description: 'How often a call to it is tried again. What it leaves out is as the upload to it says, and then the plan.' },
  limit: limitSchema,
  parallel: { description: 'Calls to it at a time, at the most. Default: what serves this kind of target.', type: 'integer', minimum: 1, maximum: 64, examples: [2] },
};

/** `options` as a plan writes them, without `type`; they have passed their checks. */
export function resolveTarget(id: string, type: TargetType<unknown>, { retry, limit, parallel, ...options }: Record<string, unknown>): TargetSpec {
  const { upload, download, hours } = (limit ?? {}) as LimitOptions;
  const limits: Limits = {
    ...(upload === undefined ? {} : { upload: parseRate(upload) }),
    ...(download === undefined ? {} : { download: parseRate(download) }),
    ...(hours === undefined ? {} : { hours: parseHours(hours) }),
  };
  return {
    id,
    type,
    options,
    ...(retry === undefined ? {} : { retry: retry as RetryOptions }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(parallel === undefined ? {} : { parallel: parallel as number }),
  };
}

/** What the schema cannot say about the `limit` of a target. `pointer` leads to the target. */
export function limitFindings(limit: unknown, pointer: string): Finding[] {
  const { upload, download, hours } = (limit ?? {}) as Record<string, unknown>;
  const findings: Finding[] = [];
  for (const [key, rate] of Object.entries({ upload, download })) {
    if (typeof rate !== 'string' || !new RegExp(ratePattern).test(rate) || parseRate(rate) >= slowest) continue;
    findings.push({ pointer: below(pointer, 'limit', key), message: `${formatBytes(parseRate(rate))} a second is too slow to be kept to.`, hint: `Allow ${formatRate(slowest)} at least.` });
  }
  if (typeof hours === 'string' && new RegExp(hoursPattern).test(hours)) {
    try {
      parseHours(hours);
    } catch (error) {
      if (!(error instanceof BatError)) throw error;
      findings.push({ pointer: below(pointer, 'limit', 'hours'), message: error.message, hint: error.hint });
    }
  }
  return findings;
}

/** `up to 2.0 MiB/s sent`, `only 22:00-06:00`, `2 at a time`. */
export function describeLimits({ limits = {}, parallel }: Pick<TargetSpec, 'limits' | 'parallel'>): string[] {
  const { upload, download, hours } = limits;
  return [
    ...(upload === undefined ? [] : [`sends up to ${formatRate(upload)}`]),
    ...(download === undefined ? [] : [`reads up to ${formatRate(download)}`]),
    ...(hours === undefined ? [] : [`only ${formatHours(hours)}`]),
    ...(parallel === undefined ? [] : [`${parallel} at a time`]),
  ];
}
