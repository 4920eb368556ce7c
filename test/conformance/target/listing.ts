/** Listings: by prefix, long ones, and ones that are not read to their end. */
import { expect, it } from 'vitest';
import type { ObjectStat } from '../../../src/targets/target.ts';
import type { TargetSetup, TargetTraits } from '../target-suite.ts';
import { benchFor, bytesOf, expectListed, hot, inParallel } from './data.ts';

export function listingTests(setup: TargetSetup, traits: TargetTraits): void {
  const bench = benchFor(setup, traits);

  it('lists nothing where nothing is', async () => {
    await expectListed(bench(), '', []);
    await expectListed(bench(), 'volumes/', []);
  });

  it('lists by any prefix, whether it ends at a folder or not', async () => {
    const { target } = bench();
    const names = ['bat.json', 'volumes/a1.tar', 'volumes/a2.tar', 'volumes/b1.tar', 'volumes-2/a1.tar', 'volumes/deep/er/a1.tar', 'manifests/a1.jsonl'];
    for (const [index, name] of names.entries()) await target.put(name, bytesOf(index + 1), hot);
    for (const prefix of ['', 'b', 'vol', 'volumes', 'volumes/', 'volumes/a', 'volumes/a1.tar', 'volumes/deep/', 'volumes/d', 'none/', 'bat.json/']) {
      await expectListed(bench(), prefix, names.filter((name) => name.startsWith(prefix)));
    }
    const sizes: ObjectStat[] = [];
    for await (const stat of target.list('volumes/a')) sizes.push(stat);
    expect(sizes.sort((a, b) => a.size - b.size)).toEqual([{ name: 'volumes/a1.tar', size: 2 }, { name: 'volumes/a2.tar', size: 3 }]);
  });

  it('lists many objects, each once, and stops when it is left', async () => {
    const { target } = bench();
    const names = Array.from({ length: traits.manyObjects ?? 1500 }, (_, index) => `files/${String(index).padStart(6, '0')}`);
    await inParallel(names, target.capabilities.parallel, (name) => target.put(name, bytesOf(3), hot));
    await expectListed(bench(), 'files/', names);
    const first: string[] = [];
    for await (const { name } of target.list('')) {
      first.push(name);
      if (first.length === 5) break;
    }
    expect(new Set(first).size).toBe(5);
  });
}
