import { expect, test } from 'vitest';
import { chanceOf } from '../../src/core/chance.ts';
import { RandomLife } from './random-life.ts';
import { openLibrary } from './setting.ts';

test('a library of a hundred random days', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const opened = await openLibrary();
  const life = new RandomLife(opened, chanceOf(seed));
  for (let round = 1; round <= 100; round++) {
    for (let count = 0; count < 40; count++) await life.happen();
    if (round % 10 === 0) await opened.again();
    await life.expectTrue(`seed ${seed}, round ${round}`);
  }
  expect((await opened.library.sync()).read).toBe(0);
});
