import { expect, test } from 'vitest';
import { FetchAhead, type ObjectFetches } from '../../src/actions/restore/fetch-ahead.ts';

const MiB = 2 ** 20;

interface Call {
  what: string;
  signal: AbortSignal;
  answer(bytes?: Uint8Array): void;
  fail(error: unknown): void;
}

/** Reads that end when a test says so. */
function controlled(parallel: number): { ahead: FetchAhead; calls: Call[]; stop: AbortController } {
  const calls: Call[] = [];
  const stop = new AbortController();
  const ahead = new FetchAhead({
    parallel,
    signal: stop.signal,
    read: (name, offset, length, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        calls.push({ what: `${name} ${offset} ${length}`, signal, answer: (bytes = new Uint8Array(length)) => resolve(bytes), fail: reject });
      }),
  });
  return { ahead, calls, stop };
}

const settled = (): Promise<void> => new Promise(setImmediate);
const ranges = (count: number, length: number): { offset: number; length: number }[] => Array.from({ length: count }, (_, index) => ({ offset: index * length, length }));
const taken = async (object: ObjectFetches, offset: number, length: number): Promise<number> => (await object.fetch(offset, length)).length;

test('ranges are on their way before they are asked for, in their order, over several objects, so many at a time', async () => {
  const { ahead, calls } = controlled(3);
  const [first, second, third] = [ahead.object('a'), ahead.object('b'), ahead.object('c')];
  third!.plan(ranges(1, 10));
  first!.plan(ranges(2, 10));
  await settled();
  expect(calls.map(({ what }) => what), 'that of the third is not known to be next').toEqual(['a 0 10', 'a 10 10']);
  second!.plan(ranges(1, 10));
  await settled();
  expect(calls.map(({ what }) => what)).toEqual(['a 0 10', 'a 10 10', 'b 0 10']);
  calls[1]!.answer();
  await settled();
  expect(calls.map(({ what }) => what)).toEqual(['a 0 10', 'a 10 10', 'b 0 10', 'c 0 10']);
  for (const call of calls) call.answer();
  expect(await Promise.all([taken(first!, 0, 10), taken(first!, 10, 10), taken(second!, 0, 10), taken(third!, 0, 10)])).toEqual([10, 10, 10, 10]);
  expect(calls, 'each was fetched once').toHaveLength(4);
});

test('what has come and was not asked for yet is bounded', async () => {
  const { ahead, calls } = controlled(100);
  const object = ahead.object('a');
  object.plan(ranges(20, 4 * MiB));
  await settled();
  for (const call of calls) call.answer();
  await settled();
  expect(calls).toHaveLength(4);
  await object.fetch(0, 4 * MiB);
  await settled();
  expect(calls).toHaveLength(5);
});

test('a range that is larger than the bound goes alone', async () => {
  const { ahead, calls } = controlled(4);
  const object = ahead.object('a');
  object.plan(ranges(3, 64 * MiB));
  expect(calls).toHaveLength(0);
  await settled();
  expect(calls).toHaveLength(1);
  calls[0]!.answer(new Uint8Array(1));
  await object.fetch(0, 64 * MiB);
  await settled();
  expect(calls).toHaveLength(2);
});

test('many small ranges are not all asked for at once', async () => {
  const { ahead, calls } = controlled(2);
  let planned = 0;
  ahead.object('a').plan((function* () {
    for (;;) yield { offset: planned++, length: 1 };
  })());
  await settled();
  expect(calls).toHaveLength(2);
  expect(planned).toBeLessThan(20);
});

test('whoever asks for something else gets it, and what had been planned of that object is dropped', async () => {
  const { ahead, calls } = controlled(2);
  const [object, next] = [ahead.object('a'), ahead.object('b')];
  object.plan(ranges(50, MiB));
  next.plan(ranges(1, 7));
  await settled();
  const other = object.fetch(5, 3);
  for (let answered = 0; answered < calls.length; answered++) {
    calls[answered]!.answer();
    await settled();
  }
  expect((await other).length).toBe(3);
  expect(calls.map(({ what }) => what)).toContain('b 0 7');
  expect(calls.length).toBeLessThan(20);
});

test('a failure is heard by the one who asks for that range, and by nobody else', async () => {
  const { ahead, calls } = controlled(4);
  const object = ahead.object('a');
  object.plan(ranges(3, 10));
  await settled();
  calls[0]!.fail(new Error('the line broke'));
  await settled();
  for (const call of calls.slice(1)) call.answer();
  await expect(object.fetch(0, 10)).rejects.toThrow('the line broke');
  expect(await taken(object, 10, 10)).toBe(10);
});

test('closed, it breaks off what is under way and begins nothing more', async () => {
  const { ahead, calls } = controlled(2);
  const object = ahead.object('a');
  object.plan(ranges(10, 10));
  await settled();
  await ahead.close();
  expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  ahead.object('b').plan(ranges(1, 10));
  await settled();
  expect(calls).toHaveLength(2);
});
