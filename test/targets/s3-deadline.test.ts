/** A call is given up when nothing has moved for a while, however long it takes in all. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SilenceError, withDeadline } from '../../src/targets/s3/deadline.ts';
import type { Line } from '../../src/targets/s3/deadline.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A call that goes on until the test ends it. */
function going(signal?: AbortSignal): { line: Line; end: (value: string) => void; outcome: () => unknown } {
  let line: Line;
  let end = (_value: string): void => {};
  let outcome: unknown = 'going on';
  const call = withDeadline(1000, signal, (given) => {
    line = given;
    return new Promise<string>((resolve) => (end = resolve));
  });
  call.then((value) => (outcome = value), (error: unknown) => (outcome = error));
  return { line: line!, end, outcome: () => outcome };
}

test('what moves is not given up', async () => {
  const { line, end, outcome } = going();
  for (let second = 0; second < 100; second++) {
    await vi.advanceTimersByTimeAsync(999);
    line.progress();
  }
  expect(outcome()).toBe('going on');
  end('done');
  await vi.advanceTimersByTimeAsync(5000);
  expect(outcome()).toBe('done');
  expect(line.signal.aborted).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});

test('what does not move is given up, and told so', async () => {
  const { line, outcome } = going();
  await vi.advanceTimersByTimeAsync(1000);
  expect(outcome()).toBeInstanceOf(SilenceError);
  expect(line.signal.aborted).toBe(true);
});

test('time that bat itself waits does not count, and counts anew after it', async () => {
  const { line, outcome } = going();
  let go = (): void => {};
  void line.pause(new Promise<void>((resolve) => (go = resolve)));
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(outcome()).toBe('going on');
  go();
  await vi.advanceTimersByTimeAsync(999);
  expect(outcome()).toBe('going on');
  await vi.advanceTimersByTimeAsync(1);
  expect(outcome()).toBeInstanceOf(SilenceError);
});

test('an aborted signal ends it with its reason, also where the work does not listen', async () => {
  const controller = new AbortController();
  const { line, outcome } = going(controller.signal);
  const reason = new Error('stopped by the user');
  controller.abort(reason);
  await vi.advanceTimersByTimeAsync(0);
  expect(outcome()).toBe(reason);
  expect(line.signal.aborted).toBe(true);
  const started = vi.fn();
  await expect(withDeadline(1000, controller.signal, started)).rejects.toBe(reason);
  expect(started).not.toHaveBeenCalled();
});

test('work that fails is stopped in all its parts', async () => {
  let signal: AbortSignal | undefined;
  const failure = new Error('refused');
  await expect(withDeadline(1000, undefined, async (line) => ((signal = line.signal), Promise.reject(failure)))).rejects.toBe(failure);
  expect(signal!.aborted).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});
