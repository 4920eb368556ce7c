/** The bytes of an object that a verify reads once, for its checksum and for who decodes it. */
import { createHash, randomBytes } from 'node:crypto';
import { setImmediate as later } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { StoredBytes } from '../../src/actions/verify/stored-bytes.ts';

const MiB = 2 ** 20;

test('whoever asks for several ranges before the first has come gets each, and the checksum is that of the whole', async () => {
  const object = randomBytes(15 * MiB + 7);
  const asked: number[] = [];
  const stored = new StoredBytes(object.length, async (offset, length) => {
    asked.push(offset);
    // The later a block, the sooner it comes.
    for (let turns = 20 - offset / MiB; turns > 0; turns--) await later();
    return object.subarray(offset, offset + length);
  });
  const ranges: [number, number][] = [[0, 100], [100, 4 * MiB], [4 * MiB, 3 * MiB], [7 * MiB - 65_000, 4 * MiB], [11 * MiB, 1000]];
  const pieces = await Promise.all(ranges.map(([offset, length]) => stored.fetch(offset, length)));
  for (const [index, [offset, length]] of ranges.entries()) expect(object.subarray(offset, offset + length).equals(pieces[index]!), `range ${index}`).toBe(true);
  expect((await stored.finish()).equals(createHash('sha256').update(object).digest())).toBe(true);
  expect(asked).toEqual([0, 2, 4, 6, 8, 10, 12, 14].map((block) => block * MiB));
});
