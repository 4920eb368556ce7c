import { afterEach, describe, expect, test } from 'vitest';
import { Snapshots } from '../../../src/catalog/snapshots.ts';
import { noise } from '../../actions/store-builder.ts';
import { PrunedPlan, shapes, type Shape } from './pruned-plan.ts';

let pruned: PrunedPlan;

afterEach(() => pruned.remove());

async function start(shape: Shape = shapes['tar, to two targets']): Promise<void> {
  pruned = await PrunedPlan.create(shape);
}

describe.each(Object.entries(shapes))('%s', (_name, shape) => {
  test('what only a forgotten snapshot had goes, and all others restore to what they were', async () => {
    await start(shape);
    pruned.write({ a: noise(300_000, 'a'), b: noise(300_000, 'b'), 'sub/c': 'c' });
    const first = await pruned.run();
    pruned.write({ b: noise(400_000, 'b2'), d: 'd' });
    const second = await pruned.run();
    pruned.write({ b: noise(500_000, 'b3') });
    await pruned.run();
    const { plan, result } = await pruned.prune([second]);
    expect(plan.lost).toEqual({ files: 1, bytes: 400_000 });
    expect(result.targets.map(({ failure }) => failure)).toEqual(shape.targets.map(() => null));
    await pruned.expectKept();
    await pruned.prune([first]);
    await pruned.expectKept();
  });
});

test('volumes that are mostly dead are compacted from the source, without a key', async () => {
  await start();
  pruned.write(Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`f${index}`, noise(90_000, `${index}`)])));
  const first = await pruned.run();
  pruned.write(Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`f${index}`, noise(10_000, `new ${index}`)])));
  await pruned.run();
  const { plan } = await pruned.prune([first]);
  expect(plan.compaction).toEqual({ volumes: 1, again: 450_000, dead: 450_000 });
  await pruned.expectKept();
  await pruned.run();
  expect(pruned.stored('one', 'volumes/').length).toBe(3);
  const after = await pruned.prune([]);
  expect(after.plan.targets.map(({ objects }) => objects)).toEqual([1, 1]);
  expect(pruned.stored('one', 'volumes/')).toEqual(await pruned.named('one'));
  await pruned.expectKept();
  expect(pruned.inCatalog((catalog) => catalog.all('SELECT id FROM chunks').length)).toBe(10);
});

test('with the newest snapshot forgotten, the next run compares with the one before', async () => {
  await start();
  pruned.write({ a: 'a', b: 'b' });
  await pruned.run();
  pruned.write({ a: 'changed', c: 'new' });
  const second = await pruned.run();
  await pruned.prune([second]);
  await pruned.expectKept();
  const third = await pruned.run();
  await pruned.expectKept();
  expect(pruned.inCatalog((catalog) => new Snapshots(catalog).get(third))).toMatchObject({ files: 3, bytes: 11 });
});
