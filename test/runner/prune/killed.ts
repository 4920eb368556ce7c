/** Prunes that are killed at one of their calls after the other. */
import { expect } from 'vitest';
import { Snapshots } from '../../../src/catalog/snapshots.ts';
import { noise } from '../../actions/store-builder.ts';
import { PrunedPlan, type Shape } from './pruned-plan.ts';

/**
 * At every `step`th of its calls a prune is killed that forgets a full manifest, on which others lean, and removes a volume that was compacted. After each
 * kill every snapshot that is kept restores from each target, and the next prune, whatever it is asked to forget, brings it all to the end. Returns the number of kills.
 */
export async function killPrunes(shape: Shape, { first = 1, step = 1 } = {}): Promise<number> {
  const pruned = await PrunedPlan.create(shape);
  try {
    const forget = await prepare(pruned, shape.copied);
    const targets = [...shape.targets, ...(shape.copied === undefined ? [] : [shape.copied])];
    const restore = pruned.save();
    let kills = 0;
    for (let count = first; ; count += step) {
      restore();
      if (await pruned.pruneKilledAt(count, forget)) break;
      kills++;
      const there = pruned.inCatalog((catalog) => new Set(new Snapshots(catalog).list().map(({ id }) => id)));
      for (const id of forget) pruned.remembered.delete(id);
      for (const target of targets) {
        for (const [snapshot, tree] of pruned.remembered) expect(await pruned.restored(target, snapshot), `${snapshot} from ${target}, killed at ${count}`).toEqual(tree);
      }
      await pruned.prune(forget.filter((id) => there.has(id)));
      // While manifests are being written again nothing is missing yet: it must not be taken for lost.
      const isForgotten = forget.some((id) => !there.has(id));
      if (!isForgotten) expect(pruned.events.filter((event) => event.type === 'issue' && event.issue.kind === 'lost'), `killed at ${count}`).toEqual([]);
      await pruned.expectKept();
      for (const target of targets) {
        expect(await pruned.objectsOn(target), `${target}, killed at ${count}`).toEqual(await pruned.named(target));
      }
    }
    return kills;
  } finally {
    pruned.remove();
  }
}

/** Returns the snapshots to forget. `copied`: a target that is brought up to date now and then, and last at the end. */
async function prepare(pruned: PrunedPlan, copied: string | undefined): Promise<string[]> {
  const bringUpToDate = async (): Promise<void> => {
    if (copied !== undefined) await pruned.copy(pruned.plan.targets[0]!.id, copied);
  };
  pruned.write({ ...Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`f${index}`, noise(20_000, `${index}`)])), 'sub/same': 'same' });
  const first = await pruned.run();
  pruned.write({ f0: noise(30_000, 'new 0'), f1: noise(30_000, 'new 1'), f2: noise(30_000, 'new 2') });
  const second = await pruned.run();
  await bringUpToDate();
  pruned.write({ f3: noise(30_000, 'new 3'), f4: 'small' });
  await pruned.run();
  await pruned.prune([first]);
  pruned.write({ f5: 'smaller' });
  await pruned.run();
  await pruned.run();
  await bringUpToDate();
  return [second];
}
