/** A target that comes back lacks much: what another one has is copied several objects at a time. */
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { run } from '../../src/actions/run.ts';
import { BatError } from '../../src/core/errors.ts';
import type { Plan, TargetSpec } from '../../src/plan/plan.ts';
import type { Target } from '../../src/targets/target.ts';
import { smallBackup, type SmallBackup } from '../actions/small-backup.ts';
import { filesBelow } from '../e2e/judges.ts';

let backup: SmallBackup;
afterEach(() => backup.remove());

/** The plan with some calls of the target `two` in place of its own. */
function withTwo(change: (target: Target) => Partial<Target>): Plan {
  const targets = backup.plan.targets.map((spec): TargetSpec => {
    if (spec.id !== 'two') return spec;
    const create: TargetSpec['type']['create'] = (id, options, context) => {
      const target = spec.type.create(id, options, context);
      return Object.assign(target, change(target));
    };
    return { ...spec, type: { ...spec.type, create } };
  });
  return { ...backup.plan, targets };
}

const runIt = async (plan: Plan): Promise<number> => (await run({ ...backup.around, plan, sources: [], newTargets: [], allowEmpty: false, view: 'none' })).exitCode;
const objects = (target: string): string[] => filesBelow(join(backup.folder, target)).filter((name) => /\/(volumes|manifests)\//.test(name));

test('four objects at a time, and then the manifests; what is there in the end is the same', async () => {
  backup = await smallBackup();
  await backup.run();
  const away = withTwo(() => ({ connect: () => Promise.reject(new BatError('TARGET_UNREACHABLE', 'Target "two" is away.')) }));
  for (let index = 0; index < 4; index++) {
    backup.write({ 'docs/a.txt': `changed ${index}`, [`music/${index}.ogg`]: 'la'.repeat(index + 3) });
    expect(await runIt(away)).toBe(4);
  }
  expect(objects('two').length).toBeLessThan(objects('one').length - 8);

  // Each waits for three others: one after the other they would wait for ever.
  let waiting: (() => void)[] = [];
  const order: string[] = [];
  const back = withTwo((target) => {
    const put = target.put.bind(target);
    return {
      async put(name, bytes, options) {
        order.push(name.replace(/\/.*/, ''));
        if (name.startsWith('volumes/')) {
          await new Promise<void>((resolve) => {
            waiting.push(resolve);
            if (waiting.length < 4) return;
            for (const go of waiting) go();
            waiting = [];
          });
        }
        return put(name, bytes, options);
      },
    };
  });
  expect(await runIt(back)).toBe(0);
  expect(objects('two')).toEqual(objects('one'));
  expect(order.lastIndexOf('volumes')).toBeLessThan(order.indexOf('manifests'));
});
