/** What becomes of files between `select` and the step that reads them. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { filesStep } from '../../src/steps/files.ts';
import type { SelectedEntry } from '../../src/steps/flow.ts';
import { selectStep, type SelectOptions } from '../../src/steps/select.ts';
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
const select = (context: StepContext, options: SelectOptions = {}): Promise<SelectedEntry[]> => collect(selectStep.run(options, [], context) as AsyncIterable<SelectedEntry>);
const read = (context: StepContext, entries: readonly SelectedEntry[], step: 'tar' | 'files' = 'tar'): Promise<unknown[]> =>
  collect((step === 'tar' ? tarStep : filesStep).run({}, [listed(entries)], context) as AsyncIterable<unknown>);
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

test('a file that vanished from where it was is removed, and the rest goes on', async () => {
  for (const name of ['a', 'b']) writeFileSync(join(root, name), name);
  const context = contextOf([{ prefix: '', path: root }]);
  const entries = await select(context);
  rmSync(join(root, 'a'));
  await read(context, entries);
  expect(setting.issues).toMatchObject([{ kind: 'vanished', path: 'a' }]);
  expect(removed()).toEqual(['a']);
});
