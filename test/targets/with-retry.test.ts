/** The retry wrapper, around a target that fails as it is told. */
import { beforeEach, describe, expect, it } from 'vitest';
import { BatError } from '../../src/core/errors.ts';
import type { BatEvent } from '../../src/core/events.ts';
import type { RetryPolicy } from '../../src/core/retry.ts';
import type { ObjectStat, Target, Upload } from '../../src/targets/target.ts';
import { withRetry } from '../../src/targets/with-retry.ts';

const hot = { temperature: 'hot' } as const;
const parted = { ...hot, partSize: 5 };
const policy: RetryPolicy = { attempts: 3, wait: 0, maxWait: 0, within: Infinity };
const passing = () => new BatError('TARGET_FAILED', 'The line dropped.', { transient: true });
const final = () => new BatError('TARGET_FULL', 'The disk is full.');

/** What the next calls do: each throws the first error in its queue, or succeeds when there is none. */
let failures: unknown[];
let calls: string[];
let events: BatEvent[];

beforeEach(() => {
  failures = [];
  calls = [];
  events = [];
});

async function called(name: string): Promise<void> {
  calls.push(name);
  if (failures.length > 0) throw failures.shift();
}

const receipt = { name: 'a', size: 3, parts: 1 };
const stats: ObjectStat[] = ['a', 'b', 'c', 'd'].map((name) => ({ name, size: 1 }));

const fakeUpload: Upload = {
  write: (index) => called(`write ${index}`),
  finish: (size) => called(`finish ${size}`).then(() => receipt),
  abort: () => called('abort'),
};

const fake: Target = {
  id: 'usb',
  type: 'fake',
  location: 'nowhere',
  capabilities: { partSize: 5, listing: 'cheap', parallel: 1 },
  connect: () => called('connect'),
  acceptsName: (name) => name !== 'bad',
  put: () => called('put').then(() => receipt),
  open: () => called('open').then(() => fakeUpload),
  read: () => called('read').then(() => new Uint8Array(3)),
  stat: () => called('stat').then(() => stats[0]!),
  async *list() {
    // Each time in another order, and failing between two objects.
    stats.push(stats.shift()!);
    for (const stat of stats) {
      await called('list');
      yield stat;
    }
  },
  coldStorage: {
    isCold: (storageClass) => storageClass === 'COLD',
    tiers: () => [{ tier: 'bulk', least: 1, most: 2 }],
    state: () => called('state').then(() => ({ is: 'readable' as const })),
    thaw: () => called('thaw'),
  },
  remove: () => called('remove'),
  sweep: () => called('sweep').then(() => 2),
  close: () => called('close'),
};

const target = (changes: Partial<RetryPolicy> = {}): Target => withRetry(fake, { ...policy, ...changes }, (event) => events.push(event));

const everyCall: Record<string, (signal?: AbortSignal) => Promise<unknown>> = {
  connect: (signal) => target().connect({ create: true, ...(signal ? { signal } : {}) }),
  put: (signal) => target().put('a', new Uint8Array(3), { ...hot, signal }),
  open: (signal) => target().open('a', { ...parted, signal }),
  read: (signal) => target().read('a', 0, 3, signal),
  stat: (signal) => target().stat('a', signal),
  list: (signal) => Array.fromAsync(target().list('', signal)),
  remove: (signal) => target().remove('a', signal),
  sweep: (signal) => target().sweep({ signal }),
  state: (signal) => target().coldStorage!.state('a', signal),
  thaw: (signal) => target().coldStorage!.thaw('a', { tier: 'bulk', days: 1, storageClass: 'COLD', signal }),
};

describe.each(Object.keys(everyCall))('%s', (name) => {
  const call = everyCall[name]!;

  it('is tried again while the failure may pass, and each retry is told', async () => {
    failures = [passing(), passing()];
    await call();
    expect(calls.slice(0, 3)).toEqual([name, name, name]);
    expect(events).toMatchObject([1, 2].map((attempt) => ({ type: 'retry', target: 'usb', message: 'The line dropped.', reason: 'The line dropped', attempt, attempts: 3, wait: 0 })));
  });

  it('throws the last failure when the tries are used up', async () => {
    failures = [passing(), passing(), passing(), passing()];
    await expect(call()).rejects.toMatchObject({ code: 'TARGET_FAILED' });
    expect(calls).toHaveLength(3);
  });

  it('is not tried again when the failure does not pass, or is a bug', async () => {
    for (const failure of [final(), new Error('a bug')]) {
      failures = [failure];
      calls = [];
      await expect(call()).rejects.toBe(failure);
      expect(calls).toEqual([name]);
    }
    expect(events).toEqual([]);
  });

  it('ends with the reason when the signal is aborted between two tries', async () => {
    const controller = new AbortController();
    const reason = new Error('stopped by the test');
    const stopping = passing();
    Object.defineProperty(stopping, 'transient', { get: () => (controller.abort(reason), true) });
    failures = [stopping, passing()];
    await expect(call(controller.signal)).rejects.toBe(reason);
    expect(calls).toEqual([name]);
  });
});

