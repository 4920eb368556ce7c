import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { closeTargets, createTargets } from '../../src/actions/plan-targets.ts';
import { markSnapshots, type Marking } from '../../src/actions/mark-snapshots.ts';
import { prune, rehearsePrune } from '../../src/actions/prune.ts';
import type { PruneReport } from '../../src/actions/prune/report.ts';
import { restore } from '../../src/actions/restore.ts';
import { run } from '../../src/actions/run.ts';
import { listStored } from '../../src/actions/snapshots.ts';
import { openKeyRing } from '../../src/volume/age.ts';
import { decodeDocument } from '../../src/volume/object-reader.ts';
import { readManifest } from '../../src/volume/manifest-reading.ts';
import { filesBelow } from '../e2e/judges.ts';
import { smallBackup, type SmallBackup } from './small-backup.ts';

let backup: SmallBackup;
let hour = 0;
beforeEach(async () => {
  hour = 0;
  backup = await smallBackup('', 'retention: { last: 2, keep-tags: [release] }\n');
});
afterEach(() => backup.remove());

/** An hour after the one before, with something new in it. */
async function runNext(options: { prune?: boolean; tags?: string[] } = {}): Promise<number> {
  backup.events.length = 0;
  hour++;
  backup.write({ 'docs/letter.txt': `Dear number ${hour}`, [`docs/of ${hour}`]: `only in number ${hour}`, 'music/song.ogg': `la ${hour}` });
  rmSync(join(backup.folder, 'docs', `of ${hour - 1}`), { force: true });
  const time = new Date(Date.UTC(2026, 10, 20, hour));
  return (await run({ ...backup.around, sources: [], newTargets: [], allowEmpty: false, view: 'none', time, ...options })).exitCode;
}

const work = (): Parameters<typeof rehearsePrune>[0] => ({ ...backup.around, say: () => {}, early: false, time: new Date(Date.UTC(2026, 10, 20, hour + 1)) });
const pruneNow = async (): Promise<{ result: PruneReport | null; exitCode: number }> => prune({ ...work(), agree: async () => true });
const mark = async (snapshots: string[], marking: Marking, sources: string[] = []): ReturnType<typeof markSnapshots> => markSnapshots({ ...work(), snapshots, sources, marking });
/** The hours of the snapshots of a source. */
const kept = async (source = 'docs'): Promise<number[]> => (await listStored({ ...backup.around, sources: [source] })).map(({ time }) => time.getUTCHours());
const events = (type: string): unknown[] => backup.events.filter((event) => event.type === type);
const on = (target: string, below = ''): string[] => filesBelow(join(backup.folder, target, 'small')).filter((name) => name.startsWith(below));
const away = (target: string): void => renameSync(join(backup.folder, target), join(backup.folder, `${target} away`));
const back = (target: string): void => {
  rmSync(join(backup.folder, target), { recursive: true, force: true });
  renameSync(join(backup.folder, `${target} away`), join(backup.folder, target));
};

async function bringBack(snapshot: string, path: string): Promise<void> {
  const { plan, environment, emit, signal } = backup.around;
  const targets = await createTargets({ plan, environment, emit });
  try {
    await restore({
      plan: plan.name, targets, snapshot, destination: { kind: 'folder', path, perSource: false }, overwrite: 'always', dryRun: false,
      keys: { identities: [] }, thaw: { days: 1, choose: () => Promise.reject(new Error('nothing is cold')), pause: null, now: () => new Date() }, emit, signal,
    });
  } finally {
    await closeTargets(targets);
  }
}

async function headerOn(target: string, snapshot: string): Promise<unknown> {
  const name = `manifests/${snapshot}.jsonl.zst`;
  const bytes = readFileSync(join(backup.folder, target, 'small', name));
  for await (const line of readManifest(decodeDocument(bytes, 'zstd', false, openKeyRing([]), name), name)) return line.kind === 'header' ? line.header : null;
  return null;
}

