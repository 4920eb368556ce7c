/** A store made for each test. */
import { afterEach, beforeEach } from 'vitest';
import type { Bench } from '../../../src/targets/conformance/case.ts';
import type { TargetSetup, TargetStore, TargetTraits } from '../target-suite.ts';

/** A fresh, connected store before each test of the `describe` that calls this. */
export function benchFor(setup: TargetSetup, traits: TargetTraits): () => Bench {
  let store: TargetStore | undefined;
  beforeEach(async () => {
    store = await setup();
    await store.target.connect({ create: true });
  });
  afterEach(async () => {
    await store?.target.close();
    await store?.dispose();
    store = undefined;
  });
  return () => {
    const made = store!;
    const { target } = made;
    return {
      target,
      scale: { manyObjects: traits.manyObjects ?? 1500, largeObject: traits.largeObject ?? 40_000_000 },
      listsLate: traits.listsLate ?? target.capabilities.listsLate ?? false,
      forgetsUploads: traits.forgetsUploads ?? target.capabilities.forgetsUploads ?? false,
      again: () => made.again(),
      everything: async () => (await made.leftovers()).sort(),
    };
  };
}
