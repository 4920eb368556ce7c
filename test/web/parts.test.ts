import { expect, test } from 'vitest';
import { sorted, type Row } from '../../web/files/row.ts';
import type { Item, State } from '../../web/upload/item.ts';
import { Line } from '../../web/upload/line.ts';
import { Rate } from '../../web/upload/rate.ts';
import { Tally } from '../../web/upload/tally.ts';

test('a line gives what came first, however long it is and whatever was taken between', () => {
  const line = new Line<number>();
  const taken: (number | undefined)[] = [];
  for (let at = 0; at < 10_000; at++) {
    line.push(at);
    if (at % 3 !== 0) taken.push(line.take());
  }
  expect(line.length).toBe(10_000 - taken.length);
  taken.push(...line.takeSome(100), ...line.takeSome(100_000));
  expect(taken).toEqual(Array.from({ length: 10_000 }, (_, at) => at));
  expect([line.take(), line.takeSome(5), line.length]).toEqual([undefined, [], 0]);
});

test('the rate is that of the last ten seconds', () => {
  const rate = new Rate();
  for (let second = 0; second <= 20; second++) rate.add(second < 10 ? 1000 : 5000, second * 1000);
  expect(rate.of(20_000)).toBeCloseTo(5500, -3);
  expect(rate.of(40_000)).toBe(0);
  rate.clear();
  expect(rate.of(41_000)).toBe(0);
});

test('the tally is right whatever way files go', () => {
  const tally = new Tally();
  const items = [10, 20, 30].map((size, id): Item => ({ id, file: { size } as File, to: '', state: { kind: 'waiting' }, hash: null, best: 0, tries: 0, stop: new AbortController() }));
  const go = (item: Item, state: State): void => {
    tally.move(item, state);
    item.state = state;
  };
  for (const item of items) tally.add(item);
  expect([tally.open, tally.total, tally.done]).toEqual([3, 60, 0]);
  go(items[0]!, { kind: 'kept', path: 'a', known: true });
  go(items[1]!, { kind: 'sending', sent: 5 });
  go(items[1]!, { kind: 'sending', sent: 12 });
  expect([tally.open, tally.total, tally.done, tally.known, tally.knownBytes]).toEqual([2, 60, 22, 1, 10]);
  go(items[1]!, { kind: 'failed', error: new Error('no') });
  go(items[2]!, { kind: 'kept', path: 'c', known: false });
  expect([tally.open, tally.total, tally.done, tally.count.failed]).toEqual([0, 40, 40, 1]);
  tally.recount(items.slice(1));
  expect([tally.total, tally.done, tally.known]).toEqual([30, 30, 0]);
});

test('folders first, numbers in names by their value, the name where sizes are the same', () => {
  const row = (name: string, type: Row['type'], size: number, time: number): Row => ({ path: `x/${name}`, name, type, size, time, sha256: null });
  const rows = [row('a10.jpg', 'file', 5, 1), row('a9.jpg', 'file', 5, 3), row('z', 'folder', 0, 2), row('B.jpg', 'file', 9, 2)];
  const names = (key: 'name' | 'size' | 'time', descending: boolean): string[] => sorted(rows, { key, descending }).map(({ name }) => name);
  expect(names('name', false)).toEqual(['z', 'a9.jpg', 'a10.jpg', 'B.jpg']);
  expect(names('size', true)).toEqual(['z', 'B.jpg', 'a10.jpg', 'a9.jpg']);
  expect(names('time', true)).toEqual(['z', 'a9.jpg', 'B.jpg', 'a10.jpg']);
});
