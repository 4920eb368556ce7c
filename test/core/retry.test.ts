import { describe, expect, test, vi } from 'vitest';
import { BatError } from '../../src/core/errors.ts';
import type { NextTry, RetryPolicy } from '../../src/core/retry.ts';
import { defaultRetry, hurried, nextTry, retry, retryPolicy } from '../../src/core/retry.ts';
import { wait } from '../../src/core/wait.ts';

const policy = { attempts: 4, wait: 1, maxWait: 2, within: Infinity };
const passing = (): BatError => new BatError('TARGET_UNREACHABLE', 'the line dropped', { transient: true });

test('what may pass is tried again, and each wait is told', async () => {
  const told: number[] = [];
  let calls = 0;
  const action = async (): Promise<string> => {
    if (++calls < 3) throw passing();
    return 'done';
  };
  expect(await retry(policy, action, { onRetry: ({ attempt }) => void told.push(attempt) })).toBe('done');
  expect({ calls, told }).toEqual({ calls: 3, told: [1, 2] });
});

test('when the tries are used up, the last error is thrown', async () => {
  const action = vi.fn(() => Promise.reject(passing()));
  await expect(retry(policy, action)).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE' });
  expect(action).toHaveBeenCalledTimes(4);
});

test.each([new BatError('TARGET_FULL', 'no space'), new TypeError('a bug')])('what does not pass is thrown at once: %s', async (error) => {
  const action = vi.fn(() => Promise.reject(error));
  await expect(retry(policy, action)).rejects.toBe(error);
  expect(action).toHaveBeenCalledTimes(1);
});

test('a signal ends the waiting', async () => {
  const controller = new AbortController();
  const reason = new Error('stopped');
  const waiting = retry({ ...policy, wait: 1_000_000, maxWait: 1_000_000 }, () => Promise.reject(passing()), { signal: controller.signal, onRetry: () => controller.abort(reason) });
  await expect(waiting).rejects.toBe(reason);
});

test('the policy of a plan, over its base', () => {
  expect(retryPolicy(undefined)).toBe(defaultRetry);
  expect(retryPolicy({ attempts: 8, wait: '2s', 'max-wait': '5min' })).toEqual({ attempts: 8, wait: 2000, maxWait: 300_000, within: Infinity });
  expect(retryPolicy({ for: '6h' })).toMatchObject({ attempts: Infinity, within: 21_600_000 });
  expect(retryPolicy({ attempts: 'forever' })).toMatchObject({ attempts: Infinity });
});

test('the time of the policy runs from the first failure, and its end is the last try', async () => {
  vi.useFakeTimers();
  try {
    const action = vi.fn(async () => {
      await wait(10_000.5);
      throw passing();
    });
    const told: NextTry[] = [];
    const outcome = retry({ attempts: Infinity, wait: 8000, maxWait: 8000, within: 20_000 }, action, { onRetry: (next) => told.push(next) }).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(await outcome).toMatchObject({ message: 'the line dropped', transient: true });
    expect(told.map(({ left }) => left! > 0)).toEqual([true, false]);
    expect(told[1]!.wait).toBeLessThanOrEqual(4000);
    expect(action).toHaveBeenCalledTimes(3);
  } finally {
    vi.useRealTimers();
  }
});

test('waits double, up to the longest, and are never longer', () => {
  for (const [attempt, longest] of [[1, 1000], [2, 2000], [3, 4000], [4, 5000], [5000, 5000]] as const) {
    const { wait } = nextTry({ attempts: Infinity, wait: 1000, maxWait: 5000, within: Infinity }, { error: passing(), attempt, failingFor: 0 });
    expect(wait).toBeLessThanOrEqual(longest);
    expect(wait).toBeGreaterThanOrEqual(0.75 * longest);
  }
});

describe('what a server asks for', () => {
  const asking = (retryAfter: number): BatError => new BatError('TARGET_FAILED', 'Too many calls.', { transient: true, retryAfter });

  test('is waited out, longer than the policy would', () => {
    const next = nextTry({ ...policy, within: 600_000 }, { error: asking(90_000), attempt: 1, failingFor: 60_000 });
    expect(next).toMatchObject({ wait: 90_000, left: 450_000, attempts: 4 });
    expect(nextTry({ ...policy, wait: 8000, maxWait: 8000 }, { error: asking(10), attempt: 1, failingFor: 0 }).wait).toBeGreaterThanOrEqual(6000);
  });

  test('fails at once if it is more than the policy has left, and says when it can be tried', () => {
    const attempt = (): NextTry => nextTry({ ...policy, within: 600_000 }, { error: asking(3_600_000), attempt: 1, failingFor: 60_000 });
    expect(attempt).toThrow(expect.objectContaining({ code: 'TARGET_FAILED', message: 'Too many calls.', transient: false, hint: expect.stringMatching(/tried again in 1 h, .*for: 10 min.* leaves 9 min/) as string }) as Error);
  });
});

test('what asks for more than a day is not waited for, however much time there is', () => {
  const after = (hours: number): BatError => new BatError('TARGET_FAILED', 'busy', { transient: true, retryAfter: hours * 3_600_000 });
  expect(nextTry(defaultRetry, { error: after(24), attempt: 1, failingFor: 0 })).toMatchObject({ wait: 24 * 3_600_000 });
  let thrown: unknown;
  try {
    nextTry(defaultRetry, { error: after(1e9), attempt: 1, failingFor: 0 });
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: 'TARGET_FAILED', message: 'busy', transient: false, hint: 'It can be tried again in 41666666 d 16 h; so long is not waited for here. Call it again then.' });
});

test('who waits for less time than the plan allows is not told to change the plan', () => {
  const error = new BatError('TARGET_FAILED', 'busy', { transient: true, retryAfter: 3_600_000 });
  const hintOf = (policy: RetryPolicy): unknown => {
    try {
      return nextTry(policy, { error, attempt: 1, failingFor: 0 });
    } catch (thrown) {
      return (thrown as BatError).hint;
    }
  };
  const planned = { ...defaultRetry, within: 120_000 };
  expect(hintOf(planned)).toContain('allow more time in the plan');
  expect(hintOf(hurried(planned, 600_000))).toContain('allow more time in the plan');
  expect(hintOf(hurried(planned, 60_000))).toBe('It can be tried again in 1 h; so long is not waited for here. Call it again then.');
});
