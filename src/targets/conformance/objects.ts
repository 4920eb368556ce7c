/** Whole objects: put, read, replace, remove. */
import type { Case } from './case.ts';
import { bytesOf, hot, inParallel } from './data.ts';
import { expectBytes, expectFailure, expectListed, expectObject, expectSame, expectThat, expectUnchanged } from './expect.ts';

const inconsistent = 'A store that answers so may show old or other bytes to a restore. If a cache or a proxy stands before it, take it out; else use another store.';
const ranges = [[0, 1], [0, 10_000], [1, 9999], [9999, 1], [4095, 2], [4096, 4096], [5000, 0], [10_000, 0]] as const;
const beyond = [[0, 101], [99, 2], [100, 1], [5000, 10], [0, 2 ** 50]] as const;

export const objectCases: readonly Case[] = [
  {
    id: 'objects/receipt',
    title: 'gives back what was put, and a receipt for it',
    hint: inconsistent,
    async run({ target }) {
      const receipt = await target.put('manifests/first.jsonl', bytesOf(5000), hot);
      expectSame('the receipt', { name: receipt.name, size: receipt.size }, { name: 'manifests/first.jsonl', size: 5000 });
      expectThat('the parts in the receipt', receipt.parts >= 1, 'one or more', receipt.parts);
      await expectObject(target, 'manifests/first.jsonl', bytesOf(5000));
    },
  },
  {
    id: 'objects/replace',
    title: 'replaces an object, by a shorter one and by a longer one',
    hint: `An object that was replaced must be the new one at once. ${inconsistent}`,
    async run(bench) {
      for (const [index, size] of [5000, 10, 20_000].entries()) {
        await bench.target.put('bat.json', bytesOf(size, index + 1), hot);
        await expectObject(bench.target, 'bat.json', bytesOf(size, index + 1));
      }
      await expectListed(bench, '', ['bat.json']);
    },
  },
  {
    id: 'objects/empty',
    title: 'holds an empty object',
    hint: 'Use another store: an empty object is one, too.',
    async run({ target }) {
      const receipt = await target.put('volumes/empty.tar', new Uint8Array(0), hot);
      expectSame('the size in the receipt', receipt.size, 0);
      expectSame('the object', await target.stat('volumes/empty.tar'), { name: 'volumes/empty.tar', size: 0 });
      expectSame('bytes read of it', (await target.read('volumes/empty.tar', 0, 0)).length, 0);
      await expectFailure('reading a byte of it', () => target.read('volumes/empty.tar', 0, 1), 'OBJECT_DAMAGED');
    },
  },
  {
    id: 'objects/cold',
    title: 'stores volumes in the storage class that the plan names',
    hint: 'Look whether the store has the storage class in the plan, and whether the key may use it.',
    async run({ target }) {
      const receipt = await target.put('volumes/cold.tar', bytesOf(1000), { temperature: 'cold' });
      expectSame('the size in the receipt', receipt.size, 1000);
      expectSame('the object', await target.stat('volumes/cold.tar'), { name: 'volumes/cold.tar', size: 1000 });
    },
  },
  {
    id: 'objects/ranges',
    title: 'reads exactly the range that is asked for',
    hint: 'A restore reads parts of volumes. If a proxy or a cache stands before the store, see that it passes on ranges; else use another store.',
    async run({ target }) {
      const bytes = bytesOf(10_000);
      await target.put('volumes/ranges.tar', bytes, hot);
      for (const [offset, length] of ranges) {
        expectBytes(`${length} bytes at ${offset}`, await target.read('volumes/ranges.tar', offset, length), bytes.subarray(offset, offset + length));
      }
    },
  },
  {
    id: 'objects/short',
    title: 'says that an object is damaged when it ends before the range does',
    hint: 'Use another store: bat could not tell that an object was cut off.',
    async run({ target }) {
      await target.put('volumes/short.tar', bytesOf(100), hot);
      for (const [offset, length] of beyond) {
        await expectFailure(`reading ${length} bytes at ${offset} of 100`, () => target.read('volumes/short.tar', offset, length), 'OBJECT_DAMAGED');
      }
    },
  },
  {
    id: 'objects/missing',
    title: 'says that an object is missing',
    hint: 'Some stores answer "forbidden" for what is not there unless the key may list: give it that right.',
    async run({ target }) {
      await expectFailure('reading what was never stored', () => target.read('volumes/none.tar', 0, 10), 'OBJECT_MISSING');
      expectSame('the size of what was never stored', await target.stat('volumes/none.tar'), null);
      await target.put('volumes/some.tar', bytesOf(10), hot);
      expectSame('the size of a folder', await target.stat('volumes'), null);
      expectSame('the size of a name below an object', await target.stat('volumes/some.tar/below'), null);
      await expectFailure('reading a folder', () => target.read('volumes', 0, 1), 'OBJECT_MISSING');
      for (const name of ['volumes', 'volumes/some.tar/below']) await target.remove(name);
      await expectObject(target, 'volumes/some.tar', bytesOf(10));
    },
  },
  {
    id: 'objects/checksum',
    title: 'tells of an object what its receipt told, as long as nobody changes it',
    hint: 'bat compares what the store says of an object with the receipt, to find out that it was changed. A store or a proxy that makes up another checksum each time makes `bat verify` read more than it has to.',
    async run({ target }) {
      const name = 'volumes/told.tar';
      const receipt = await target.put(name, bytesOf(500), hot);
      const inspected = target.inspect ? await target.inspect(name) : null;
      const told = new Set<string | undefined>([inspected?.checksum]);
      for await (const stat of target.list('volumes/')) told.add(stat.checksum);
      const values = [...told].filter((checksum) => checksum !== undefined).map(valueOf);
      if (receipt.checksum === undefined || values.length === 0) return 'not-offered';
      for (const value of values) expectSame('the checksum', value, valueOf(receipt.checksum));
      return undefined;
    },
  },
  {
    id: 'objects/remove',
    title: 'removes an object without a trace, and any number of times',
    hint: `${inconsistent} Where the store keeps old versions, a rule there must let go of them.`,
    async run(bench) {
      const { target } = bench;
      await target.put('volumes/kept.tar', bytesOf(10), hot);
      const before = await bench.everything();
      await target.put('volumes/gone.tar', bytesOf(5000), hot);
      await target.put('other/folder/gone.tar', bytesOf(5000), hot);
      for (const name of ['volumes/gone.tar', 'other/folder/gone.tar', 'volumes/gone.tar', 'never/was.tar']) await target.remove(name);
      expectSame('the size of what was removed', await target.stat('volumes/gone.tar'), null);
      await expectFailure('reading what was removed', () => target.read('volumes/gone.tar', 0, 1), 'OBJECT_MISSING');
      await expectListed(bench, '', ['volumes/kept.tar']);
      await expectUnchanged(bench, before);
    },
  },
  {
    id: 'objects/folder-name',
    title: 'takes a name for an object that was a folder of objects before',
    hint: 'Use another store, or a plan with `tar`: its names never change so.',
    async run({ target }) {
      await target.put('photos/2024/a.jpg', bytesOf(10), hot);
      await target.remove('photos/2024/a.jpg');
      await target.put('photos', bytesOf(20), hot);
      await expectObject(target, 'photos', bytesOf(20));
    },
  },
  {
    id: 'objects/many-at-a-time',
    title: 'does many things at a time',
    hint: 'If the store refuses several calls at a time, see its limits; some are raised on request.',
    async run(bench) {
      const { target } = bench;
      const numbers = Array.from({ length: 30 }, (_, index) => index + 1);
      const name = (number: number): string => `folder-${number % 3}/${number}.bin`;
      await inParallel(numbers, 10, (number) => target.put(name(number), bytesOf(number * 100, number), hot));
      await inParallel(numbers, 10, async (number) => {
        if (number % 2 === 0) await target.remove(name(number));
        else await expectObject(target, name(number), bytesOf(number * 100, number));
      });
      await expectListed(bench, '', numbers.filter((number) => number % 2 === 1).map(name));
    },
  },
];

/** The same tag may be called `md5` or `etag`. */
function valueOf(checksum: string): string {
  return checksum.slice(checksum.indexOf(':') + 1);
}
