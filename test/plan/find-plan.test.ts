import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findPlan, findPlans } from '../../src/plan/find-plan.ts';
import { temporaryFolder } from './fakes.ts';

function folderWith(...files: string[]): string {
  const folder = temporaryFolder();
  for (const file of files) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), '');
  }
  return folder;
}

describe('with no plan named', () => {
  test('bat.yaml here comes first', async () => {
    expect(await findPlan(folderWith('bat.yaml', 'plans/a.yaml', 'plans/b.yaml'))).toBe('bat.yaml');
  });

  test('then the only one in plans/', async () => {
    expect(await findPlan(folderWith('plans/nas.yml', 'plans/README.md', 'plans/.hidden.yaml', 'plans/old.yaml/x'))).toBe('plans/nas.yml');
  });

  test('several are listed', async () => {
    const folder = folderWith('plans/b.yaml', 'plans/a.yaml');
    await expect(findPlan(folder)).rejects.toMatchObject({ code: 'PLAN_NOT_FOUND', exitCode: 2, message: 'There are several plans here: plans/a.yaml, plans/b.yaml.', hint: 'Name the one that is meant, such as plans/a.yaml.' });
    expect(await findPlans(folder)).toEqual(['plans/a.yaml', 'plans/b.yaml']);
  });

  test('none is said', async () => {
    await expect(findPlan(folderWith('other.yaml'))).rejects.toMatchObject({ code: 'PLAN_NOT_FOUND', message: 'There is no plan here: neither bat.yaml nor a file in plans/.' });
    expect(await findPlans(folderWith())).toEqual([]);
  });
});

describe('with a plan named', () => {
  test('a file is taken, and a folder stands for its bat.yaml', async () => {
    const folder = folderWith('x/nas.txt', 'y/bat.yaml');
    expect(await findPlan(folder, 'x/nas.txt')).toBe('x/nas.txt');
    expect(await findPlan(folder, 'y')).toBe('y/bat.yaml');
    expect(await findPlan(folder, join(folder, 'y'))).toBe(join(folder, 'y/bat.yaml'));
  });

  test('the nearest name is offered for one that is not there', async () => {
    const folder = folderWith('bat.yaml', 'plans/laptop.yaml', 'plans/nas.yaml', 'sub/photos.yaml');
    const hint = async (named: string): Promise<string | undefined> => ((await findPlan(folder, named).catch((error: unknown) => error)) as { hint?: string }).hint;
    expect(await hint('plans/lapptop.yaml')).toBe('Did you mean "plans/laptop.yaml"?');
    expect(await hint('nas')).toBe('Did you mean "plans/nas.yaml"?');
    expect(await hint('sub/photo.yaml')).toBe('Did you mean "sub/photos.yaml"?');
    expect(await hint('nothing-like-it.yaml')).toBe('Name the file of a plan, or write one with `bat init`.');
  });

  test('a folder without a bat.yaml is said, with the plans it holds', async () => {
    const folder = folderWith('sub/plans/a.yaml', 'empty/x');
    await expect(findPlan(folder, 'sub')).rejects.toMatchObject({ code: 'PLAN_NOT_FOUND', message: 'The folder sub holds no bat.yaml.', hint: 'Did you mean "sub/plans/a.yaml"?' });
    await expect(findPlan(folder, 'empty')).rejects.toMatchObject({ code: 'PLAN_NOT_FOUND' });
  });
});
