/** Objects in parts: order, sizes, replays, several at a time. */
import { createHash } from 'node:crypto';
import type { Case } from './case.ts';
import { bytesOf, hot, inParallel, parted, partsOf, sha256, upload } from './data.ts';
import { expectBytes, expectListed, expectObject, expectSame } from './expect.ts';

const name = 'volumes/20260101-000000-abcd-00001.tar.zst.age';
const hint = 'If a proxy stands before the store, let it pass large requests; else use another store.';

export const uploadCases: readonly Case[] = [
  {
    id: 'uploads/two-parts',
    title: 'takes two parts in reverse, and reads over their border',
    hint,
    sends: ({ partSize }) => partSize + 1000,
    async run({ target }) {
      const { partSize } = target.capabilities;
      const bytes = bytesOf(partSize + 1000);
      const writing = await target.open(name, parted(target));
      for (const [index, part] of [...partsOf(bytes, partSize).entries()].reverse()) await writing.write(index, part);
      const receipt = await writing.finish(bytes.length);
      expectSame('the receipt', { name: receipt.name, size: receipt.size }, { name, size: bytes.length });
      expectSame('the object', await target.stat(name), { name, size: bytes.length });
      expectBytes('2000 bytes over the border', await target.read(name, partSize - 1000, 2000), bytes.subarray(partSize - 1000));
    },
  },
  {
    id: 'uploads/sizes',
    title: 'stores objects of every number of parts',
    hint,
    large: true,
    sends: ({ partSize }) => 3 * partSize,
    async run({ target }) {
      const { partSize } = target.capabilities;
      for (const size of [0, 1, partSize - 1, partSize, partSize + 1]) {
        await upload(target, name, bytesOf(size));
        await expectObject(target, name, bytesOf(size));
      }
    },
  },
  {
    id: 'uploads/large',
    title: 'takes the parts of a large object in any order, several at a time, and reads at every border',
    hint,
    large: true,
    sends: (_, scale) => scale.largeObject,
    async run({ target, scale }) {
      const { partSize } = target.capabilities;
      const bytes = bytesOf(scale.largeObject);
      const parts = [...partsOf(bytes, partSize).entries()].reverse();
      const writing = await target.open(name, parted(target));
      await inParallel(parts, target.capabilities.parallel, ([index, part]) => writing.write(index, part));
      const receipt = await writing.finish(bytes.length);
      expectSame('the receipt', { name: receipt.name, size: receipt.size }, { name, size: bytes.length });
      expectSame('the object', await target.stat(name), { name, size: bytes.length });

      const hash = createHash('sha256');
      for (let offset = 0; offset < bytes.length; offset += 7_000_000) hash.update(await target.read(name, offset, Math.min(7_000_000, bytes.length - offset)));
      expectSame('the SHA-256 of the object', hash.digest('hex'), sha256(bytes));
      const borders = [0, ...parts.map(([index]) => index * partSize), bytes.length].flatMap((border) => [border - 1, border, border + 1]);
      for (const border of borders.filter((border) => border >= 0 && border + 2 <= bytes.length)) {
        expectBytes(`2 bytes at ${border}`, await target.read(name, border, 2), bytes.subarray(border, border + 2));
      }
    },
  },
  {
    id: 'uploads/larger-parts',
    title: 'takes parts that are larger than its own, as another target may want them',
    hint,
    large: true,
    sends: ({ partSize }) => 12 * partSize,
    async run({ target }) {
      const own = target.capabilities.partSize;
      for (const partSize of [own + 1, 2 * own, 3 * own + 12_345]) {
        const bytes = bytesOf(2 * partSize + 1000);
        const writing = await target.open(name, { ...hot, partSize });
        for (const [index, part] of [...partsOf(bytes, partSize).entries()].reverse()) await writing.write(index, part);
        const receipt = await writing.finish(bytes.length);
        expectSame('the receipt', { name: receipt.name, size: receipt.size }, { name, size: bytes.length });
        await expectObject(target, name, bytes);
      }
    },
  },
  {
    id: 'uploads/again',
    title: 'takes a part again, and the end again',
    hint: 'An upload could not go on after a dropped line. Use another store.',
    large: true,
    sends: ({ partSize }) => 2 * partSize,
    async run({ target }) {
      const bytes = bytesOf(target.capabilities.partSize + 1000);
      const [first, second] = partsOf(bytes, target.capabilities.partSize);
      const writing = await target.open(name, parted(target));
      for (const [index, part] of [[0, first!], [1, second!], [0, first!]] as const) await writing.write(index, part);
      const receipt = await writing.finish(bytes.length);
      expectSame('the receipt of the second end', await writing.finish(bytes.length), receipt);
      await expectObject(target, name, bytes);
    },
  },
  {
    id: 'uploads/replace',
    title: 'keeps the object of before until the new one is whole',
    hint: 'A stopped run could damage what was stored before. Use another store.',
    async run({ target }) {
      await target.put(name, bytesOf(500, 1), hot);
      const writing = await target.open(name, parted(target));
      await writing.write(0, bytesOf(1000, 2));
      await expectObject(target, name, bytesOf(500, 1));
      await writing.finish(1000);
      await expectObject(target, name, bytesOf(1000, 2));
    },
  },
  {
    id: 'uploads/two-at-a-time',
    title: 'carries two uploads at a time',
    hint,
    async run({ target }) {
      const one = await target.open('volumes/one.tar', parted(target));
      const two = await target.open('volumes/two.tar', parted(target));
      await Promise.all([one.write(0, bytesOf(1000, 1)), two.write(0, bytesOf(2000, 2))]);
      await Promise.all([one.finish(1000), two.finish(2000)]);
      await expectObject(target, 'volumes/one.tar', bytesOf(1000, 1));
      await expectObject(target, 'volumes/two.tar', bytesOf(2000, 2));
    },
  },
  {
    id: 'uploads/same-name',
    title: 'ends with one whole object when two uploads have the same name',
    hint,
    async run(bench) {
      const { target } = bench;
      const one = await target.open(name, parted(target));
      const two = await target.open(name, parted(target));
      await Promise.all([one.write(0, bytesOf(1000, 1)), two.write(0, bytesOf(2000, 2))]);
      await two.finish(2000);
      await one.finish(1000);
      await expectObject(target, name, bytesOf(1000, 1));
      await expectListed(bench, '', [name]);
    },
  },
];
