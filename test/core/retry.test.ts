import { expect, test, vi } from 'vitest';
import { BatError } from '../../src/core/errors.ts';
import { defaultRetry, retry, retryPolicy } from '../../src/core/retry.ts';

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
