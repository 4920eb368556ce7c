/** Objects in parts: order, replays, giving up, and what a killed upload leaves. */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { TargetSetup, TargetTraits } from '../target-suite.ts';
import { benchFor, bytesOf, everything, expectListed, expectObject, hot, inParallel, parted, partsOf, sha256, upload } from './data.ts';

const name = 'volumes/20260101-000000-abcd-00001.tar.zst.age';

export function uploadTests(setup: TargetSetup, traits: TargetTraits): void {
  const bench = benchFor(setup, traits);
  const twoParts = () => bytesOf(bench().target.capabilities.partSize + 1000);

  it('stores objects of every number of parts', async () => {
    const { target } = bench();
    const { partSize } = target.capabilities;
    for (const size of [0, 1, partSize - 1, partSize, partSize + 1]) {
      await upload(target, name, bytesOf(size));
      await expectObject(target, name, bytesOf(size));
    }
  });

  it('takes the parts of a large object in any order, several at a time, and reads at every border', async () => {
    const { target } = bench();
    const { partSize } = target.capabilities;
    const bytes = bytesOf(traits.largeObject ?? 40_000_000);
    const parts = [...partsOf(bytes, partSize).entries()].reverse();
    const writing = await target.open(name, parted(target));
    await inParallel(parts, target.capabilities.parallel, ([index, part]) => writing.write(index, part));
    expect(await writing.finish(bytes.length)).toMatchObject({ name, size: bytes.length });
    expect(await target.stat(name)).toEqual({ name, size: bytes.length });

    const hash = createHash('sha256');
    for (let offset = 0; offset < bytes.length; offset += 7_000_000) hash.update(await target.read(name, offset, Math.min(7_000_000, bytes.length - offset)));
    expect(hash.digest('hex')).toBe(sha256(bytes));
    const borders = [0, ...parts.map(([index]) => index * partSize), bytes.length].flatMap((border) => [border - 1, border, border + 1]);
    for (const border of borders.filter((border) => border >= 0 && border + 2 <= bytes.length)) {
      expect(Buffer.compare(await target.read(name, border, 2), bytes.subarray(border, border + 2)), `2 bytes at ${border}`).toBe(0);
    }
  });

  it('takes parts that are larger than its own, as another target may want them', async () => {
    const { target } = bench();
    const own = target.capabilities.partSize;
    for (const partSize of [own + 1, 2 * own, 3 * own + 12_345]) {
      const bytes = bytesOf(2 * partSize + 1000);
      const writing = await target.open(name, { ...hot, partSize });
      for (const [index, part] of [...partsOf(bytes, partSize).entries()].reverse()) await writing.write(index, part);
      expect(await writing.finish(bytes.length)).toMatchObject({ name, size: bytes.length });
      await expectObject(target, name, bytes);
    }
  });

  it('takes a part again, and the end again', async () => {
    const { target } = bench();
    const bytes = twoParts();
    const [first, second] = partsOf(bytes, target.capabilities.partSize);
    const writing = await target.open(name, parted(target));
    await writing.write(0, first!);
    await writing.write(1, second!);
    await writing.write(0, first!);
    const receipt = await writing.finish(bytes.length);
    expect(await writing.finish(bytes.length)).toEqual(receipt);
    await expectObject(target, name, bytes);
  });

  it('refuses the end when a part is missing', async () => {
    const { target } = bench();
    const bytes = twoParts();
    const [first, second] = partsOf(bytes, target.capabilities.partSize);
    const before = await everything(bench());
    for (const [index, part] of [[0, first!], [1, second!]] as const) {
      const writing = await target.open(name, parted(target));
      await writing.write(index, part);
      await expect(writing.finish(bytes.length)).rejects.toMatchObject({ code: 'TARGET_FAILED', transient: false });
      await writing.abort();
    }
    expect(await everything(bench())).toEqual(before);
  });

  it('shows nothing of an object before its end', async () => {
    const { target } = bench();
    const writing = await target.open(name, parted(target));
    await writing.write(0, bytesOf(1000));
    expect(await target.stat(name)).toBeNull();
    await expectListed(bench(), '', []);
    await expect(target.read(name, 0, 1)).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
    await writing.finish(1000);
    await expectListed(bench(), '', [name]);
  });

  it('keeps the object of before until the new one is whole', async () => {
    const { target } = bench();
    await target.put(name, bytesOf(500, 1), hot);
    const writing = await target.open(name, parted(target));
    await writing.write(0, bytesOf(1000, 2));
    await expectObject(target, name, bytesOf(500, 1));
    await writing.finish(1000);
    await expectObject(target, name, bytesOf(1000, 2));
  });

  it('leaves nothing of an upload that is given up, however often that is said', async () => {
    const { target } = bench();
    await target.put(name, bytesOf(500), hot);
    const before = await everything(bench());
    for (const object of [name, 'another/folder/new.tar']) {
      const writing = await target.open(object, parted(target));
      await writing.write(0, bytesOf(target.capabilities.partSize));
      await writing.abort();
      await writing.abort();
      await expect(writing.write(1, bytesOf(10))).rejects.toMatchObject({ name: 'BatError', transient: false });
    }
    expect(await everything(bench())).toEqual(before);
    await expectObject(target, name, bytesOf(500));
  });

  it('keeps an object that is given up only after its end', async () => {
    const { target } = bench();
    const writing = await target.open(name, parted(target));
    await writing.write(0, bytesOf(1000));
    await writing.finish(1000);
    await writing.abort();
    await expectObject(target, name, bytesOf(1000));
  });

  it('hides what a killed upload left, and sweeps it away but no object', async () => {
    const { target, store } = bench();
    await target.put('volumes/kept.tar', bytesOf(500), hot);
    await target.put('bat.json', bytesOf(10), hot);
    const before = await everything(bench());
    const abandoned = [await target.open(name, parted(target)), await target.open('manifests/new.jsonl', parted(target))];
    for (const writing of abandoned) await writing.write(0, bytesOf(target.capabilities.partSize));

    const second = await store.again();
    await second.connect({ create: true });
    expect(await second.stat(name)).toBeNull();
    await expectListed({ ...bench(), target: second }, '', ['bat.json', 'volumes/kept.tar']);
    const swept = await second.sweep();
    if (!traits.forgetsUploads) expect(swept).toBe(abandoned.length);
    expect(await everything(bench())).toEqual(before);
    expect(await second.sweep()).toBe(0);
    await expectObject(second, 'volumes/kept.tar', bytesOf(500));
    await second.close();
    for (const writing of abandoned) await writing.abort();
  });

  it('carries two uploads at a time', async () => {
    const { target } = bench();
    const one = await target.open('volumes/one.tar', parted(target));
    const two = await target.open('volumes/two.tar', parted(target));
    await Promise.all([one.write(0, bytesOf(1000, 1)), two.write(0, bytesOf(2000, 2))]);
    await Promise.all([one.finish(1000), two.finish(2000)]);
    await expectObject(target, 'volumes/one.tar', bytesOf(1000, 1));
    await expectObject(target, 'volumes/two.tar', bytesOf(2000, 2));
  });

  it('ends with one whole object when two uploads have the same name', async () => {
    const { target } = bench();
    const one = await target.open(name, parted(target));
    const two = await target.open(name, parted(target));
    await Promise.all([one.write(0, bytesOf(1000, 1)), two.write(0, bytesOf(2000, 2))]);
    await two.finish(2000);
    await one.finish(1000);
    await expectObject(target, name, bytesOf(1000, 1));
    await expectListed(bench(), '', [name]);
  });
}
