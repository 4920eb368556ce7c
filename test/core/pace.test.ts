/** The pace of a target, on a clock that the tests turn. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { formatHours, isWithin, nextStart, parseHours } from '../../src/core/hours.ts';
import { LimitedPace } from '../../src/core/pace.ts';
import { pacedSlices, sliceLength } from '../../src/core/slices.ts';
import { TokenBucket } from '../../src/core/token-bucket.ts';
import { wait } from '../../src/core/wait.ts';

const second = 1000;
const hour = 3600 * second;

beforeEach(() => void vi.useFakeTimers({ now: new Date(2026, 5, 1, 12) }));
afterEach(() => void vi.useRealTimers());

interface Gone {
  at: number;
  caller: number;
  bytes: number;
}

/** Each caller sends its pieces one after the other, all callers at once; gives when each piece went. */
async function sendAll(bucket: TokenBucket, callers: readonly (readonly number[])[], longest: number): Promise<Gone[]> {
  const gone: Gone[] = [];
  const all = Promise.all(
    callers.map(async (pieces, caller) => {
      for (const bytes of pieces) {
        await bucket.take(bytes);
        gone.push({ at: performance.now(), caller, bytes });
      }
    }),
  );
  await vi.advanceTimersByTimeAsync(longest);
  await Promise.race([all, Promise.reject(new Error(`not through after ${longest} ms`))]);
  return gone;
}

const rates = fc.oneof(fc.integer({ min: 4096, max: 200_000 }), fc.integer({ min: 200_000, max: 500_000_000 }));
const pieces = fc.array(fc.array(fc.integer({ min: 1, max: sliceLength }), { maxLength: 12 }), { minLength: 1, maxLength: 5 });

