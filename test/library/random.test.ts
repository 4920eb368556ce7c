import { expect, test } from 'vitest';
import { chanceOf } from '../../src/core/chance.ts';
import { RandomLife } from './random-life.ts';
import { openLibrary } from './setting.ts';

test('after a sync the table is the truth, whatever happened before, and nothing unchanged was read again', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const opened = await openLibrary();
  const life = new RandomLife(opened, chanceOf(seed));
  for (let round = 1; round <= 3; round++) {
    for (let count = 0; count < 60; count++) await life.happen();
    await life.expectTrue(`seed ${seed}, round ${round}`);
  }
  expect((await opened.library.sync()).read).toBe(0);
});