test('a run forgets what no rule keeps, on every target, and each one that is left comes back as it was', async () => {
  expect(await runNext({ tags: ['release'] })).toBe(0);
  for (let time = 0; time < 4; time++) expect(await runNext()).toBe(0);
  expect(await kept()).toEqual([1, 4, 5]);
  expect(events('pruned')).toEqual([{ type: 'pruned', kept: 6, forgotten: 2, freed: { one: expect.any(Number) as number, two: expect.any(Number) as number }, later: {} }]);
  for (const target of ['one', 'two']) expect(on(target, 'manifests/')).toHaveLength(6);
  for (const { id, time } of await listStored({ ...backup.around, sources: ['docs'] })) {
    const to = join(backup.folder, `restored ${id}`);
    await bringBack(id, to);
    expect(readFileSync(join(to, 'letter.txt'), 'utf8')).toBe(`Dear number ${time.getUTCHours()}`);
    expect(readdirSync(to).filter((name) => name.startsWith('of '))).toEqual([`of ${time.getUTCHours()}`]);
  }
});

test('a source that failed keeps what it has, the others are pruned', async () => {
  for (let time = 0; time < 3; time++) await runNext({ prune: false });
  rmSync(join(backup.folder, 'music'), { recursive: true });
  backup.events.length = 0;
  const { exitCode } = await run({ ...backup.around, sources: [], newTargets: [], allowEmpty: false, view: 'none', time: new Date(Date.UTC(2026, 10, 20, 4)) });
  expect(exitCode).toBe(1);
  expect(await kept('docs')).toEqual([3, 4]);
  expect(await kept('music')).toEqual([1, 2, 3]);
});

test('without pruning, and with nothing to prune by, everything stays', async () => {
  for (let time = 0; time < 4; time++) expect(await runNext({ prune: false })).toBe(0);
  expect(await kept()).toEqual([1, 2, 3, 4]);
  expect(events('pruned')).toEqual([]);
});

test('a target that is away keeps the last that it has, until it has got a newer one', async () => {
  for (let time = 0; time < 2; time++) await runNext();
  away('two');
  writeFileSync(join(backup.folder, 'two'), 'no folder');
  for (let time = 0; time < 3; time++) expect(await runNext()).toBe(4);
  expect(await kept()).toEqual([2, 4, 5]);
  back('two');
  expect(await runNext()).toBe(0);
  expect(await kept()).toEqual([5, 6]);
  for (const target of ['one', 'two']) expect(on(target, 'manifests/')).toHaveLength(4);
});

test('where another catalog writes, nothing is removed: the backup is done, the failure is said, and the exit code is 4', async () => {
  for (let time = 0; time < 2; time++) await runNext();
  for (const target of ['one', 'two']) writeFileSync(join(backup.folder, target, 'small/manifests/20261120-000000-aaaa-docs.jsonl.zst'), 'of another machine');
  const before = on('one');
  expect(await runNext()).toBe(4);
  expect(await kept()).toEqual([2, 3]);
  expect(events('prune-failed')).toMatchObject([{ code: 'STORE_SHARED' }, { code: 'STORE_SHARED' }]);
  expect(events('source-end')).toMatchObject([{ source: 'docs', summary: { status: 'done' } }, { source: 'music', summary: { status: 'done' } }]);
  expect(events('error')).toEqual([]);
  expect(on('one')).toEqual(expect.arrayContaining(before) as string[]);
  for (const target of ['one', 'two']) rmSync(join(backup.folder, target, 'small/manifests/20261120-000000-aaaa-docs.jsonl.zst'));
  expect(await runNext()).toBe(0);
  for (const target of ['one', 'two']) expect(on(target, 'manifests/')).toHaveLength(4);
});

test('a rehearsal says what would go, and changes nothing', async () => {
  for (let time = 0; time < 4; time++) await runNext({ prune: false });
  const before = ['one', 'two', 'state'].map((folder) => filesBelow(join(backup.folder, folder)));
  const { result, exitCode } = await rehearsePrune(work());
  expect(exitCode).toBe(0);
  expect(result).toMatchObject({ dryRun: true, kept: 4, forgotten: 4, targets: [{ target: 'one', problem: null, manifests: 4 }, { target: 'two', manifests: 4 }] });
  expect(['one', 'two', 'state'].map((folder) => filesBelow(join(backup.folder, folder))).slice(0, 2)).toEqual(before.slice(0, 2));
  expect(await kept()).toEqual([1, 2, 3, 4]);
  const { result: done } = await pruneNow();
  expect(done).toMatchObject({ kept: 4, forgotten: 4, targets: result.targets.map(({ target, manifests, rewritten, objects }) => ({ target, manifests, rewritten, objects })) });
  expect(await kept()).toEqual([3, 4]);
});

