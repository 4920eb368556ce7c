/** What becomes of files between `select` and the step that reads them. */
import { linkSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Snapshots } from '../../src/catalog/snapshots.ts';
import { filesStep } from '../../src/steps/files.ts';
import type { SelectedEntry } from '../../src/steps/flow.ts';
import { selectStep, type SelectOptions } from '../../src/steps/select.ts';
import { stampOf } from '../../src/steps/shared/stamp.ts';
import type { Filters, Root } from '../../src/steps/source.ts';
import type { StepContext } from '../../src/steps/step.ts';
import { tarStep } from '../../src/steps/tar.ts';
import { collect, listed, stepSetting, type StepSetting } from './step-setting.ts';

const filters: Filters = { exclude: [], excludeCaches: false, excludeIfPresent: [], excludeLargerThan: null, oneFileSystem: false, ignoreFile: null, symlinks: 'keep' };
let setting: StepSetting;
let root: string;
beforeEach(() => {
  setting = stepSetting();
  root = join(setting.folder, 'docs');
  mkdirSync(root);
});
afterEach(() => setting.remove());

const contextOf = (roots: Root[]): StepContext => {
  const context = setting.context();
  return { ...context, source: { ...context.source, roots, filters } };
};
const select = async (context: StepContext, options: SelectOptions = {}): Promise<SelectedEntry[]> => (await collect(selectStep.run(options, [], context) as AsyncIterable<readonly SelectedEntry[]>)).flat();
const read = (context: StepContext, entries: readonly SelectedEntry[], step: 'tar' | 'files' = 'tar'): Promise<unknown[]> =>
  collect((step === 'tar' ? tarStep : filesStep).run({}, [listed([entries])], context) as AsyncIterable<unknown>);
const removed = (): unknown[] => setting.catalog.all('SELECT name FROM draft WHERE type IS NULL').map((row) => row['name']);

test.each(['tar', 'files'] as const)('%s: a disk that is unmounted after the walk fails the source instead of emptying its snapshot', async (step) => {
  for (const name of ['a', 'b']) writeFileSync(join(root, name), name);
  const context = contextOf([{ prefix: '', path: root }]);
  const entries = await select(context);
  renameSync(root, join(setting.folder, 'elsewhere'));
  mkdirSync(root);
  await expect(read(context, entries, step)).rejects.toMatchObject({ code: 'SOURCE_MISSING', subject: root });
  expect(removed()).toEqual([]);
});

test('so does a source of one file that is gone', async () => {
  const path = join(root, 'a');
  writeFileSync(path, 'a');
  const context = contextOf([{ prefix: '', path }]);
  const entries = await select(context);
  rmSync(root, { recursive: true });
  await expect(read(context, entries)).rejects.toMatchObject({ code: 'SOURCE_MISSING', subject: path });
  expect(removed()).toEqual([]);
});

test('the first name of a hard link is read again and vanishes: another name has its bytes, and none is left dangling', async () => {
  writeFileSync(join(root, 'a'), 'same');
  for (const name of ['b', 'c']) linkSync(join(root, 'a'), join(root, name));
  const roots = [{ prefix: '', path: root }];
  const context = contextOf(roots);
  await read(context, await select(context));
  // What was read is a snapshot now, and its first name has to be read again.
  const snapshots = new Snapshots(setting.catalog);
  snapshots.finish(snapshots.seal('one', 'docs', context.run, new Date().toISOString()).id);
  setting.catalog.run(`UPDATE entries SET stamp = '' WHERE name = 'a'`);
  const next = contextOf(roots);
  const entries = await select(next);
  rmSync(join(root, 'a'));
  await read(next, entries);
  expect(setting.catalog.all('SELECT name, type, link FROM draft WHERE leftover = 0 ORDER BY name')).toEqual([
    { name: 'a', type: null, link: null },
    { name: 'b', type: 'file', link: null },
    { name: 'c', type: 'hardlink', link: 'b' },
  ]);
});

test.each([['metadata', 0], ['checksum', 1]] as const)('detect: %s: of what a killed run read, is it read again? %d', async (detect, count) => {
  writeFileSync(join(root, 'a'), 'same');
  const roots = [{ prefix: '', path: root }];
  const killed = contextOf(roots);
  await read(killed, await select(killed));
  setting.catalog.run(`UPDATE draft SET stamp = ?`, stampOf(lstatSync(join(root, 'a'), { bigint: true })));
  const next = contextOf(roots);
  let files = 0;
  const counting = { ...next, expect: (more: { files?: number }) => void (files += more.files ?? 0) };
  const entries = await select(counting, { detect });
  await read(counting, entries);
  expect(files).toBe(count);
  expect(setting.catalog.all('SELECT name, length(chunks) AS chunks FROM draft WHERE leftover = 0')).toEqual([{ name: 'a', chunks: 4 }]);
});

test('a file that vanished from where it was is removed, and the rest goes on', async () => {
  for (const name of ['a', 'b']) writeFileSync(join(root, name), name);
  const context = contextOf([{ prefix: '', path: root }]);
  const entries = await select(context);
  rmSync(join(root, 'a'));
  await read(context, entries);
  expect(setting.issues).toMatchObject([{ kind: 'vanished', path: 'a' }]);
  expect(removed()).toEqual(['a']);
});
