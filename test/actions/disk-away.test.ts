import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { markSnapshots } from '../../src/actions/mark-snapshots.ts';
import { prune } from '../../src/actions/prune.ts';
import { createTargets } from '../../src/actions/plan-targets.ts';
import { run } from '../../src/actions/run.ts';
import { Trust } from '../../src/actions/store/trust.ts';
import { askTargets } from '../../src/actions/stored.ts';
import { sync } from '../../src/actions/sync.ts';
import { checkTargets } from '../../src/actions/targets-check.ts';
import type { BatEvent } from '../../src/core/events.ts';
import { PrunedPlan } from '../runner/prune/pruned-plan.ts';

let pruned: PrunedPlan;

beforeEach(async () => {
  pruned = await PrunedPlan.create({ steps: '[select, tar, compress, { upload: { to: [one, two] } }, record]', targets: ['one', 'two'] });
  pruned.write({ a: 'a' });
  await pruned.run();
});
afterEach(() => pruned.remove());

const signal = new AbortController().signal;
const yes = async (): Promise<boolean> => true;
const there = (): string[] | null => (existsSync(pruned.at('two')) ? readdirSync(pruned.at('two')) : null);

describe.each([
  ['its folder gone', () => {}, null],
  ['an empty folder in its place', () => mkdirSync(pruned.at('two')), []],
])('a disk that is away, %s', (_, leave, left) => {
  beforeEach(() => {
    renameSync(pruned.at('two'), pruned.at('two.away'));
    leave();
  });

  test('nothing is made in its place by what stores or changes, and the others are done', async () => {
    const options = { plan: pruned.plan, emit: () => {}, say: () => {}, signal };
    await pruned.run(4);
    expect(there(), 'a run').toEqual(left);
    expect((await prune({ ...options, early: false, agree: yes })).exitCode).toBe(4);
    expect(there(), 'a prune').toEqual(left);
    expect((await markSnapshots({ ...options, snapshots: ['latest'], sources: [], marking: { how: 'tag', tags: ['x'] } })).exitCode).toBe(4);
    expect(there(), 'a tag').toEqual(left);
    const problems: string[] = [];
    const report = await sync({
      plan: pruned.plan, keys: async () => ({ identities: [] }), adopt: false, removeOrphans: false, accept: false, retired: [], dryRun: false, environment: {},
      emit: (event) => void (event.type === 'target-failed' && problems.push(event.message)), onProgress: () => {}, signal,
    });
    expect({ exitCode: report.exitCode, targets: report.targets.map(({ target, problem }) => [target, problem?.code]) }).toEqual({ exitCode: 4, targets: [['one', undefined], ['two', 'TARGET_CHANGED']] });
    expect(problems[0]).toContain('is empty, though backups were stored there');
    expect(there(), 'a sync').toEqual(left);
  });

  test('a check of the targets fails, and makes nothing', async () => {
    const summaries = await checkTargets({ plan: pruned.plan, only: ['two'], full: false, environment: {}, signal, tell: () => {} });
    expect(summaries).toMatchObject([{ target: 'two', ok: false, failed: 1, passed: 0 }]);
    expect(there()).toEqual(left);
  });

  test('whoever reads from it is told what it is, and the other target is enough', async () => {
    const told: string[] = [];
    const ask = async (only?: string): Promise<string[]> => {
      const emit = (event: BatEvent): void => void (event.type === 'target-failed' && told.push(`${event.code} ${event.target}`));
      const targets = await createTargets({ plan: pruned.plan, only, environment: {}, emit });
      return (await askTargets(targets, emit, signal, new Trust({ plan: pruned.plan, environment: {}, accept: false, emit }))).map(({ target }) => target.id);
    };
    expect(await ask()).toEqual(['one']);
    expect(told).toEqual(['TARGET_CHANGED two']);
    await expect(ask('two')).rejects.toMatchObject({ code: 'TARGET_CHANGED', message: expect.stringContaining('is empty, though backups were stored there') as string, hint: expect.not.stringContaining('--accept') as string });
  });
});

test('said to be new, it is made', async () => {
  renameSync(pruned.at('two'), join(pruned.folder, 'two.away'));
  const { exitCode } = await run({ plan: pruned.plan, sources: [], newTargets: ['two'], allowEmpty: false, emit: () => {}, signal, view: 'none' });
  expect({ exitCode, volumes: pruned.stored('two', 'volumes/').length }).toEqual({ exitCode: 0, volumes: 1 });
});
