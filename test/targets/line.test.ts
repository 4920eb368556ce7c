/** What the calls to one target share while it does not answer, on a clock that the tests turn. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BatError } from '../../src/core/errors.ts';
import { describeEvent, describeRetry } from '../../src/core/event-text.ts';
import type { BatEvent } from '../../src/core/events.ts';
import { parseHours } from '../../src/core/hours.ts';
import { LimitedPace } from '../../src/core/pace.ts';
import type { RetryPolicy } from '../../src/core/retry.ts';
import { wait } from '../../src/core/wait.ts';
import type { LineOptions } from '../../src/targets/line.ts';
import { Line } from '../../src/targets/line.ts';

const minute = 60_000;
const hour = 60 * minute;
const policy: RetryPolicy = { attempts: Infinity, wait: 30_000, maxWait: minute, within: 6 * hour };

let events: BatEvent[];
/** What the target does with each call. */
let answer: () => Promise<unknown>;
let calls: number;

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(2026, 5, 1, 12) });
  events = [];
  calls = 0;
  answer = async () => 'done';
});
afterEach(() => void vi.useRealTimers());

const line = (changes: Partial<LineOptions> = {}): Line => new Line({ id: 'cloud', policy, emit: (event) => events.push(event), ...changes });
const work = async (): Promise<unknown> => {
  calls++;
  return answer();
};
const unreachable = (): BatError =>
  new BatError('TARGET_UNREACHABLE', 'Target "cloud" cannot be reached: the name is not known.', {
    transient: true,
    cause: new Error('fetch failed', { cause: Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }) }),
  });
const dropped = (): BatError => new BatError('TARGET_FAILED', 'Target "cloud" could not store a: the connection was cut.', { transient: true });
const down = async (): Promise<never> => {
  throw unreachable();
};
/** The outcome of a call, also if nobody waits for it yet. */
const settled = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);
const texts = (): (string | undefined)[] => events.map((event) => describeEvent(event)?.text);

