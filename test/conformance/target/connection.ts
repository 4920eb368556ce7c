/** Closing and stopping. */
import { expect, it } from 'vitest';
import { bytesOf, hot, parted } from '../../../src/targets/conformance/data.ts';
import { expectListed, listed } from '../../../src/targets/conformance/expect.ts';
import type { Target } from '../../../src/targets/target.ts';
import type { TargetSetup, TargetTraits } from '../target-suite.ts';
import { benchFor } from './bench.ts';

export function connectionTests(setup: TargetSetup, traits: TargetTraits): void {
  const bench = benchFor(setup, traits);

  it('closes twice', async () => {
    const { target } = bench();
    await target.close();
    await target.close();
  });

  it('takes back what it made for the place, and only if nothing is in it', async () => {
    const { target, again } = bench();
    await target.put('bat.json', bytesOf(10), hot);
    await target.unmake?.();
    expect(await target.stat('bat.json')).not.toBeNull();
    await target.remove('bat.json');
    const second = await again();
    await second.connect({ create: true });
    await second.unmake?.();
    await expectListed(bench(), '', [], target);
    await second.close();
  });

  it('starts nothing once the signal is aborted, and throws its reason', async () => {
    const { target, everything } = bench();
    await target.put('bat.json', bytesOf(10), hot);
    const before = await everything();
    const reason = new Error('stopped by the test');
    const signal = AbortSignal.abort(reason);
    for (const [call, work] of Object.entries(callsOf(target, signal))) await expect(work(), call).rejects.toBe(reason);
    expect(await everything()).toEqual(before);
  });

  it('stops an upload whose signal is aborted, and leaves nothing of it', async () => {
    const { target, everything } = bench();
    await target.put('bat.json', bytesOf(10), hot);
    const before = await everything();
    const controller = new AbortController();
    const upload = await target.open('volumes/stopped.tar', { ...parted(target), signal: controller.signal });
    await upload.write(0, bytesOf(1000));
    const reason = new Error('stopped by the test');
    controller.abort(reason);
    await expect(upload.write(0, bytesOf(1000))).rejects.toBe(reason);
    await expect(upload.finish(1000)).rejects.toBe(reason);
    await upload.abort();
    expect(await everything()).toEqual(before);
  });

  it('ends what is going on when the signal is aborted, with its reason or with success', async () => {
    const { target } = bench();
    await target.put('bat.json', bytesOf(10), hot);
    const reason = new Error('stopped by the test');
    for (const call of Object.keys(callsOf(target, new AbortController().signal))) {
      const controller = new AbortController();
      const going = callsOf(target, controller.signal)[call]!();
      controller.abort(reason);
      const thrown: unknown = await going.then(() => reason, (error: unknown) => error);
      expect(thrown, call).toBe(reason);
    }
  });
}

/** Every call that takes a signal. */
function callsOf(target: Target, signal: AbortSignal): Record<string, () => Promise<unknown>> {
  return {
    connect: () => target.connect({ create: true, signal }),
    put: () => target.put('volumes/put.tar', bytesOf(10), { ...hot, signal }),
    open: async () => (await target.open('volumes/open.tar', { ...parted(target), signal })).abort(),
    read: () => target.read('bat.json', 0, 10, signal),
    stat: () => target.stat('bat.json', signal),
    list: () => listed({ ...target, list: (prefix) => target.list(prefix, signal) } as Target),
    remove: () => target.remove('volumes/none.tar', signal),
    sweep: () => target.sweep({ signal }),
  };
}
