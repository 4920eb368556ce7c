import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BatError } from '../../src/core/errors.ts';
import type { ObjectEvent, StoredObject } from '../../src/steps/flow.ts';
import type { StepContext } from '../../src/steps/step.ts';
import { uploadStep } from '../../src/steps/upload.ts';
import type { Target, Upload } from '../../src/targets/target.ts';
import { filesBelow } from '../e2e/judges.ts';
import { collect, givenObjects, listed, stepSetting, type StepSetting } from './step-setting.ts';

const mebibyte = 2 ** 20;
let setting: StepSetting;
beforeEach(() => {
  setting = stepSetting();
});
afterEach(() => setting.remove());

const upload = async (input: AsyncIterable<ObjectEvent> | Iterable<ObjectEvent>, more: Partial<StepContext> = {}): Promise<StoredObject[]> => {
  const events = Symbol.asyncIterator in input ? input : listed([...input]);
  return (await collect(uploadStep.run({ to: ['one', 'two'] }, [events], { ...setting.context(), ...more }))) as StoredObject[];
};
const onDisk = (target: string, name: string): Buffer => readFileSync(join(setting.folder, target, 'plan', name));
const full = (): BatError => new BatError('TARGET_FULL', 'no space left', { hint: 'make some' });

/** Target `one` with some of its methods replaced. */
function spoil(methods: Partial<Target>, upload: Partial<Upload> = {}): void {
  const real = setting.targets.get('one')!;
  const open: Target['open'] = async (...words) => {
    const opened = await real.open(...words);
    const bound: Upload = { write: (...given) => opened.write(...given), finish: (size) => opened.finish(size), abort: () => opened.abort() };
    return { ...bound, ...upload };
  };
  setting.targets.set('one', new Proxy(real, { get: (target, name) => methods[name as keyof Target] ?? (name === 'open' ? open : bindTo(target, Reflect.get(target, name))) }));
}

function bindTo(target: Target, value: unknown): unknown {
  return typeof value === 'function' ? (value.bind(target) as unknown) : value;
}

test('objects of every size arrive on each target as they are, with a receipt of each', async () => {
  const contents = [0, 1, 4 * mebibyte - 1, 4 * mebibyte, 4 * mebibyte + 1, 11 * mebibyte].map((length) => randomBytes(length));
  const stored = await upload(givenObjects(setting, contents.map((bytes) => [bytes.subarray(0, 1000), bytes.subarray(1000)])));
  for (const { name, size, sha256, receipts, decoded } of stored) {
    const bytes = contents[Number(/(\d+)\.tar$/.exec(name)![1]) - 1]!;
    expect({ size, decoded, sha256 }).toEqual({ size: bytes.length, decoded: bytes.length, sha256: createHash('sha256').update(bytes).digest() });
    for (const target of ['one', 'two']) {
      expect(onDisk(target, name).equals(bytes)).toBe(true);
      expect(receipts.get(target)).toMatchObject({ name, size, parts: 1 });
    }
  }
  expect(stored).toHaveLength(contents.length);
});

test('an object that is discarded leaves nothing', async () => {
  const [open, data] = [...givenObjects(setting, [[randomBytes(9 * mebibyte)]])];
  expect(await upload([open!, data!, { type: 'discard' }])).toEqual([]);
  expect(filesBelow(join(setting.folder, 'one'))).toEqual([]);
});

test.each([
  ['when it opens', () => spoil({ open: () => Promise.reject(full()), put: () => Promise.reject(full()) })],
  ['at a part', () => spoil({}, { write: () => Promise.reject(full()) })],
  ['at its end', () => spoil({}, { finish: () => Promise.reject(full()) })],
])('a target that fails %s is given up on, and the other gets everything', async (_, spoilIt) => {
  spoilIt();
  const stored = await upload(givenObjects(setting, [[randomBytes(9 * mebibyte)], [randomBytes(10)], [randomBytes(9 * mebibyte)]]));
  expect([...setting.failures.keys()]).toEqual(['one']);
  expect(stored.map(({ receipts }) => receipts.has('two'))).toEqual([true, true, true]);
  expect(stored.filter(({ receipts }) => receipts.has('one')).length).toBeLessThan(3);
  expect(filesBelow(join(setting.folder, 'one')).filter((name) => name.includes('.bat-tmp-'))).toEqual([]);
});

