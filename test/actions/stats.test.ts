import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gatherStats, type Stats, type StatsOptions } from '../../src/actions/stats.ts';
import { growthOf } from '../../src/actions/stats/growth.ts';
import type { Snapshot } from '../../src/catalog/snapshots.ts';
import { checkPlan } from '../../src/plan/plan.ts';
import { registries } from '../../src/plan/registries.ts';
import { lookingAt, type Looking } from './looking.ts';

let looking: Looking;
let runs: string[];
const text = 'all the same, again and again; '.repeat(1000);
beforeAll(async () => {
  looking = await lookingAt();
  looking.backup.write({ 'docs/long.txt': text, 'docs/copy.txt': text });
  runs = [await looking.later()];
  runs.push(await looking.later());
  looking.backup.write({ 'docs/more.txt': 'some more', 'music/copy.txt': text });
  runs.push(await looking.later());
});
afterAll(() => looking.backup.remove());

const stats = async (options: Partial<StatsOptions> = {}): Promise<Stats> => gatherStats({ ...looking.backup.around, sources: [], by: null, ...options });
const bytesIn = (folder: string): number => readdirSync(join(looking.backup.folder, folder)).reduce((sum, name) => sum + statSync(join(looking.backup.folder, folder, name)).size, 0);

test('each source: all snapshots together, what is left without repetitions, compressed, and on all targets', async () => {
  const { sources, growth } = await stats();
  const first = 2 * text.length + 22;
  expect(sources).toMatchObject([
    { source: 'docs', snapshots: 3, latest: first + 9, original: 3 * first + 9, deduplicated: text.length + 22 + 9 },
    // What the other source had already stored counts there.
    { source: 'music', snapshots: 3, latest: 8 + text.length, original: 3 * 8 + text.length, deduplicated: 8 },
  ]);
  const compressed = bytesIn('one/small/volumes');
  expect(sources[0]!.compressed + sources[1]!.compressed).toBe(compressed);
  expect(sources[0]!.stored + sources[1]!.stored).toBe(2 * compressed);
  expect(sources[0]!.compressed).toBeLessThan(text.length / 10);
  expect(growth).toEqual([]);
});

test('each target, and of one source only', async () => {
  const whole = (await stats()).targets.map(({ target, kind, bytes, monthly }) => [target, kind, bytes, monthly]);
  expect(whole).toEqual(['one', 'two'].flatMap((target) => [[target, 'volumes', bytesIn('one/small/volumes'), null], [target, 'manifests', bytesIn('one/small/manifests'), null]]));
  const one = await stats({ sources: ['music'] });
  expect(one.sources.map(({ source }) => source)).toEqual(['music']);
  expect(one.targets.find(({ kind }) => kind === 'volumes')!.bytes).toBe(one.sources[0]!.compressed);
  await expect(stats({ sources: ['nope'] })).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' });
});

test('what was stored when', async () => {
  const { growth } = await stats({ by: 'snapshot', sources: ['docs'] });
  expect(growth.map(({ period, deduplicated }) => [runs.indexOf(period), deduplicated])).toEqual([[0, text.length + 22], [1, 0], [2, 9]]);
  expect(growth[2]!.storedInAll).toBe(growth[0]!.stored + growth[2]!.stored);
});

const snapshot = (run: string, time: string, bytes: number): Snapshot => ({ id: `${run}-docs`, source: 'docs', number: 1, run, time, state: 'done', files: 1, bytes, tags: [], protected: false });
const stored = (run: string, bytes: number) => ({ source: 'docs', run, deduplicated: bytes, compressed: bytes, stored: 2 * bytes });

test('by day and month; runs without a snapshot count for the next one, or for none yet', () => {
  const snapshots = [snapshot('20260105', '2026-01-05T12:00:00Z', 10), snapshot('20260107', '2026-01-07T10:00:00Z', 20), snapshot('20260107b', '2026-01-07T12:00:00Z', 30), snapshot('20260301', '2026-03-01T12:00:00Z', 40)];
  const runs = [stored('20260101', 1), stored('20260105', 2), stored('20260107b', 4), stored('20260220', 8), stored('20260401', 16), { ...stored('20260301', 32), source: 'other' }];
  const shown = (by: 'day' | 'month') => growthOf('docs', snapshots, runs, by).map(({ period, snapshots: count, original, deduplicated, storedInAll }) => [period, count, original, deduplicated, storedInAll]);
  expect(shown('day')).toEqual([['2026-01-05', 1, 10, 3, 6], ['2026-01-07', 2, 30, 4, 14], ['2026-03-01', 1, 40, 8, 30], ['', 0, 0, 16, 62]]);
  expect(shown('month')).toEqual([['2026-01', 3, 30, 7, 14], ['2026-03', 1, 40, 8, 30], ['', 0, 0, 16, 62]]);
});

test('prices, where a target knows them, without its secrets', async () => {
  const file = join(looking.backup.folder, 'priced.yaml');
  looking.backup.write({
    'priced.yaml': `version: 1
name: small
state: state
sources: { docs: { path: docs } }
steps: [select, tar, compress, { upload: { to: [one, two] } }, record]
targets:
  one: { type: file, path: one }
  two: { type: s3, bucket: attic, region: eu-central-1, storage-class: DEEP_ARCHIVE, access-key: "\${NOT_SET_HERE}", secret-key: { file: /nowhere/at/all } }
`,
  });
  const { plan, mistakes } = await checkPlan(file, { registries, environment: {}, strict: false });
  expect(mistakes).toEqual([]);
  looking.inCatalog((catalog) => catalog.run(`UPDATE receipts SET storage_class = 'DEEP_ARCHIVE' WHERE target = 'two'`));
  const environment = { NOT_SET_HERE: 'id' };
  const { targets } = await stats({ plan: plan!, environment });
  const cold = targets.find(({ target, kind }) => target === 'two' && kind === 'volumes')!;
  expect(cold).toMatchObject({ storageClass: 'DEEP_ARCHIVE', prices: { currency: 'USD' } });
  expect(cold.monthly).toBeGreaterThan(0);
  expect(targets.find(({ target }) => target === 'one')!.monthly).toBeNull();
  // Something that the target needs is not there: what it holds is known all the same.
  const without = (await stats({ plan: plan! })).targets.find(({ target, kind }) => target === 'two' && kind === 'volumes')!;
  expect(without).toMatchObject({ bytes: cold.bytes, monthly: null });
});
