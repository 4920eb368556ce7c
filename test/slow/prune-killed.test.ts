import { expect, test } from 'vitest';
import { killPrunes } from '../runner/prune/killed.ts';
import { copiedShape, shapes } from '../runner/prune/pruned-plan.ts';

test('a prune that is killed at any of its calls harms no kept snapshot, and the next one ends it', async () => {
  let kills = 0;
  for (const shape of [...Object.values(shapes), copiedShape]) kills += await killPrunes(shape);
  expect(kills).toBeGreaterThan(50);
});
