/** The rights that bat needs, each by itself and with one small object: what a wrong key or a wrong user lacks is named by these. */
import type { Case } from './case.ts';
import { bytesOf, hot } from './data.ts';
import { expectListed, expectObject, expectSame, expectUnchanged } from './expect.ts';

const name = 'keys/0123456789abcdef.age';

export const accessCases: readonly Case[] = [
  {
    id: 'access/write',
    title: 'may be written to',
    hint: 'Give the key, or the user that runs bat, the right to write there.',
    essential: true,
    async run({ target }) {
      await target.put(name, bytesOf(100), hot);
    },
  },
  {
    id: 'access/remove',
    title: 'lets go of what was stored',
    hint: 'Give the key, or the user that runs bat, the right to remove what it stored. Without it the target only grows, and each stopped run leaves something there.',
    essential: true,
    async run({ target }) {
      await target.put(name, bytesOf(100), hot);
      await target.remove(name);
      expectSame('the size of what was removed', await target.stat(name), null);
    },
  },
  {
    id: 'access/read',
    title: 'may be read',
    hint: 'Give the key, or the user that runs bat, the right to read there. Without it nothing can be restored.',
    essential: true,
    async run({ target }) {
      await target.put(name, bytesOf(100), hot);
      await expectObject(target, name, bytesOf(100));
    },
  },
  {
    id: 'access/list',
    title: 'may be listed, and shows at once what was stored and removed',
    hint: 'Give the key the right to list. If listings show changes late, bat sees objects that are gone and misses some that are there: use another store.',
    essential: true,
    async run(bench) {
      await bench.target.put(name, bytesOf(100), hot);
      await expectListed(bench, '', [name]);
      await bench.target.remove(name);
      await expectListed(bench, '', []);
    },
  },
];

export const connectionCases: readonly Case[] = [
  {
    id: 'connection/again',
    title: 'connects again and again, and changes nothing by it',
    hint: 'This is a fault in bat: please report it.',
    async run(bench) {
      const { target } = bench;
      await target.put('bat.json', bytesOf(10), hot);
      const before = await bench.everything();
      await target.connect({ create: true });
      await target.connect({ create: false });
      await expectUnchanged(bench, before);
      await expectObject(target, 'bat.json', bytesOf(10));
    },
  },
  {
    id: 'connection/second',
    title: 'shows what is stored to another instance that may not make anything',
    hint: 'A restore on another machine would not find what is stored. If a cache or a proxy stands before the store, take it out.',
    async run({ target, again }) {
      await target.put('bat.json', bytesOf(10), hot);
      const second = await again();
      await second.connect({ create: false });
      await expectObject(second, 'bat.json', bytesOf(10));
      await second.close();
    },
  },
];