describe('an upload', () => {
  it('sends a part again that failed, and only that, and the end again', async () => {
    const upload = await target().open('a', parted);
    await upload.write(0, new Uint8Array(5));
    failures = [passing()];
    await upload.write(1, new Uint8Array(5));
    failures = [passing(), passing()];
    expect(await upload.finish(10)).toBe(receipt);
    expect(calls).toEqual(['open', 'write 0', 'write 1', 'write 1', 'finish 10', 'finish 10', 'finish 10']);
  });

  it('has the tries of the policy for each part', async () => {
    const upload = await target().open('a', parted);
    for (const index of [0, 1, 2]) {
      failures = [passing(), passing()];
      await upload.write(index, new Uint8Array(5));
    }
    expect(calls).toHaveLength(10);
  });

  it('is given up at once', async () => {
    const upload = await target().open('a', parted);
    await upload.abort();
    expect(calls).toEqual(['open', 'abort']);
  });

  it('is given up when the signal is aborted just as it was opened', async () => {
    const controller = new AbortController();
    const opening = target().open('a', { ...parted, signal: controller.signal });
    controller.abort();
    await expect(opening).rejects.toBe(controller.signal.reason);
    expect(calls).toEqual(['open', 'abort']);
  });

  it('ends with the signal it was opened with', async () => {
    const controller = new AbortController();
    const upload = await target().open('a', { ...parted, signal: controller.signal });
    const reason = new Error('stopped by the test');
    controller.abort(reason);
    await expect(upload.write(0, new Uint8Array(5))).rejects.toBe(reason);
    await expect(upload.finish(5)).rejects.toBe(reason);
    expect(calls).toEqual(['open']);
  });
});

describe('a listing', () => {
  it('that breaks off is begun anew, and gives each object once', async () => {
    const names: string[] = [];
    for await (const { name } of target().list('')) {
      names.push(name);
      if (names.length === 1 || names.length === 3) failures = [passing(), passing()];
    }
    expect(names.sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(events).toHaveLength(4);
  });

  it('that is left is ended', async () => {
    let ended = false;
    const watched: Target = {
      ...fake,
      async *list() {
        try {
          yield* stats;
        } finally {
          ended = true;
        }
      },
    };
    for await (const { name } of withRetry(watched, policy, () => {}).list('')) {
      expect(name).toBeTypeOf('string');
      break;
    }
    expect(ended).toBe(true);
  });
});

it('waits between two tries, and does not begin another when its time is over', async () => {
  failures = [passing(), passing()];
  await expect(target({ within: 0 }).remove('a')).rejects.toMatchObject({ code: 'TARGET_FAILED' });
  expect(calls).toEqual(['remove']);
  await target({ wait: 1, maxWait: 1 }).remove('a');
  expect(events.at(-1)).toMatchObject({ attempt: 1, wait: 1 });
});

it('is the target it wraps in everything else', async () => {
  const wrapped = target();
  expect([wrapped.id, wrapped.type, wrapped.location, wrapped.capabilities]).toEqual(['usb', 'fake', 'nowhere', fake.capabilities]);
  expect([wrapped.acceptsName('good'), wrapped.acceptsName('bad')]).toEqual([true, false]);
  await wrapped.close();
  expect(calls).toEqual(['close']);
});

it('passes on what a target says of its classes and prices, and that it has none', () => {
  const cold = target().coldStorage!;
  expect([cold.isCold('COLD'), cold.isCold('HOT'), cold.tiers('COLD')]).toEqual([true, false, [{ tier: 'bulk', least: 1, most: 2 }]]);
  const prices = { list: { currency: 'EUR', 'as-of': '2026', region: '', source: '', classes: {} }, standardClass: 'HOT', volumeClass: 'COLD' };
  expect(withRetry({ ...fake, prices }, policy, () => {}).prices).toBe(prices);
  const plain = withRetry({ ...fake, coldStorage: undefined }, policy, () => {});
  expect([plain.coldStorage, plain.prices]).toEqual([undefined, undefined]);
});