test('a volume of large files that are gone is not held by the small ones in it', async () => {
  backup.write({ 'docs/film': randomBytes(200_000).toString('base64') });
  await runNext();
  const first = on('one', 'volumes/');
  rmSync(join(backup.folder, 'docs/film'));
  await runNext();
  expect(on('one', 'volumes/')).toEqual(expect.arrayContaining(first) as string[]);
  await runNext();
  expect(await kept()).toEqual([2, 3]);
  const size = on('one', 'volumes/').reduce((sum, name) => sum + statSync(join(backup.folder, 'one/small', name)).size, 0);
  expect(size).toBeLessThan(10_000);
  const [before] = await listStored({ ...backup.around, sources: ['docs'] });
  await bringBack(before!.id, join(backup.folder, 'restored'));
  expect(readFileSync(join(backup.folder, 'restored/sub/deep/c.txt'), 'utf8')).toBe('third');
});

test('a no is a no', async () => {
  for (let time = 0; time < 3; time++) await runNext({ prune: false });
  const before = on('one');
  expect(await prune({ ...work(), agree: async () => false })).toEqual({ result: null, exitCode: 0 });
  expect(on('one')).toEqual(before);
  expect(await kept()).toEqual([1, 2, 3]);
});

test('tags and protection stand in the manifests, also of a target that was away when they were given', async () => {
  await runNext();
  const [docs] = await listStored({ ...backup.around, sources: ['docs'] });
  away('two');
  writeFileSync(join(backup.folder, 'two'), 'no folder');
  expect(await mark([docs!.id], { how: 'tag', tags: ['b', 'a'] })).toMatchObject({ exitCode: 4, result: [{ tags: ['a', 'b'], protected: false, isChanged: true }] });
  expect(await mark(['latest'], { how: 'protect' }, ['docs'])).toMatchObject({ result: [{ id: docs!.id, tags: ['a', 'b'], protected: true }] });
  back('two');
  expect(await headerOn('one', docs!.id)).toMatchObject({ tags: ['a', 'b'], protected: true });
  expect(await headerOn('two', docs!.id)).not.toHaveProperty('tags');
  expect(await runNext()).toBe(0);
  expect(await headerOn('two', docs!.id)).toMatchObject({ tags: ['a', 'b'], protected: true });
  for (let time = 0; time < 2; time++) await runNext();
  expect(await kept()).toEqual([1, 3, 4]);
  expect(await mark([docs!.id], { how: 'unprotect' })).toMatchObject({ exitCode: 0, result: [{ protected: false, tags: ['a', 'b'] }] });
  expect(await mark([docs!.id], { how: 'untag', tags: ['b'] })).toMatchObject({ result: [{ tags: ['a'] }] });
  expect(await headerOn('one', docs!.id)).toMatchObject({ tags: ['a'] });
  expect(await headerOn('one', docs!.id)).not.toHaveProperty('protected');
  await pruneNow();
  expect(await kept()).toEqual([3, 4]);
});

test('a manifest that is copied before its protection has come to it is written again on both targets', async () => {
  await runNext();
  const gone = (target: string): void => {
    away(target);
    writeFileSync(join(backup.folder, target), 'no folder');
  };
  gone('two');
  expect(await runNext({ prune: false })).toBe(4);
  const latest = (await listStored({ ...backup.around, sources: ['docs'] })).at(-1)!;
  back('two');
  gone('one');
  expect(await mark([latest.id], { how: 'protect' })).toMatchObject({ exitCode: 4 });
  back('one');
  expect(await runNext({ prune: false })).toBe(0);
  for (const target of ['one', 'two']) expect(await headerOn(target, latest.id), target).toMatchObject({ protected: true });
});