describe('the bucket', () => {
  test('is never faster than the rate and one burst, over any span, and lets everything through in the time that takes', async () => {
    await fc.assert(
      fc.asyncProperty(rates, pieces, fc.integer({ min: 0, max: 5000 }), async (rate, callers, idle) => {
        const bucket = new TokenBucket(rate);
        await vi.advanceTimersByTimeAsync(idle);
        const total = callers.flat().reduce((sum, bytes) => sum + bytes, 0);
        const started = performance.now();
        const gone = await sendAll(bucket, callers, Math.ceil((total / rate) * second) + 10);
        expect(gone).toHaveLength(callers.flat().length);
        for (const [first, { at }] of gone.entries()) {
          let bytes = 0;
          for (const later of gone.slice(first)) {
            bytes += later.bytes;
            expect(bytes).toBeLessThanOrEqual(bucket.burst + ((later.at - at) * rate) / second + 0.01);
          }
        }
        expect((gone.at(-1)?.at ?? started) - started).toBeLessThanOrEqual(Math.ceil((total / rate) * second) + gone.length);
      }),
      { numRuns: 60 },
    );
  });

  test('serves callers in turn, also one that asks for much at once', async () => {
    const bucket = new TokenBucket(sliceLength);
    const order: string[] = [];
    const large = bucket.take(6 * sliceLength).then(() => order.push('large'));
    const small = (async () => {
      for (let turn = 0; turn < 3; turn++) await bucket.take(sliceLength).then(() => order.push('small'));
    })();
    await vi.advanceTimersByTimeAsync(10 * second);
    await Promise.all([large, small]);
    expect(order).toEqual(['small', 'small', 'small', 'large']);
  });

  test('lets nobody overtake those who wait', async () => {
    const bucket = new TokenBucket(sliceLength);
    await bucket.take(sliceLength);
    const order: string[] = [];
    const first = bucket.take(sliceLength).then(() => order.push('first'));
    await vi.advanceTimersByTimeAsync(second / 2);
    const late = bucket.take(1).then(() => order.push('late'));
    await vi.advanceTimersByTimeAsync(second);
    await Promise.all([first, late]);
    expect(order).toEqual(['first', 'late']);
  });

  test('gives what an aborted caller would have had to the others, and runs no timer for nobody', async () => {
    const bucket = new TokenBucket(sliceLength);
    await bucket.take(sliceLength);
    const controller = new AbortController();
    const aborted = bucket.take(3 * sliceLength, controller.signal);
    const other = bucket.take(sliceLength).then(() => performance.now());
    const reason = new Error('stopped by the test');
    const started = performance.now();
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    await vi.advanceTimersByTimeAsync(second);
    expect((await other) - started).toBe(second);
    const alone = new AbortController();
    const waiting = bucket.take(sliceLength, alone.signal);
    alone.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(bucket.take(1, alone.signal)).rejects.toBe(reason);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('slices', () => {
  test('are the bytes, in order, each no longer than a slice, and each asked for before it comes', async () => {
    const bytes = Uint8Array.from({ length: 2 * sliceLength + 1000 }, (_, index) => index % 251);
    const asked: number[] = [];
    const pace = { upload: async (count: number) => void asked.push(count), download: async () => {} };
    const given: Uint8Array[] = [];
    for await (const slice of pacedSlices(bytes, pace)) {
      given.push(slice);
      expect(asked).toHaveLength(given.length);
    }
    expect(asked).toEqual([sliceLength, sliceLength, 1000]);
    expect(Buffer.concat(given).equals(bytes)).toBe(true);
    expect(await Array.fromAsync(pacedSlices(bytes, undefined))).toEqual(given);
    expect(await Array.fromAsync(pacedSlices(new Uint8Array(0), pace))).toEqual([]);
  });

  test('end with the signal', async () => {
    const controller = new AbortController();
    const slices = pacedSlices(new Uint8Array(3 * sliceLength), undefined, controller.signal);
    await slices.next();
    controller.abort(new Error('stopped by the test'));
    await expect(slices.next()).rejects.toBe(controller.signal.reason);
  });
});

describe('hours', () => {
  test('are read as people write them, and refused where they are none', () => {
    expect(parseHours('22:00-06:00')).toEqual({ from: 1320, to: 360 });
    expect(parseHours(' 8:30 – 24:00 ')).toEqual({ from: 510, to: 1440 });
    expect(formatHours(parseHours('8:30-24:00'))).toBe('08:30-24:00');
    for (const text of ['', '22-6', '24:00-06:00', '22:60-23:00', '25:00-26:00', '06:00-06:00']) {
      expect(() => parseHours(text), text).toThrow(expect.objectContaining({ code: 'PLAN_INVALID' }) as Error);
    }
  });

  test.each([
    ['22:00-06:00', [[21, 59, false], [22, 0, true], [0, 0, true], [5, 59, true], [6, 0, false]]],
    ['08:00-12:30', [[7, 59, false], [8, 0, true], [12, 29, true], [12, 30, false], [0, 0, false]]],
    ['08:00-24:00', [[23, 59, true], [0, 0, false]]],
  ] as const)('%s', (text, times) => {
    for (const [hours, minutes, within] of times) expect(isWithin(parseHours(text), new Date(2026, 5, 1, hours, minutes)), `${hours}:${minutes}`).toBe(within);
  });

  test('begin next today or tomorrow', () => {
    const night = parseHours('22:00-06:00');
    expect(nextStart(night, new Date(2026, 5, 30, 12))).toEqual(new Date(2026, 5, 30, 22));
    expect(nextStart(night, new Date(2026, 5, 30, 22))).toEqual(new Date(2026, 6, 1, 22));
  });

  test('let nothing through outside of them, say so once, and pause what is on its way', async () => {
    const told: Date[] = [];
    const opened: number[] = [];
    const pace = new LimitedPace({ hours: parseHours('22:00-06:00') }, { onClosed: (until) => told.push(until), onOpened: (after) => opened.push(after) });
    let sent = 0;
    const sending = Promise.all(
      [1, 2].map(async () => {
        for (let slice = 0; slice < 10; slice++) {
          await pace.upload(sliceLength);
          sent++;
          await wait(hour);
        }
      }),
    );
    await vi.advanceTimersByTimeAsync(10 * hour - 1);
    expect([sent, told]).toEqual([0, [new Date(2026, 5, 1, 22)]]);
    await vi.advanceTimersByTimeAsync(8 * hour);
    expect(sent).toBe(16);
    await vi.advanceTimersByTimeAsync(hour);
    expect([sent, told]).toEqual([16, [new Date(2026, 5, 1, 22), new Date(2026, 5, 2, 22)]]);
    expect(pace.closedFor).toBe(11 * hour - 1);
    await vi.advanceTimersByTimeAsync(24 * hour);
    await sending;
    expect([sent, told.length, opened, pace.closedFor]).toEqual([20, 2, [10 * hour, 16 * hour], 26 * hour]);
  });

  test('end a wait at once when the signal is aborted', async () => {
    const pace = new LimitedPace({ hours: parseHours('22:00-06:00') });
    const controller = new AbortController();
    const waiting = pace.download(1, controller.signal);
    const reason = new Error('stopped by the test');
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(vi.getTimerCount()).toBe(0);
  });
});

test('uploads and downloads have rates of their own', async () => {
  const pace = new LimitedPace({ upload: sliceLength });
  await pace.upload(sliceLength);
  await pace.download(1e9);
  const upload = pace.upload(2 * sliceLength).then(() => performance.now());
  const started = performance.now();
  await vi.advanceTimersByTimeAsync(2 * second);
  expect((await upload) - started).toBe(2 * second);
});

test('a wait is longer than a timer can be', async () => {
  let over = false;
  const waiting = wait(60 * 24 * hour).then(() => (over = true));
  await vi.advanceTimersByTimeAsync(59 * 24 * hour);
  expect(over).toBe(false);
  await vi.advanceTimersByTimeAsync(24 * hour);
  await waiting;
});
