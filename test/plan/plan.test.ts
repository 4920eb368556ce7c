import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BatError } from '../../src/core/errors.ts';
import { PlanError } from '../../src/plan/plan-error.ts';
import { checkPlan, loadPlan } from '../../src/plan/plan.ts';
import { check, planFile, registries, rightPlan, temporaryFolder } from './fakes.ts';

const options = { registries, environment: {}, resolveSecrets: true, strict: true };

describe('a loaded plan', () => {
  test('has everything resolved', async () => {
    const file = planFile(`version: 1
name: nas
description: Nightly
sources:
  docs: { path: ~/Documents, category: personal, exclude: "*.tmp", exclude-caches: true, exclude-if-present: .nobackup, exclude-larger-than: 1.5 GB, one-file-system: true, ignore-file: false, symlinks: follow }
  many: { path: [data, ../other, /etc] }
  one: { path: [data] }
  dump: { command: [pg_dump, app], as: app.dump }
  shell: { command: pg_dump app | cat, shell: true, as: app.sql }
steps: [select, upload: { to: usb }, record]
targets:
  usb: { type: file, path: backups }
retry: { for: 6h, wait: 2s }
state: state
`);
    const folder = dirname(file);
    const plan = await loadPlan(file, options);
    expect(plan).toMatchObject({ name: 'nas', description: 'Nightly', file, folder, state: join(folder, 'state'), retry: { attempts: Infinity, wait: 2000, maxWait: 60_000, within: 6 * 3_600_000 }, warnings: [] });
    const filters = { exclude: [], excludeCaches: false, excludeIfPresent: [], excludeLargerThan: null, oneFileSystem: false, ignoreFile: '.batignore', symlinks: 'keep' };
    expect(plan.sources).toEqual([
      {
        id: 'docs',
        category: 'personal',
        roots: [{ prefix: '', path: join(homedir(), 'Documents') }],
        command: null,
        filters: { exclude: ['*.tmp'], excludeCaches: true, excludeIfPresent: ['.nobackup'], excludeLargerThan: 1_500_000_000, oneFileSystem: true, ignoreFile: null, symlinks: 'follow' },
      },
      {
        id: 'many',
        category: '',
        roots: [{ prefix: 'data', path: join(folder, 'data') }, { prefix: 'other', path: join(dirname(folder), 'other') }, { prefix: 'etc', path: '/etc' }],
        command: null,
        filters,
      },
      { id: 'one', category: '', roots: [{ prefix: 'data', path: join(folder, 'data') }], command: null, filters },
      { id: 'dump', category: '', roots: [], command: { command: ['pg_dump', 'app'], shell: false, as: 'app.dump', folder }, filters },
      { id: 'shell', category: '', roots: [], command: { command: ['pg_dump app | cat'], shell: true, as: 'app.sql', folder }, filters },
    ]);
    expect(plan.targets).toEqual([{ id: 'usb', type: registries.targets[0], options: { path: 'backups' } }]);
  });

  test('has sensible defaults', async () => {
    expect(await loadPlan(planFile(rightPlan), options)).toMatchObject({ description: '', state: null, retry: { attempts: 5 } });
  });
});

describe('a plan that cannot be used', () => {
  test('carries every mistake', async () => {
    const file = planFile(rightPlan.replace('64MiB', 'x').replace('name: nas', 'name: "?"'));
    const error: unknown = await loadPlan(file, options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PlanError);
    expect(error).toBeInstanceOf(BatError);
    expect(error).toMatchObject({ code: 'PLAN_INVALID', exitCode: 2, file, message: `${file} has 2 mistakes. The first is in line 2: "name" is "?".` });
    expect((error as PlanError).mistakes.map((mistake) => mistake.line)).toEqual([2, 7]);
  });

  test('a file that is not there, or is a folder', async () => {
    const folder = temporaryFolder();
    await expect(loadPlan(join(folder, 'none.yaml'), options)).rejects.toMatchObject({ code: 'PLAN_NOT_FOUND', message: expect.stringContaining('no such file') as string });
    await expect(checkPlan(folder, options)).rejects.toMatchObject({ code: 'PLAN_NOT_FOUND', message: expect.stringContaining(`${basename(folder)} cannot be read: it is a folder`) as string });
  });

  test('is null to a look', async () => {
    expect((await check(rightPlan.replace('64MiB', 'x'))).plan).toBeNull();
  });
});
