/** The one retry policy: how often, how long between, how long in all. */
import { BatError } from './errors.ts';
import { durationPattern, formatDuration, parseDuration } from './units.ts';
import { wait } from './wait.ts';

export interface RetryPolicy {
  /** Tries in all, the first one included. */
  attempts: number;
  /** Milliseconds before the second try; doubled each time, with jitter. */
  wait: number;
  /** Never longer than this between two tries, unless the other side asks for more. */
  maxWait: number;
  /** Give up when it has failed for so long, whatever `attempts` says. */
  within: number;
  /** `within` is the patience of whoever waits, and not the plan's: the plan may well allow more. */
  isHurried?: true;
}

/** The same with no more time than `within` milliseconds. */
export function hurried(policy: RetryPolicy, within: number): RetryPolicy {
  return within < policy.within ? { ...policy, within, isHurried: true } : policy;
}

/** The policy as a plan writes it. */
export interface RetryOptions {
  attempts?: number | 'forever';
  wait?: string;
  'max-wait'?: string;
  for?: string;
}

export const defaultRetry: RetryPolicy = { attempts: 5, wait: 1000, maxWait: 60_000, within: Infinity };

/** Milliseconds. Limits of a day are known; what asks for more is no limit but a mistake, and a run would hold its lock for ever. */
const longestAsked = 25 * 3_600_000;

export const retrySchema = {
  description: 'How often a failed operation is tried again. Only failures that may pass are: never a wrong key or a full disk.',
  type: 'object',
  additionalProperties: false,
  examples: [{ attempts: 8, wait: '2s', 'max-wait': '5min', for: '6h' }],
  properties: {
    attempts: {
      description: 'Tries in all, the first included, or "forever". Default: 5, or "forever" where `for` is given.',
      oneOf: [{ type: 'integer', minimum: 1 }, { const: 'forever' }],
      examples: [8, 'forever'],
    },
    wait: { description: 'Time before the second try; it doubles with each further one. Default: 1s.', type: 'string', pattern: durationPattern, examples: ['2s'] },
    'max-wait': { description: 'The longest time between two tries, unless a server asks for more. Default: 1min.', type: 'string', pattern: durationPattern, examples: ['5min'] },
    for: { description: 'Give up when it has failed for this long.', type: 'string', pattern: durationPattern, examples: ['6h'] },
  },
} as const;

/** What the options leave out is as `base` has it. */
export function retryPolicy(options: RetryOptions | undefined, base: RetryPolicy = defaultRetry): RetryPolicy {
  if (!options) return base;
  const attempts = options.attempts ?? (options.for ? 'forever' : base.attempts);
  return {
    attempts: attempts === 'forever' ? Infinity : attempts,
    wait: options.wait ? parseDuration(options.wait) : base.wait,
    maxWait: options['max-wait'] ? parseDuration(options['max-wait']) : base.maxWait,
    within: options.for ? parseDuration(options.for) : base.within,
  };
}

/** What has happened to a call so far. */
export interface Failed {
  error: unknown;
  /** Tries, this one included. */
  attempt: number;
  /** Milliseconds since it failed first. */
  failingFor: number;
}

export interface NextTry {
  error: BatError;
  attempt: number;
  /** Milliseconds to wait. */
  wait: number;
  /** Tries there can be in all, if the policy has a number. */
  attempts?: number;
  /** Milliseconds that are left of the policy's time after the wait, if it has one. */
  left?: number;
}

/**
 * When a call that failed is tried again. Throws the failure if it is not: because it does not pass, the policy is used up, or
 * the other side asks for more time than is left. The other side is never asked before the time it named.
 */
export function nextTry(policy: RetryPolicy, { error, attempt, failingFor }: Failed): NextTry {
  if (!(error instanceof BatError) || !error.transient || attempt >= policy.attempts) throw error;
  const left = Math.floor(policy.within - failingFor);
  const asked = error.retryAfter ?? 0;
  if (left <= 0) throw error;
  if (asked > Math.min(left, longestAsked)) throw tooLong(error, asked, left, policy);
  const pause = Math.min(Math.max(backOff(policy, attempt), asked), left);
  return {
    error,
    attempt,
    wait: pause,
    ...(policy.attempts === Infinity ? {} : { attempts: policy.attempts }),
    ...(policy.within === Infinity ? {} : { left: left - pause }),
  };
}

export interface RetryHooks {
  signal?: AbortSignal | undefined;
  /** Told before each wait. */
  onRetry?: (next: NextTry) => void;
}

/** Runs `action` until it succeeds, fails for good, or the policy is used up; then throws the last error. */
export async function retry<T>(policy: RetryPolicy, action: () => Promise<T>, { signal, onRetry }: RetryHooks = {}): Promise<T> {
  let failedAt: number | null = null;
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await action();
    } catch (error) {
      failedAt ??= performance.now();
      const next = nextTry(policy, { error, attempt, failingFor: performance.now() - failedAt });
      signal?.throwIfAborted();
      onRetry?.(next);
      await wait(next.wait, signal);
    }
  }
}

/** Doubled each time; up to a quarter less, so that those who failed together do not come back together. */
function backOff({ wait: first, maxWait }: RetryPolicy, attempt: number): number {
  const doubled = Math.min(maxWait, first * 2 ** Math.min(attempt - 1, 50));
  return Math.ceil(doubled * (1 - Math.random() / 4));
}

function tooLong(error: BatError, asked: number, left: number, { within, isHurried }: RetryPolicy): BatError {
  const when = `It can be tried again in ${formatDuration(asked)}`;
  const planned = `${when}, and \`retry: { for: ${formatDuration(within)} }\` leaves ${formatDuration(left)} for that: run it again then, or allow more time in the plan.`;
  const hint = isHurried || left > longestAsked ? `${when}; so long is not waited for here. Call it again then.` : planned;
  return new BatError(error.code, error.message, { hint, cause: error, ...(error.subject === undefined ? {} : { subject: error.subject }) });
}
