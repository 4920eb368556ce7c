/** A target as a plan has it: its retry, its pace, its parallel calls. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BatError } from '../../src/core/errors.ts';
import type { BatEvent } from '../../src/core/events.ts';
import { loadPlan, type Plan, type TargetSpec } from '../../src/plan/plan.ts';
import { registries } from '../../src/plan/registries.ts';
import { makeTarget, type MakeTargetOptions } from '../../src/runner/make-target.ts';
import type { Target, TargetContext } from '../../src/targets/target.ts';

let folder: string;
let events: BatEvent[];
/** What the target was made with, and what becomes of its calls. */
let context: TargetContext;
let calls: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bat-make-target-'));
  events = [];
  calls = 0;
  vi.useFakeTimers({ now: new Date(2026, 5, 1, 12) });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

async function planWith({ plan = '{}', upload = '{}', target = '' }): Promise<Plan> {
  writeFileSync(
    join(folder, 'bat.yaml'),
    `{ version: 1, name: nas, sources: { docs: { path: docs } }, retry: ${plan}, steps: [select, tar, { upload: { to: [other, disk], retry: ${upload} } }, record],
       targets: { other: { type: file, path: other }, disk: { type: file, path: disk, ${target} } } }\n`,
  );
  return loadPlan(join(folder, 'bat.yaml'), { registries, environment: {}, strict: true, resolveSecrets: true });
}

/** The target `disk`, each call of which fails in a way that may pass. */
function failing(plan: Plan, options: Partial<MakeTargetOptions> = {}): Target {
  const spec = plan.targets.find(({ id }) => id === 'disk')!;
  const fail = (): Promise<never> => {
    calls++;
    return Promise.reject(new BatError('TARGET_FAILED', 'Target "disk" is busy.', { transient: true }));
  };
  const type: TargetSpec['type'] = {
    ...spec.type,
    create: (id, own, given) => {
      context = given;
      return Object.assign(spec.type.create(id, own, given), { stat: fail, connect: fail });
    },
  };
  return makeTarget(plan, { ...spec, type }, { emit: (event) => events.push(event), keepsHours: true, ...options });
}

/** Tries until it gives up. */
async function triesOf(call: Promise<unknown>): Promise<number> {
  const outcome = call.catch((error: unknown) => error);
  await vi.runAllTimersAsync();
  expect(await outcome).toBeInstanceOf(BatError);
  return calls;
}

test.each([
  ['{ attempts: 2 }', '{}', '', 2],
  ['{ attempts: 2 }', '{ attempts: 3 }', '', 3],
  ['{ attempts: 2 }', '{ attempts: 3 }', 'retry: { attempts: 4 }', 4],
  ['{ attempts: 2 }', '{ attempts: 3, wait: 1h }', 'retry: { max-wait: 2h }', 3],
])('the plan %s, the upload %s, the target %s', async (plan, upload, target, tries) => {
  expect(await triesOf(failing(await planWith({ plan, upload, target })).stat('a'))).toBe(tries);
});

test('what one says and another does not is taken together', async () => {
  await triesOf(failing(await planWith({ plan: '{ attempts: 3 }', upload: '{ wait: 1h }', target: 'retry: { max-wait: 90min }' })).stat('a'));
  const waits = events.map((event) => (event.type === 'retry' ? event.wait / 60_000 : 0));
  expect(waits).toEqual([expect.closeTo(52.5, -1.5), expect.closeTo(79, -1.5)]);
});

test('tries are shorter where somebody waits for the answer', async () => {
  const plan = await planWith({ plan: '{ for: 6h }' });
  const target = failing(plan, { connectWithin: 60_000 });
  const started = Date.now();
  await triesOf(target.connect({ create: false }));
  expect(Date.now() - started).toBeLessThanOrEqual(60_000);
  await triesOf(target.stat('a'));
  expect(Date.now() - started).toBeGreaterThan(5 * 3_600_000);
  const again = Date.now();
  await triesOf(failing(plan, { patience: { within: 10_000 } }).stat('a'));
  expect(Date.now() - again).toBeLessThanOrEqual(10_000);
});

test('a target without a limit has no pace, and calls at a time as it likes', async () => {
  const target = failing(await planWith({}));
  expect(context.pace).toBeUndefined();
  expect(target.capabilities.parallel).toBe(4);
});

test('parallel is what the plan says', async () => {
  expect(failing(await planWith({ target: 'parallel: 9' })).capabilities.parallel).toBe(9);
});

test('a run keeps to the hours and says so, once', async () => {
  const plan = await planWith({ target: 'limit: { hours: "22:00-06:00" }' });
  failing(plan);
  const all = Promise.all([context.pace!.upload(1), context.pace!.download(1)]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(events).toEqual([{ type: 'target-waits', target: 'disk', until: new Date(2026, 5, 1, 22).toISOString() }]);
  await vi.advanceTimersByTimeAsync(10 * 3_600_000);
  await all;
  expect(events.slice(1)).toEqual([{ type: 'target-back', target: 'disk', after: 36_000_000 }]);
});

test('what somebody waits for does not', async () => {
  failing(await planWith({ target: 'limit: { download: 1MiB/s, hours: "22:00-06:00" }' }), { keepsHours: false });
  await context.pace!.download(1);
  expect(events).toEqual([]);
});
