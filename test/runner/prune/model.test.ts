/**
 * Random edits, runs and prunes, with a target that comes and goes, held to a plain memory of what each snapshot was like. What is kept restores to just that
 * from every target; and in the end the targets hold what the manifests there speak of, and nothing else.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { apply, edits, type Edit } from '../../e2e/random-edits.ts';
import { PrunedPlan, shapes } from './pruned-plan.ts';

type Step = { kind: 'run' } | { kind: 'unplug' } | { kind: 'prune'; which: number } | { kind: 'edit'; edits: Edit[] };

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('edit' as const), edits: fc.array(edits, { minLength: 1, maxLength: 6 }) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('run' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('prune' as const), which: fc.nat(1023) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unplug' as const) }) },
);

/** Carries out the steps on a plan, with the second target away at times. */
async function carryOut(pruned: PrunedPlan, sequence: readonly Step[]): Promise<void> {
  const [, second] = pruned.plan.targets;
  let isAway = false;
  const plug = (): void => {
    if (!second) return;
    if (isAway) pruned.plugIn(second.id);
    else pruned.unplug(second.id);
    isAway = !isAway;
  };
  for (const step of sequence) {
    if (step.kind === 'edit') for (const edit of step.edits) apply(edit, pruned.at('src'));
    else if (step.kind === 'run') await pruned.run(isAway ? 4 : 0);
    else if (step.kind === 'unplug') plug();
    else if (pruned.remembered.size > 0) await pruned.prune([...pruned.remembered.keys()].filter((_, index) => ((step.which >> (index % 10)) & 1) === 1));
  }
  if (isAway) plug();
}

describe('random edits, runs and prunes', () => {
  test.each(Object.entries(shapes))('%s', async (_name, shape) => {
    const runs = Number(process.env['BAT_MODEL_RUNS'] ?? 1);
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 6, maxLength: runs === 1 ? 14 : 30 }), async (sequence) => {
        const pruned = await PrunedPlan.create(shape);
        try {
          await carryOut(pruned, sequence);
          await pruned.run();
          await pruned.prune([]);
          await pruned.expectKept();
          // What was to be compacted has been stored again by this run, unless it changed.
          await pruned.run();
          await pruned.prune([]);
          await pruned.expectKept();
          for (const target of shape.targets.filter((id) => !pruned.missesSome(id))) expect(await pruned.objectsOn(target), target).toEqual(await pruned.named(target));
        } finally {
          pruned.remove();
        }
      }),
      { numRuns: runs, endOnFailure: true, ...(process.env['BAT_SEED'] ? { seed: Number(process.env['BAT_SEED']) } : {}) },
    );
  });
});