test('targets that want parts of different sizes all get the object', async () => {
  const { listing, parallel, partSize } = setting.targets.get('one')!.capabilities;
  spoil({ capabilities: { listing, parallel, partSize: 2 * partSize + 1 } });
  const bytes = randomBytes(9 * mebibyte);
  const [stored] = await upload(givenObjects(setting, [[bytes]]));
  expect(setting.failures).toEqual(new Map());
  expect([...stored!.receipts.keys()].sort()).toEqual(['one', 'two']);
  for (const target of ['one', 'two']) expect(onDisk(target, stored!.name).equals(bytes)).toBe(true);
});

test('where a target takes only so many parts, those of a large object are larger; those of a small one are not', async () => {
  const sizes: number[] = [];
  const real = setting.targets.get('one')!;
  spoil({
    capabilities: { ...real.capabilities, mostParts: 4 },
    open: (name, options) => {
      sizes.push(options.partSize);
      return real.open(name, options);
    },
  });
  const bytes = randomBytes(21 * mebibyte);
  const events = [...givenObjects(setting, [[bytes], [bytes.subarray(0, 3 * mebibyte)]])];
  for (const [index, event] of events.entries()) if (event.type === 'open') event.object.largest = index === 0 ? bytes.length : 3 * mebibyte;
  const stored = await upload(events);
  expect(sizes).toEqual([6 * mebibyte, 2 * mebibyte]);
  for (const target of ['one', 'two']) expect(onDisk(target, stored.find((object) => object.size === bytes.length)!.name).equals(bytes)).toBe(true);
});

test.each([
  ['a part', 9 * mebibyte, { write: () => Promise.reject(new TypeError('a bug')) }, {}],
  ['an end', 9 * mebibyte, { finish: () => Promise.reject(new TypeError('a bug')) }, {}],
  ['a small object', 10, {}, { put: () => Promise.reject(new TypeError('a bug')) }],
])('a bug of a target at %s ends the step with it, and leaves nothing half written', async (_, length, ofUpload, ofTarget) => {
  spoil(ofTarget, ofUpload);
  const giveUp = (_target: string, error: unknown): never => {
    throw error;
  };
  await expect(upload(givenObjects(setting, [[randomBytes(length)], [randomBytes(length)]]), { giveUp })).rejects.toThrow('a bug');
  for (const target of ['one', 'two']) expect(filesBelow(join(setting.folder, target)).filter((name) => name.includes('.bat-tmp-'))).toEqual([]);
});

test('what still waits for a target that was given up is not waited for', async () => {
  let calls = 0;
  let asked = (): void => {};
  const bothAsked = new Promise<void>((resolve) => (asked = resolve));
  spoil({}, {
    write: async () => {
      if (++calls === 2) asked();
      await bothAsked;
      throw full();
    },
  });
  const one = setting.targets.get('one')!;
  spoil({
    open: async (name, options) => {
      const upload = await one.open(name, options);
      // The first part waits as one does while the line is down: until its signal says that nobody needs it any more.
      const waiting = (): Promise<void> =>
        new Promise((_, reject) => {
          if (++calls === 2) asked();
          options.signal!.addEventListener('abort', () => reject(options.signal!.reason as Error));
        });
      return { write: (index, bytes) => (index === 0 ? waiting() : upload.write(index, bytes)), finish: (size) => upload.finish(size), abort: () => upload.abort() };
    },
  });
  const [stored] = await upload(givenObjects(setting, [[randomBytes(9 * mebibyte)]]));
  expect([...stored!.receipts.keys()]).toEqual(['two']);
  expect(setting.failures.get('one')).toMatchObject({ code: 'TARGET_FULL' });
});

test('one that listens and fails is no target\'s failure', async () => {
  const sent = (): never => {
    throw new Error('deaf');
  };
  for (const length of [9 * mebibyte, 10]) await expect(upload(givenObjects(setting, [[randomBytes(length)]]), { sent })).rejects.toThrow('deaf');
  expect(setting.failures).toEqual(new Map());
});

