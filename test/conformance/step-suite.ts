/**
 * The contract of a step on the data's way, as tests (src/steps/step.ts). A kind of step calls `stepSuite` with what it is to be
 * given: a source of input that goes on for ever, of which it must take no more than it has room for.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Flow, FlowItems, ObjectEvent } from '../../src/steps/flow.ts';
import type { StepContext, StepType } from '../../src/steps/step.ts';
import { objectsOf, stepSetting, type StepSetting } from '../steps/step-setting.ts';

type Item = FlowItems[Flow];

export interface StepCase {
  type: StepType<never>;
  options: unknown;
  context(setting: StepSetting): StepContext;
  /** Input without an end, about a MiB or a file a turn. */
  endless(setting: StepSetting): Iterable<Item>;
  /** How many items of that make up whole ones: an object is several events. */
  whole: number;
  /** Items that the step may take while nobody takes what it gives. Receipts are small: a step that gives them need not wait. */
  ahead: number;
}

export function stepSuite(name: string, makeCase: () => Promise<StepCase>): void {
  describe(`step: ${name}`, () => {
    let setting: StepSetting;
    let given: StepCase;
    beforeEach(async () => {
      setting = stepSetting();
      given = await makeCase();
      await given.type.prepare?.(given.options as never, given.context(setting));
    });
    afterEach(() => setting.remove());

    const start = (input: AsyncIterable<Item>): AsyncIterator<Item> => given.type.run(given.options as never, [input], given.context(setting))[Symbol.asyncIterator]();

    /** The input until `count` items, then whatever `end` does. */
    async function* taken(count: number, counter: { items: number }, end: () => Promise<void> | void = () => {}): AsyncGenerator<Item> {
      for (const item of given.endless(setting)) {
        if (counter.items >= count) break;
        counter.items++;
        await new Promise(setImmediate);
        yield item;
      }
      await end();
    }

    async function drain(steps: AsyncIterator<Item>): Promise<Item[]> {
      const items: Item[] = [];
      for (let next = await steps.next(); !next.done; next = await steps.next()) {
        items.push(copied(next.value));
      }
      return items;
    }

    test('gives nothing for nothing, and ends', async () => {
      expect(await drain(start(taken(0, { items: 0 })))).toEqual([]);
    });

    test('takes its input to the end, and ends after it with whole objects', async () => {
      const counter = { items: 0 };
      const items = await drain(start(taken(given.whole, counter)));
      expect(counter.items).toBe(given.whole);
      if (given.type.gives === 'objects') expect(objectsOf(items as ObjectEvent[]).length).toBeGreaterThan(0);
    });

    test('throws what its input fails with', async () => {
      const failure = new Error('the step before failed');
      const failing = taken(given.whole + 1, { items: 0 }, () => {
        throw failure;
      });
      await expect(drain(start(failing))).rejects.toBe(failure);
    });

    test('stops when it is aborted, by throwing the reason', async () => {
      const reason = new Error('stopped by the user');
      const steps = start(
        taken(given.whole + 1, { items: 0 }, () => {
          // As the runner does: the signal, and every channel with it.
          setting.controller.abort(reason);
          throw reason;
        }),
      );
      await expect(drain(steps)).rejects.toBe(reason);
    });

    test('gives while its input still goes on, and takes no more of it than it has room for', async () => {
      const counter = { items: 0 };
      const steps = start(taken(100_000, counter, () => {}));
      if (given.type.gives !== 'receipts') {
        await steps.next();
        // Whoever would go on without being asked has plenty of turns to do so.
        for (let turn = 0; turn < 500; turn++) await new Promise(setImmediate);
        expect(counter.items).toBeLessThanOrEqual(given.ahead);
      } else {
        expect((await steps.next()).done).toBe(false);
        expect(counter.items).toBeLessThan(100_000);
      }
      setting.controller.abort(new Error('enough'));
      await steps.return?.();
    });
  });
}

/** Memory that a data event lends is used again once it is released. */
function copied(item: Item): Item {
  if (!('type' in item) || item.type !== 'data') return item;
  const bytes = Buffer.from(item.bytes);
  item.release?.();
  return { type: 'data', bytes };
}
