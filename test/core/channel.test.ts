import { expect, test } from 'vitest';
import { Budget } from '../../src/core/budget.ts';
import { Channel } from '../../src/core/channel.ts';

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

test('everything comes out in order, and then the end', async () => {
  const channel = new Channel<number>(3);
  const put = (async () => {
    for (let number = 0; number < 5000; number++) await channel.put(number);
    channel.end();
  })();
  const taken: number[] = [];
  for await (const number of channel) taken.push(number);
  await put;
  expect(taken).toEqual(Array.from({ length: 5000 }, (_, index) => index));
});

test('the producer waits while it is full, by weight', async () => {
  const channel = new Channel<number>(10, (weight) => weight);
  let put = 0;
  void (async () => {
    for (const weight of [4, 4, 4, 4, 4]) {
      await channel.put(weight);
      put++;
    }
  })();
  await turns(5);
  expect(put).toBe(3);
  const iterator = channel[Symbol.asyncIterator]();
  await iterator.next();
  await turns(5);
  expect(put).toBe(4);
});

test('one heavier than the whole passes alone', async () => {
  const channel = new Channel<number>(10, (weight) => weight);
  await channel.put(1000);
  channel.end();
  const taken: number[] = [];
  for await (const weight of channel) taken.push(weight);
  expect(taken).toEqual([1000]);
});

test('a failure ends both sides at once, whatever is queued', async () => {
  const failure = new Error('failed');
  const channel = new Channel<number>(1);
  await channel.put(1);
  const waiting = channel.put(2);
  channel.fail(failure);
  channel.fail(new Error('a later one'));
  await expect(waiting).rejects.toBe(failure);
  await expect(channel[Symbol.asyncIterator]().next()).rejects.toBe(failure);
  await expect(channel.put(3)).rejects.toBe(failure);
});

test('a consumer that waits hears of a failure, and of the end', async () => {
  const failing = new Channel<number>(1);
  const next = failing[Symbol.asyncIterator]().next();
  failing.fail(new Error('failed'));
  await expect(next).rejects.toThrow('failed');
  const ending = new Channel<number>(1);
  const end = ending[Symbol.asyncIterator]().next();
  ending.end();
  expect((await end).done).toBe(true);
});

test('a long run of ready items lets others have their turn', async () => {
  const channel = new Channel<number>(Infinity);
  for (let number = 0; number < 10_000; number++) await channel.put(number);
  channel.end();
  let others = 0;
  let isOver = false;
  const goOn = (): void => {
    others++;
    if (!isOver) setImmediate(goOn);
  };
  setImmediate(goOn);
  for await (const number of channel) isOver = number === 9999;
  expect(others).toBeGreaterThan(10);
});

test('a budget is kept, first come first served, and what is larger than it passes alone', async () => {
  const budget = new Budget(10);
  const order: string[] = [];
  const take = async (name: string, bytes: number): Promise<void> => {
    await budget.take(bytes);
    order.push(name);
  };
  void take('first', 6);
  void take('second', 6);
  void take('third', 1);
  await turns(2);
  expect(order).toEqual(['first']);
  budget.give(6);
  await turns(2);
  expect(order).toEqual(['first', 'second', 'third']);
  budget.give(7);
  void take('huge', 100);
  void take('after', 1);
  await turns(2);
  expect(order.at(-1)).toBe('huge');
  budget.give(100);
  await turns(2);
  expect(order.at(-1)).toBe('after');
});
