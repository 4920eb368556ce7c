/** Whole objects: put, read, replace, remove. */
import { expect, it } from 'vitest';
import type { TargetSetup, TargetTraits } from '../target-suite.ts';
import { benchFor, bytesOf, everything, expectListed, expectObject, hot, inParallel } from './data.ts';

export function objectTests(setup: TargetSetup, traits: TargetTraits): void {
  const bench = benchFor(setup, traits);

  it('gives back what was put, and a receipt for it', async () => {
    const { target } = bench();
    const receipt = await target.put('manifests/first.jsonl', bytesOf(5000), hot);
    expect(receipt).toMatchObject({ name: 'manifests/first.jsonl', size: 5000 });
    expect(receipt.parts).toBeGreaterThanOrEqual(1);
    expect(await target.stat('manifests/first.jsonl')).toEqual({ name: 'manifests/first.jsonl', size: 5000 });
    await expectObject(target, 'manifests/first.jsonl', bytesOf(5000));
  });

  it('replaces an object, by a shorter one and by a longer one', async () => {
    const { target } = bench();
    for (const [index, size] of [5000, 10, 20_000].entries()) {
      await target.put('bat.json', bytesOf(size, index + 1), hot);
      await expectObject(target, 'bat.json', bytesOf(size, index + 1));
    }
    await expectListed(bench(), '', ['bat.json']);
  });

  it('holds an empty object', async () => {
    const { target } = bench();
    const receipt = await target.put('volumes/empty.tar', new Uint8Array(0), hot);
    expect(receipt.size).toBe(0);
    expect(await target.stat('volumes/empty.tar')).toEqual({ name: 'volumes/empty.tar', size: 0 });
    expect((await target.read('volumes/empty.tar', 0, 0)).length).toBe(0);
    await expect(target.read('volumes/empty.tar', 0, 1)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED', transient: false });
  });

  it('stores volumes that may go to cold storage', async () => {
    const { target } = bench();
    const receipt = await target.put('volumes/cold.tar', bytesOf(1000), { temperature: 'cold' });
    expect(receipt.size).toBe(1000);
    expect(await target.stat('volumes/cold.tar')).toEqual({ name: 'volumes/cold.tar', size: 1000 });
  });

  it('reads exactly the range that is asked for', async () => {
    const { target } = bench();
    const bytes = bytesOf(10_000);
    await target.put('volumes/ranges.tar', bytes, hot);
    const ranges = [[0, 1], [0, 10_000], [1, 9999], [9999, 1], [4095, 2], [4096, 4096], [5000, 0], [10_000, 0]] as const;
    for (const [offset, length] of ranges) {
      const read = await target.read('volumes/ranges.tar', offset, length);
      expect(Buffer.compare(read, bytes.subarray(offset, offset + length)), `${length} bytes at ${offset}`).toBe(0);
    }
  });

  it('says that an object is damaged when it ends before the range does', async () => {
    const { target } = bench();
    await target.put('volumes/short.tar', bytesOf(100), hot);
    for (const [offset, length] of [[0, 101], [99, 2], [100, 1], [5000, 10], [0, 2 ** 50]] as const) {
      await expect(target.read('volumes/short.tar', offset, length), `${length} bytes at ${offset}`).rejects.toMatchObject({ code: 'OBJECT_DAMAGED', transient: false });
    }
  });

  it('says that an object is missing', async () => {
    const { target } = bench();
    await expect(target.read('volumes/none.tar', 0, 10)).rejects.toMatchObject({ code: 'OBJECT_MISSING', transient: false });
    expect(await target.stat('volumes/none.tar')).toBeNull();
    await target.put('volumes/some.tar', bytesOf(10), hot);
    expect(await target.stat('volumes')).toBeNull();
    expect(await target.stat('volumes/some.tar/below')).toBeNull();
    await expect(target.read('volumes', 0, 1)).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
    for (const name of ['volumes', 'volumes/some.tar/below']) await target.remove(name);
    await expectObject(target, 'volumes/some.tar', bytesOf(10));
  });

  it('removes an object without a trace, and any number of times', async () => {
    const { target } = bench();
    await target.put('volumes/kept.tar', bytesOf(10), hot);
    const before = await everything(bench());
    await target.put('volumes/gone.tar', bytesOf(5000), hot);
    await target.put('other/folder/gone.tar', bytesOf(5000), hot);
    for (const name of ['volumes/gone.tar', 'other/folder/gone.tar', 'volumes/gone.tar', 'never/was.tar']) await target.remove(name);
    expect(await target.stat('volumes/gone.tar')).toBeNull();
    await expect(target.read('volumes/gone.tar', 0, 1)).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
    await expectListed(bench(), '', ['volumes/kept.tar']);
    expect(await everything(bench())).toEqual(before);
  });

  it('takes a name for an object that was a folder of objects before', async () => {
    const { target } = bench();
    await target.put('photos/2024/a.jpg', bytesOf(10), hot);
    await target.remove('photos/2024/a.jpg');
    await target.put('photos', bytesOf(20), hot);
    await expectObject(target, 'photos', bytesOf(20));
  });

  it('does many things at a time', async () => {
    const { target } = bench();
    const numbers = Array.from({ length: 30 }, (_, index) => index + 1);
    await inParallel(numbers, 10, (number) => target.put(`folder-${number % 3}/${number}.bin`, bytesOf(number * 100, number), hot));
    await inParallel(numbers, 10, async (number) => {
      if (number % 2 === 0) await target.remove(`folder-${number % 3}/${number}.bin`);
      else await expectObject(target, `folder-${number % 3}/${number}.bin`, bytesOf(number * 100, number));
    });
    const kept = numbers.filter((number) => number % 2 === 1).map((number) => `folder-${number % 3}/${number}.bin`);
    await expectListed(bench(), '', kept);
  });
}
