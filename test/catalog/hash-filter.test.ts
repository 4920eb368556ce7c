import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { HashFilter } from '../../src/catalog/hash-filter.ts';

const sha = (number: number): Buffer => createHash('sha256').update(`${number}`).digest();

test('what was added may be there, always; of what was not, next to nothing', () => {
  const filter = new HashFilter();
  for (let number = 0; number < 30_000; number++) filter.add(sha(number));
  let missed = 0;
  let mistaken = 0;
  for (let number = 0; number < 30_000; number++) {
    if (!filter.mayHave(sha(number))) missed++;
    if (filter.mayHave(sha(-1 - number))) mistaken++;
  }
  expect(missed).toBe(0);
  expect(mistaken).toBeLessThan(10);
});

test('an empty one has nothing', () => {
  expect(new HashFilter().mayHave(Buffer.alloc(32, 0xff))).toBe(false);
  expect(new HashFilter().mayHave(Buffer.alloc(32))).toBe(false);
});