test('every target given up on: the objects come without receipts', async () => {
  setting.targets.clear();
  const stored = await upload(givenObjects(setting, [[randomBytes(10)]]));
  expect(stored).toMatchObject([{ receipts: new Map() }]);
});

test('a target that does not go on holds back its input, so that memory stays bounded', async () => {
  let letGo = (): void => {};
  const held = new Promise<void>((resolve) => (letGo = resolve));
  spoil({}, { write: () => held });
  let taken = 0;
  const bytes = randomBytes(mebibyte);
  async function* input(): AsyncGenerator<ObjectEvent> {
    const frames = function* (): Generator<Uint8Array> {
      for (let count = 0; count < 200; count++, taken++) yield bytes;
    };
    const [open] = [...givenObjects(setting, [[]])];
    yield open!;
    for (const frame of frames()) yield { type: 'data', bytes: frame };
    yield { type: 'close', decoded: 200 * mebibyte, frames: [] };
  }
  const stored = upload(input());
  for (let turn = 0; turn < 2000; turn++) await new Promise(setImmediate);
  expect(taken).toBeLessThanOrEqual(20);
  letGo();
  setting.controller.abort(new Error('enough'));
  await expect(stored).rejects.toThrow('enough');
  expect(filesBelow(join(setting.folder, 'two')).filter((name) => name.includes('.bat-tmp-'))).toEqual([]);
});

test.each([2, 12])('%i calls at a time are on their way where a target takes as many', async (parallel) => {
  let letGo = (): void => {};
  const held = new Promise<void>((resolve) => (letGo = resolve));
  let calls = 0;
  let inTime = (): void => {};
  const enough = new Promise<void>((resolve) => (inTime = resolve));
  const { capabilities } = setting.targets.get('one')!;
  spoil({ capabilities: { ...capabilities, parallel } }, { write: () => (++calls === parallel && inTime(), held) });
  const bytes = randomBytes(mebibyte);
  const stored = upload(givenObjects(setting, [Array.from({ length: 60 }, () => bytes)]));
  await enough;
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
  expect(calls).toBe(parallel);
  letGo();
  await stored;
});

test('lent memory is given back once, whatever becomes of the object', async () => {
  let released = 0;
  const events = [...givenObjects(setting, [[randomBytes(5 * mebibyte), randomBytes(5 * mebibyte)], [randomBytes(3)]])].map((event): ObjectEvent =>
    event.type === 'data' ? { ...event, release: () => void released++ } : event,
  );
  await upload(events);
  expect(released).toBe(3);
});

test('lent memory is given back although its part is not full', async () => {
  const [open, first, second, close] = [...givenObjects(setting, [[randomBytes(1000), randomBytes(1000)]])];
  const given = Promise.withResolvers<void>();
  async function* events(): AsyncGenerator<ObjectEvent> {
    yield open!;
    yield { ...(first as ObjectEvent & { type: 'data' }), release: given.resolve };
    await given.promise;
    yield second!;
    yield close!;
  }
  expect(await upload(events())).toMatchObject([{ size: 2000 }]);
});

test('whoever stops to listen goes on when nothing is on its way any more', async () => {
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const begun = Promise.withResolvers<void>();
  const real = setting.targets.get('one')!;
  let puts = 0;
  spoil({
    put: async (...words) => {
      if (++puts === 2) {
        begun.resolve();
        await second.promise;
      }
      return real.put(...words);
    },
  });
  let hasEnded = false;
  const events = listed([...givenObjects(setting, [[randomBytes(10)], [randomBytes(10)]])]);
  const listening = (async () => {
    for await (const _ of uploadStep.run({ to: ['one'] }, [events], setting.context())) {
      first.resolve();
      break;
    }
    hasEnded = true;
  })();
  await Promise.all([first.promise, begun.promise]);
  await new Promise(setImmediate);
  expect(hasEnded).toBe(false);
  second.resolve();
  await listening;
  expect(filesBelow(join(setting.folder, 'one'))).toHaveLength(2);
});