describe('while the target does not answer', () => {
  it('an answer that is a refusal ends that, too, and it is said', async () => {
    answer = down;
    const shared = line();
    const outcome = settled(shared.call(work, undefined));
    await vi.advanceTimersByTimeAsync(0);
    answer = () => Promise.reject(new BatError('OBJECT_MISSING', 'There is no a.'));
    await vi.advanceTimersByTimeAsync(minute);
    expect(await outcome).toMatchObject({ code: 'OBJECT_MISSING' });
    expect(events.map(({ type }) => type)).toEqual(['retry', 'target-back']);
  });

  it('one call tries, the others wait for it, and one line is said', async () => {
    answer = down;
    const shared = line();
    const all = Promise.all([1, 2, 3, 4].map(() => shared.call(work, undefined)));
    await vi.advanceTimersByTimeAsync(0);
    expect(calls).toBe(4);
    expect(texts()).toEqual([expect.stringMatching(/^cloud: no answer \(the server's name was not found\); trying again in (2\d|30) s, for 5 h 59 min more$/)]);
    await vi.advanceTimersByTimeAsync(5 * minute);
    const tries = calls - 4;
    expect(tries).toBeGreaterThanOrEqual(4);
    expect(tries).toBeLessThanOrEqual(7);
    const late = shared.call(work, undefined);
    await vi.advanceTimersByTimeAsync(7 * minute);
    answer = async () => 'done';
    await vi.advanceTimersByTimeAsync(minute);
    expect(await Promise.all([all, late])).toEqual([Array(4).fill('done'), 'done']);
    const said = texts().filter((text) => text !== undefined);
    expect(said).toEqual([expect.stringContaining('no answer'), expect.stringContaining('no answer'), expect.stringMatching(/^cloud: back after 1[23] min/)]);
    expect(events.filter((event) => event.type === 'retry').every((event) => describeRetry(event).includes('no answer'))).toBe(true);
    expect(events.length).toBeGreaterThan(10);
  });

  it('all fail with it once the policy is used up, and the next call begins anew', async () => {
    answer = down;
    const shared = line({ policy: { ...policy, within: hour } });
    const all = [1, 2, 3].map(() => settled(shared.call(work, undefined)));
    await vi.advanceTimersByTimeAsync(hour - minute);
    const late = settled(shared.call(work, undefined));
    await vi.advanceTimersByTimeAsync(minute);
    const outcomes = await Promise.all([...all, late]);
    expect(outcomes[0]).toMatchObject({ code: 'TARGET_UNREACHABLE' });
    expect(new Set(outcomes).size).toBe(1);
    const before = calls;
    answer = async () => 'done';
    expect(await shared.call(work, undefined)).toBe('done');
    expect(calls).toBe(before + 1);
  });

  it('the others go on when the one that tried gets an answer, though it be no', async () => {
    answer = down;
    const shared = line();
    const trying = settled(shared.call(work, undefined));
    await vi.advanceTimersByTimeAsync(0);
    const held = shared.call(async () => 'stored', undefined);
    const missing = new BatError('OBJECT_MISSING', 'Target "cloud" has no a.');
    answer = () => Promise.reject(missing);
    await vi.advanceTimersByTimeAsync(minute);
    expect([await trying, await held]).toEqual([missing, 'stored']);
  });

  it('another call tries when the one that tried is broken off', async () => {
    answer = down;
    const shared = line();
    const controller = new AbortController();
    const first = settled(shared.call(work, controller.signal));
    await vi.advanceTimersByTimeAsync(0);
    const second = shared.call(work, undefined);
    controller.abort(new Error('stopped by the test'));
    expect(await first).toBe(controller.signal.reason);
    expect(calls).toBe(1);
    answer = async () => 'done';
    await vi.advanceTimersByTimeAsync(minute);
    expect(await second).toBe('done');
    expect(calls).toBe(2);
  });

  it('an interrupt ends all waits at once, and leaves no timer', async () => {
    answer = down;
    const shared = line();
    const controller = new AbortController();
    const all = [1, 2, 3].map(() => settled(shared.call(work, controller.signal)));
    await vi.advanceTimersByTimeAsync(10);
    controller.abort(new Error('stopped by the test'));
    expect(await Promise.all(all)).toEqual(Array(3).fill(controller.signal.reason));
    expect(vi.getTimerCount()).toBe(0);
  });

  it('nothing is sent before the time that a server named, by no call', async () => {
    answer = () => Promise.reject(new BatError('TARGET_FAILED', 'Target "cloud" asks for a pause.', { transient: true, retryAfter: 2 * hour }));
    const shared = line();
    const first = shared.call(work, undefined);
    await vi.advanceTimersByTimeAsync(0);
    const second = shared.call(work, undefined);
    answer = async () => 'done';
    await vi.advanceTimersByTimeAsync(2 * hour - 1);
    expect(calls).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await Promise.all([first, second])).toEqual(['done', 'done']);
  });

  it('nor if it was another call that was told so', async () => {
    const shared = line();
    answer = down;
    const first = shared.call(work, undefined);
    const second = shared.call(async () => {
      await wait(10);
      if (calls++ === 1) throw new BatError('TARGET_FAILED', 'Target "cloud" asks for a pause.', { transient: true, retryAfter: hour });
      return 'done';
    }, undefined);
    await vi.advanceTimersByTimeAsync(20);
    answer = async () => 'done';
    await vi.advanceTimersByTimeAsync(hour - 20);
    expect(calls).toBe(2);
    await vi.advanceTimersByTimeAsync(minute);
    expect(await Promise.all([first, second])).toEqual(['done', 'done']);
  });

  it('nobody tries if a server asks for more time than there is', async () => {
    answer = () => Promise.reject(new BatError('TARGET_FAILED', 'Target "cloud" asks for a pause.', { transient: true, retryAfter: 7 * hour }));
    expect(await settled(line().call(work, undefined))).toMatchObject({ transient: false, hint: expect.stringContaining('7 h') as string });
    expect([calls, events]).toEqual([1, []]);
  });
});

describe('a failure among calls that succeed', () => {
  it('is the affair of the call alone', async () => {
    const shared = line();
    answer = () => Promise.reject(dropped());
    const failing = shared.call(work, undefined);
    await vi.advanceTimersByTimeAsync(0);
    answer = async () => 'done';
    expect(await shared.call(work, undefined)).toBe('done');
    await vi.advanceTimersByTimeAsync(minute);
    expect(await failing).toBe('done');
    expect(texts()).toEqual([expect.stringMatching(/^cloud: could not store a: the connection was cut; trying again in /)]);
  });

  it('is followed by others: then the target is away, and little is said', async () => {
    const shared = line();
    answer = () => Promise.reject(dropped());
    const all = Promise.all([1, 2, 3, 4].map(() => shared.call(work, undefined)));
    await vi.advanceTimersByTimeAsync(0);
    expect([calls, events.length]).toEqual([4, 2]);
    await vi.advanceTimersByTimeAsync(10 * minute);
    expect(calls).toBeLessThanOrEqual(4 + 14);
    answer = async () => 'done';
    await vi.advanceTimersByTimeAsync(minute);
    expect(await all).toEqual(Array(4).fill('done'));
  });

  it('is not held against the target once that was back', async () => {
    const shared = line({ policy: { ...policy, within: 10 * minute } });
    answer = down;
    const all = Promise.all([1, 2].map(() => shared.call(work, undefined)));
    await vi.advanceTimersByTimeAsync(9.5 * minute);
    let after = 0;
    answer = async () => {
      if (++after === 2) throw dropped();
      return 'done';
    };
    await vi.advanceTimersByTimeAsync(5 * minute);
    expect(await all).toEqual(['done', 'done']);
  });
});

it('calls at a time are as many as allowed, whoever makes them', async () => {
  const shared = line({ parallel: 2 });
  let most = 0;
  let now = 0;
  answer = async () => {
    most = Math.max(most, ++now);
    await wait(10);
    now--;
  };
  const all = Promise.all(Array.from({ length: 7 }, () => shared.call(work, undefined)));
  await vi.advanceTimersByTimeAsync(100);
  await all;
  expect([calls, most]).toEqual([7, 2]);
});

describe('the hours of a target', () => {
  const hours = parseHours('22:00-06:00');

  it('keep transfers back, and nothing else', async () => {
    const shared = line({ pace: new LimitedPace({ hours }) });
    const transfer = shared.transfer(work, undefined);
    expect(await shared.call(work, undefined)).toBe('done');
    expect(calls).toBe(1);
    await vi.advanceTimersByTimeAsync(10 * hour);
    expect(await transfer).toBe('done');
  });

  it('are no time in which it did not answer, and take none of its tries', async () => {
    vi.setSystemTime(new Date(2026, 5, 1, 5, 59));
    answer = down;
    const shared = line({ policy: { attempts: 6, wait: minute, maxWait: minute, within: hour }, pace: new LimitedPace({ hours }) });
    const transfer = shared.transfer(work, undefined);
    await vi.advanceTimersByTimeAsync(15 * hour);
    expect(calls).toBeLessThanOrEqual(2);
    await vi.advanceTimersByTimeAsync(hour + 2 * minute);
    expect(calls).toBeGreaterThan(2);
    answer = async () => 'done';
    await vi.advanceTimersByTimeAsync(2 * minute);
    expect(await transfer).toBe('done');
  });
});
