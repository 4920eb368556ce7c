/** Uploads that do not come to their end: what is seen of them, and that nothing of them stays. */
import type { Case } from './case.ts';
import { bytesOf, hot, parted, partsOf } from './data.ts';
import { expectFailure, expectListed, expectObject, expectSame, expectUnchanged } from './expect.ts';

const name = 'volumes/20260101-000000-abcd-00001.tar.zst.age';
const half = 'A restore could meet half an object. Use another store.';
const remains = 'Give the key the rights to list unfinished uploads and to give them up: else what stopped runs leave there takes room, and is paid for.';

export const unfinishedCases: readonly Case[] = [
  {
    id: 'unfinished/hidden',
    title: 'shows nothing of an object before its end',
    hint: half,
    async run(bench) {
      const { target } = bench;
      const writing = await target.open(name, parted(target));
      await writing.write(0, bytesOf(1000));
      expectSame('the size of what is not whole yet', await target.stat(name), null);
      await expectListed(bench, '', []);
      await expectFailure('reading what is not whole yet', () => target.read(name, 0, 1), 'OBJECT_MISSING');
      await writing.finish(1000);
      await expectListed(bench, '', [name]);
    },
  },
  {
    id: 'unfinished/part-missing',
    title: 'refuses the end when a part is missing',
    hint: half,
    large: true,
    sends: ({ partSize }) => partSize,
    async run(bench) {
      const { target } = bench;
      const bytes = bytesOf(target.capabilities.partSize + 1000);
      const parts = partsOf(bytes, target.capabilities.partSize);
      const before = await bench.everything();
      for (const [index, part] of parts.entries()) {
        const writing = await target.open(name, parted(target));
        await writing.write(index, part);
        await expectFailure(`the end without part ${1 - index}`, () => writing.finish(bytes.length), 'TARGET_FAILED');
        await writing.abort();
      }
      await expectUnchanged(bench, before);
    },
  },
  {
    id: 'unfinished/given-up',
    title: 'leaves nothing of an upload that is given up, however often that is said',
    hint: remains,
    large: true,
    sends: ({ partSize }) => 2 * partSize,
    async run(bench) {
      const { target } = bench;
      await target.put(name, bytesOf(500), hot);
      const before = await bench.everything();
      for (const object of [name, 'another/folder/new.tar']) {
        const writing = await target.open(object, parted(target));
        await writing.write(0, bytesOf(target.capabilities.partSize));
        await writing.abort();
        await writing.abort();
        await expectFailure('a part after that', () => writing.write(1, bytesOf(10)));
      }
      await expectUnchanged(bench, before);
      await expectObject(target, name, bytesOf(500));
    },
  },
  {
    id: 'unfinished/late-end',
    title: 'keeps an object that is given up only after its end',
    hint: 'This is a fault in bat: please report it.',
    async run({ target }) {
      const writing = await target.open(name, parted(target));
      await writing.write(0, bytesOf(1000));
      await writing.finish(1000);
      await writing.abort();
      await expectObject(target, name, bytesOf(1000));
    },
  },
  {
    id: 'unfinished/swept',
    title: 'hides what a killed upload left, and sweeps it away but no object',
    hint: remains,
    async run(bench) {
      const { target } = bench;
      await target.put('volumes/kept.tar', bytesOf(500), hot);
      await target.put('bat.json', bytesOf(10), hot);
      const before = await bench.everything();
      const abandoned = await target.open(name, parted(target));
      await abandoned.write(0, bytesOf(1000));

      const second = await bench.again();
      await second.connect({ create: true });
      expectSame('the size of what is not whole', await second.stat(name), null);
      await expectListed(bench, '', ['bat.json', 'volumes/kept.tar'], second);
      const swept = await second.sweep();
      if (!bench.forgetsUploads) expectSame('unfinished uploads swept away', swept, 1);
      await expectUnchanged(bench, before);
      expectSame('unfinished uploads after that', await second.sweep(), 0);
      await expectObject(second, 'volumes/kept.tar', bytesOf(500));
      await second.close();
      await abandoned.abort();
    },
  },
  {
    id: 'unfinished/resumed',
    title: 'takes up an upload of another process where it was',
    hint: 'Leave `spool` out of the plan: then a killed run sends its last volume again.',
    large: true,
    sends: ({ partSize }) => partSize + 1000,
    async run({ target, again }) {
      const bytes = bytesOf(target.capabilities.partSize + 1000);
      const [first, last] = partsOf(bytes, target.capabilities.partSize);
      const begun = await target.open(name, parted(target));
      await begun.write(0, first!);
      if (begun.id === undefined || !target.resume) {
        await begun.abort();
        return 'not-offered';
      }
      const second = await again();
      await second.connect({ create: true });
      const resumed = await second.resume!(name, begun.id, parted(second));
      expectSame('the parts that are there', resumed && [...resumed.parts].map(([index, { size }]) => [index, size]), [[0, first!.length]]);
      await resumed!.upload.write(1, last!);
      const { size } = await resumed!.upload.finish(bytes.length);
      expectSame('the size in the receipt', size, bytes.length);
      await expectObject(second, name, bytes);
      await second.close();
      return undefined;
    },
  },
];
