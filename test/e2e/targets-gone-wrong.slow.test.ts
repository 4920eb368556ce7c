/** What becomes of a run whose targets are down, full, wiped, or not what they were. */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { imports } from '../cli/fixture.ts';
import { mountingProblem, mountSmallDisk } from '../targets/mounted.ts';
import { Backup, plans } from './backup.ts';
import { copyTree, missingPrograms } from './judges.ts';

const missing = missingPrograms('rsync');

/** A module with which a program fails at once if it opens a file of the source. */
const noSource = imports(`
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  for (const [object, name] of [[fs, 'openSync'], [fs.promises, 'open']]) {
    const open = object[name];
    object[name] = (path, ...rest) => { if (String(path).startsWith(process.env.HOME + '/src/')) process.exit(99); return open.call(object, path, ...rest); };
  }
  syncBuiltinESMExports();
`);

describe.skipIf(missing)(`targets gone wrong${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let backup: Backup;
  afterEach(() => backup.remove());
  const write = (path: string, content: string | Buffer): void => {
    mkdirSync(backup.at(path, '..'), { recursive: true });
    writeFileSync(backup.at(path), content);
  };
  /** A target's folder cannot be used: a file has its name. */
  const takeDown = (target: string): void => {
    renameSync(backup.at(target), backup.at(`${target}.away`));
    write(target, '');
  };
  const bringBack = (target: string): void => {
    rmSync(backup.at(target));
    renameSync(backup.at(`${target}.away`), backup.at(target));
  };

  test.each([
    ['sealed', ['other'], 1],
    ['lanes', ['far', 'farther'], 2],
  ] as const)('plan %s: %j down: exit code 4; the next run copies from another target, sealing what is plain, and opens no file of the source', async (kind, down, copies) => {
    backup = await Backup.create(plans[kind]);
    write('src/a', 'A');
    await backup.run();
    for (const target of down) takeDown(target);
    write('src/b', randomBytes(9_000_000));
    write('src/c/d', 'D');
    const { err } = await backup.run(4);
    for (const target of down) expect(err).toMatch(new RegExp(`^error: .*target ${target} is left behind`, 'm'));
    await backup.expectRestoredFrom(backup.targets.filter((target) => !(down as readonly string[]).includes(target)));
    for (const target of down) bringBack(target);
    const { code, out } = await backup.box.start(['run'], { environment: noSource }).ended;
    expect(code, out).toBe(0);
    expect(out.match(/copying 1 object \(.*\) that it lacks from /g)).toHaveLength(copies);
    await backup.expectRestoredFrom(backup.targets);
    backup.expectNothingUnknown();
  });

  test('the plain target was down all along: what no other target can give is read again', async () => {
    backup = await Backup.create(plans.lanes);
    write('disk', '');
    write('src/a', 'A');
    await backup.run(4);
    rmSync(backup.at('disk'));
    const { out } = await backup.run();
    expect(out).toContain('read 1 B');
    await backup.expectRestoredFrom(backup.targets);
    backup.expectNothingUnknown();
  });

  test('all targets down: exit code 1 and nothing lost', async () => {
    backup = await Backup.create(plans.sealed);
    write('src/a', 'A');
    await backup.run();
    takeDown('disk');
    takeDown('other');
    write('src/b', 'B');
    const { err, out } = await backup.run(1);
    expect(out + err, 'nothing is stored again in a run that reaches no target').not.toContain('stored again');
    bringBack('disk');
    bringBack('other');
    await backup.run();
    await backup.expectRestored();
    backup.expectNothingUnknown();
  });

  test('wiped behind bat\'s back: refused until it is said to be meant, then filled from the other target', async () => {
    backup = await Backup.create(plans.sealed);
    write('src/a', 'A');
    await backup.run();
    write('src/b', 'B');
    await backup.run();
    rmSync(backup.at('other'), { recursive: true });
    mkdirSync(backup.at('other'));
    const { err } = await backup.run(4);
    expect(err).toMatch(/The target "other" is empty, though backups were stored there/);
    expect(err).toContain('--new-target other');
    expect(backup.stored('other', 'volumes/')).toEqual([]);
    expect((await backup.box.start(['run', '--new-target', 'other'], { environment: noSource }).ended).code).toBe(0);
    await backup.expectRestoredFrom(backup.targets);
    backup.expectNothingUnknown();
    expect(backup.stored('other', 'volumes/')).toEqual(backup.stored('disk', 'volumes/'));
  });

  test('the only target replaced by an empty one: all is stored again', async () => {
    backup = await Backup.create(plans.tar);
    write('src/a', 'A');
    await backup.run();
    renameSync(backup.at('disk'), backup.at('old'));
    await backup.run(1);
    expect((await backup.run(0, '--new-target', 'disk')).out).toContain('read 1 B');
    await backup.expectRestoredFrom('disk');
    backup.expectNothingUnknown();
  });

  test.each([
    ['deleted', (file: string) => rmSync(file)],
    ['truncated', (file: string) => truncateSync(file, statSync(file).size - 100)],
  ])('a volume and a manifest that were %s are noticed by the next run, and stored again', async (_, damage) => {
    backup = await Backup.create(plans.tar);
    write('src/a', randomBytes(3000));
    await backup.run();
    write('src/b', 'B');
    await backup.run();
    const [first] = backup.volumes();
    damage(backup.at('disk/plan', first!));
    damage(backup.at('disk/plan', backup.stored('disk', 'manifests/')[0]!));
    const { out, err } = await backup.run();
    expect(out + err).toContain('gone, or of another size: 2 objects that bat stored here; what is needed of them is stored again');
    await backup.expectRestored();
    await backup.expectRestoredFrom('disk');
    const before = backup.stored('disk');
    const next = await backup.run();
    expect(next.out).toContain('read 0 B');
    expect(next.out + next.err).not.toMatch(/gone|does not know|removed \d/);
    expect(before.filter((name) => !backup.stored('disk').includes(name)), 'what is left of a damaged object stays').toEqual([]);
  });

  test('a volume missing on one of two targets comes from the other', async () => {
    backup = await Backup.create(plans.sealed);
    write('src/a', randomBytes(3000));
    await backup.run();
    rmSync(backup.at('other/plan', backup.volumes('other')[0]!));
    expect((await backup.box.start(['run'], { environment: noSource }).ended).code).toBe(0);
    await backup.expectRestoredFrom(backup.targets);
  });

  test('two plans that store in one place do not take each other\'s objects for leftovers', async () => {
    backup = await Backup.create(plans.tar);
    write('src/a', 'A');
    await backup.run();
    const start = (words: string[]): Promise<{ code: number | null; out: string; err: string }> => backup.box.start(words, { environment: { XDG_STATE_HOME: backup.at('second machine') } }).ended;
    expect((await start(['run', '-q'])).code).toBe(0);
    const before = backup.stored('disk');
    write('src/b', 'B');
    const { out } = await backup.run();
    expect(out).toMatch(/holds \d+ objects that this machine's catalog does not know; they stay as they are/);
    expect(before.filter((name) => !backup.stored('disk').includes(name))).toEqual([]);
    await backup.expectRestored();
  });

  const unmountable = mountingProblem();
  test.skipIf(unmountable)(`a disk that is full: exit code 1, what was stored restores, and with more room the next run completes${unmountable ? ` (skipped: ${unmountable})` : ''}`, async () => {
    backup = await Backup.create(plans.tar);
    const small = mountSmallDisk(12);
    try {
      const plan = readFileSync(backup.at('bat.yaml'), 'utf8').replace('path: disk', `path: ${join(small.path, 'backups')}`);
      write('bat.yaml', plan);
      write('src/a', randomBytes(3_000_000));
      await backup.run();
      mkdirSync(backup.at('copy'));
      copyTree(backup.at('src'), backup.at('copy'));
      write('src/large', randomBytes(18_000_000));
      const { err } = await backup.run(1);
      expect(err).toMatch(/no space left/i);
      await backup.expectRestored({ like: 'copy' });
      write('src/large', randomBytes(4_000_000));
      await backup.run();
      await backup.expectRestored();
    } finally {
      small.unmount();
    }
  });
});
