/** Listings: by prefix, long ones, and ones that are not read to their end. */
import type { ObjectStat } from '../target.ts';
import type { Case } from './case.ts';
import { bytesOf, hot, inParallel } from './data.ts';
import { expectListed, expectSame } from './expect.ts';

const names = ['bat.json', 'volumes/a1.tar', 'volumes/a2.tar', 'volumes/b1.tar', 'volumes-2/a1.tar', 'volumes/deep/er/a1.tar', 'manifests/a1.jsonl'];
const prefixes = ['', 'b', 'vol', 'volumes', 'volumes/', 'volumes/a', 'volumes/a1.tar', 'volumes/deep/', 'volumes/d', 'none/', 'bat.json/'];
const hint = 'bat finds its snapshots by listings, so it needs them whole and in time: use another store.';

export const listingCases: readonly Case[] = [
  {
    id: 'listing/nothing',
    title: 'lists nothing where nothing is',
    hint,
    async run(bench) {
      await expectListed(bench, '', []);
      await expectListed(bench, 'volumes/', []);
    },
  },
  {
    id: 'listing/prefix',
    title: 'lists by any prefix, whether it ends at a folder or not',
    hint,
    async run(bench) {
      for (const [index, name] of names.entries()) await bench.target.put(name, bytesOf(index + 1), hot);
      for (const prefix of prefixes) await expectListed(bench, prefix, names.filter((name) => name.startsWith(prefix)));
      const stats: ObjectStat[] = [];
      for await (const stat of bench.target.list('volumes/a')) stats.push(stat);
      expectSame('the sizes in the listing', stats.map(({ name, size }) => ({ name, size })).sort((a, b) => a.size - b.size), [{ name: 'volumes/a1.tar', size: 2 }, { name: 'volumes/a2.tar', size: 3 }]);
    },
  },
  {
    id: 'listing/many',
    title: 'lists many objects, each once, and stops when it is left',
    hint,
    large: true,
    async run(bench) {
      const { target, scale } = bench;
      const names = Array.from({ length: scale.manyObjects }, (_, index) => `files/${String(index).padStart(6, '0')}`);
      await inParallel(names, target.capabilities.parallel, (name) => target.put(name, bytesOf(3), hot));
      await expectListed(bench, 'files/', names);
      const first: string[] = [];
      for await (const { name } of target.list('')) {
        first.push(name);
        if (first.length === 5) break;
      }
      expectSame('names in the beginning of the listing', new Set(first).size, 5);
    },
  },
];
