/** The one retry policy: how often, how long between, how long in all. */
import pRetry from 'p-retry';
import { BatError } from './errors.ts';
import { durationPattern, parseDuration } from './units.ts';

export interface RetryPolicy {
  /** Tries in all, the first one included. */
  attempts: number;
  /** Milliseconds before the second try; doubled each time, with jitter. */
  wait: number;
  /** Never longer than this between two tries. */
  maxWait: number;
  /** Give up after this long, whatever `attempts` says. */
  within: number;
}

/** The policy as a plan writes it. */
export interface RetryOptions {
  attempts?: number | 'forever';
  wait?: string;
  'max-wait'?: string;
  for?: string;
}

export const defaultRetry: RetryPolicy = { attempts: 5, wait: 1000, maxWait: 60_000, within: Infinity };

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
    'max-wait': { description: 'The longest time between two tries. Default: 1min.', type: 'string', pattern: durationPattern, examples: ['5min'] },
    for: { description: 'Give up after this time.', type: 'string', pattern: durationPattern, examples: ['6h'] },
  },
} as const;

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

export interface RetryHooks {
  signal?: AbortSignal | undefined;
  /** Told before each wait. */
  onRetry?: (failure: { error: BatError; attempt: number; wait: number }) => void;
}

/** Runs `action` until it succeeds, fails for good, or the policy is used up; then throws the last error. */
export async function retry<T>(policy: RetryPolicy, action: () => Promise<T>, hooks: RetryHooks = {}): Promise<T> {
  return pRetry(action, {
    retries: policy.attempts - 1,
    minTimeout: policy.wait,
    maxTimeout: policy.maxWait,
    factor: 2,
    randomize: true,
    maxRetryTime: policy.within,
    ...(hooks.signal ? { signal: hooks.signal } : {}),
    shouldRetry: ({ error }) => error instanceof BatError && error.transient,
    onFailedAttempt: ({ error, attemptNumber, retriesLeft, retryDelay }) => {
      if (retriesLeft > 0 && error instanceof BatError && error.transient) hooks.onRetry?.({ error, attempt: attemptNumber, wait: retryDelay });
    },
  });
}
