import { copyFileSync, rmSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { SnapshotEntries } from '../../../src/catalog/snapshot-entries.ts';
import { Snapshots } from '../../../src/catalog/snapshots.ts';
import { carryOutPrune } from '../../../src/runner/prune/carry-out.ts';
import { planPrune } from '../../../src/runner/prune/plan-prune.ts';
import type { PruneOptions, PrunePlan } from '../../../src/runner/prune/prune-plan.ts';
import type { Prices } from '../../../src/targets/prices.ts';
import type { Target } from '../../../src/targets/target.ts';
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

test('with the newest snapshots forgotten, the next run compares with the one before', async () => {
  await start();
  pruned.write({ a: 'a', b: 'b' });
  await pruned.run();
  pruned.write({ a: 'changed', c: 'new' });
  const second = await pruned.run();
  rmSync(pruned.at('src/b'));
  const third = await pruned.run();
  await pruned.prune([second, third]);
  await pruned.expectKept();
  const fourth = await pruned.run();
  await pruned.expectKept();
  expect(pruned.inCatalog((catalog) => new Snapshots(catalog).get(fourth))).toMatchObject({ number: 2, files: 2, bytes: 10 });
  expect(pruned.inCatalog((catalog) => [...new SnapshotEntries(catalog).inOrder(new Snapshots(catalog).get(fourth)!)].map(({ entry }) => entry.path))).toEqual(['a', 'c']);
});

test('what a target that is away still holds goes when it is back', async () => {
  await start();
  pruned.write({ a: noise(300_000, 'a'), b: 'b' });
  const first = await pruned.run();
  pruned.write({ a: noise(200_000, 'a2') });
  await pruned.run();
  pruned.unplug('two');
  const { result } = await pruned.prune([first]);
  expect(result.targets.map(({ target, failure }) => [target, failure === null])).toEqual([['one', true], ['two', false]]);
  await pruned.expectKept(['one']);
  pruned.plugIn('two');
  expect(await pruned.snapshotsOn('two')).toHaveLength(2);
  await pruned.prune([]);
  await pruned.expectKept();
  expect(pruned.stored('two', 'volumes/')).toEqual(pruned.stored('one', 'volumes/'));
});

test('a store that another catalog writes to loses nothing', async () => {
  await start({ steps: '[select, tar, compress, { upload: { to: one } }, record]', targets: ['one'] });
  pruned.write({ a: noise(300_000, 'a') });
  const first = await pruned.run();
  pruned.write({ a: noise(200_000, 'a2') });
  await pruned.run();
  const foreign = 'manifests/20260101-000000-zzzz-src.jsonl.zst';
  copyFileSync(pruned.at('one/plan/manifests', `${first}.jsonl.zst`), pruned.at('one/plan', foreign));
  const before = pruned.stored('one');
  const { plan, result } = await pruned.prune([]);
  expect(plan.targets[0]!.refused).toMatchObject({ code: 'STORE_SHARED', message: expect.stringContaining(foreign) as string });
  expect(result.targets[0]).toMatchObject({ objects: 0, manifests: 0, failure: { code: 'STORE_SHARED' } });
  expect(pruned.stored('one')).toEqual(before);
});

test('in a store that this run made, nobody else is at work', async () => {
  pruned = await PrunedPlan.create(shapes['single files, sealed']);
  const { targets } = await pruned.within((session) => planPrune(session, []));
  expect(targets.map(({ refused }) => refused)).toEqual([null]);
});

test('a volume is not removed while a manifest on the target is not as it was written', async () => {
  await start({ steps: '[select, tar, compress, { upload: { to: one } }, record]', targets: ['one'] });
  pruned.write({ a: noise(300_000, 'a') });
  const first = await pruned.run();
  pruned.write({ a: noise(200_000, 'a2') });
  await pruned.run();
  const volumes = pruned.stored('one', 'volumes/');
  await pruned.within(async (session) => {
    const plan = await planPrune(session, [first]);
    // Somebody else puts it back in the moment before the volumes go.
    const target = session.targets.get('one')!;
    const remove = target.remove.bind(target);
    target.remove = async (name, signal) => (name.startsWith('manifests/') ? undefined : remove(name, signal));
    const result = await carryOutPrune(session, plan);
    expect(result.targets[0]!.failure).toMatchObject({ code: 'TARGET_CHANGED' });
  });
  expect(pruned.stored('one', 'volumes/')).toEqual(volumes);
});

describe('a storage class that is paid for a least time', () => {
  const prices: Prices = {
    list: { currency: 'EUR', 'as-of': '2026', region: '', source: 'a test', classes: { COLD: { storage: 1, 'minimum-days': 180 } } },
    standardClass: 'COLD',
    volumeClass: 'COLD',
  };

  async function pruneCold(forget: readonly string[], options: PruneOptions = {}): Promise<PrunePlan> {
    return pruned.within(async (session) => {
      for (const [id, target] of session.targets) session.targets.set(id, withPrices(target, prices));
      const plan = await planPrune(session, forget, options);
      await carryOutPrune(session, plan);
      for (const forgotten of forget) pruned.remembered.delete(forgotten);
      return plan;
    });
  }

  test('is waited for, and a later prune removes what nothing needs', async () => {
    await start({ steps: '[select, tar, compress, { upload: { to: one } }, record]', targets: ['one'] });
    pruned.write({ a: noise(300_000, 'a') });
    const first = await pruned.run();
    pruned.write({ a: noise(200_000, 'a2') });
    await pruned.run();
    const plan = await pruneCold([first]);
    expect(plan.targets[0]).toMatchObject({ objects: 0, manifests: [expect.stringContaining(first) as string], putOff: { objects: 1, currency: 'EUR', from: new Date('2026-07-01T00:00:00Z') } });
    expect(plan.targets[0]!.putOff!.cost).toBeCloseTo((plan.targets[0]!.putOff!.bytes / 2 ** 30) * (179 / 30), 5);
    expect(pruned.stored('one', 'volumes/')).toHaveLength(2);
    await pruned.expectKept();
    pruned.pass(180);
    await pruneCold([]);
    expect(pruned.stored('one', 'volumes/')).toEqual(await pruned.named('one'));
    await pruned.expectKept();
  });

  test('is not waited for where that is asked for', async () => {
    await start({ steps: '[select, tar, compress, { upload: { to: one } }, record]', targets: ['one'] });
    pruned.write({ a: noise(300_000, 'a') });
    const first = await pruned.run();
    pruned.write({ a: noise(200_000, 'a2') });
    await pruned.run();
    await pruneCold([first], { early: true });
    expect(pruned.stored('one', 'volumes/')).toHaveLength(1);
  });

  test('what comes back while it waits is not sent again', async () => {
    await start({ steps: '[select, tar, compress, { upload: { to: one } }, record]', targets: ['one'] });
    pruned.write({ a: noise(300_000, 'a') });
    const first = await pruned.run();
    pruned.write({ a: noise(200_000, 'a2') });
    await pruned.run();
    await pruneCold([first]);
    pruned.write({ back: noise(300_000, 'a') });
    await pruned.run();
    expect(pruned.stored('one', 'volumes/')).toHaveLength(2);
    pruned.pass(180);
    await pruneCold([]);
    await pruned.expectKept();
  });
});

function withPrices(target: Target, prices: Prices): Target {
  return new Proxy(target, {
    get: (of, key) => {
      const value: unknown = key === 'prices' ? prices : Reflect.get(of, key, of);
      return typeof value === 'function' ? (value.bind(of) as unknown) : value;
    },
  });
}
