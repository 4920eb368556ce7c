/** What bat must never do to what lies on a target: take away or write over what something still needs, or pass on what is rotten. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { generateIdentity } from '../../src/volume/age.ts';
import { Backup, plans } from './backup.ts';
import { filesBelow, missingPrograms } from './judges.ts';

const missing = missingPrograms('rsync');

describe.skipIf(missing)(`nothing is destroyed${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let backup: Backup;
  afterEach(() => backup.remove());
  const write = (path: string, content: string | Buffer): void => {
    mkdirSync(backup.at(path, '..'), { recursive: true });
    writeFileSync(backup.at(path), content);
  };
  const flip = (path: string): void => {
    const bytes = readFileSync(path);
    bytes[Math.floor(bytes.length / 2)]! ^= 1;
    writeFileSync(path, bytes);
  };
  const contents = (folder: string): Map<string, string> => new Map(filesBelow(folder).map((name) => [name, readFileSync(join(folder, name), 'base64')]));

  test.each(['tar', 'files'] as const)('plan %s: what others put into the folder of the plan stays, even the store of another plan', async (kind) => {
    backup = await Backup.create(plans[kind]);
    write('src/a', 'A');
    await backup.run();
    cpSync(backup.at('disk/plan'), backup.at('copy'), { recursive: true });
    cpSync(backup.at('copy'), backup.at('disk/plan/inner'), { recursive: true });
    write('disk/plan/key.txt', 'by hand');
    write('disk/plan/volumes/notes.txt', 'by hand');
    write('disk/plan/src/by-hand', 'by hand');
    const before = contents(backup.at('disk/plan'));
    write('src/b', 'B');
    const { out } = await backup.run();
    expect(out).toMatch(/holds \d+ objects that this machine's catalog does not know; they stay as they are/);
    const after = contents(backup.at('disk/plan'));
    for (const [name, bytes] of before) if (name !== 'bat.json' && !name.startsWith('signed/')) expect(after.get(name), name).toBe(bytes);
  });

  test('without tar, a lost catalog costs no older version: a name that is taken on the target is not written over', async () => {
    backup = await Backup.create(plans.files);
    write('src/a', 'first');
    await backup.run();
    const [first] = await backup.snapshots();
    cpSync(backup.at('src'), backup.at('as it was'), { recursive: true, preserveTimestamps: true });
    rmSync(backup.at('state'), { recursive: true });
    write('src/a', 'second');
    await backup.run();
    await backup.restore(0, '-q', '--snapshot', first!, '--to', 'then');
    expect(readFileSync(backup.at('then/src/a'), 'utf8')).toBe('first');
    await backup.expectRestored();
  });

  test('a sealed copy that got lost is made anew from the plain one, run after run', async () => {
    backup = await Backup.create(plans.lanes);
    write('src/a', randomBytes(100_000));
    await backup.run();
    for (let round = 0; round < 2; round++) {
      for (const target of ['far', 'farther']) for (const name of backup.volumes(target)) rmSync(backup.at(target, 'plan', name));
      await backup.run();
      await backup.expectRestoredFrom(backup.targets);
    }
    backup.expectNothingUnknown();
  });

  test('a new disk in place of a sealed one is filled from the plain one', async () => {
    backup = await Backup.create(plans.lanes);
    write('src/a', randomBytes(100_000));
    await backup.run();
    rmSync(backup.at('far'), { recursive: true });
    await backup.run(0, '--new-target', 'far');
    await backup.expectRestoredFrom(['far']);
    await backup.run();
  });

  test('with a new key nothing that is sealed to the old one is written over', async () => {
    backup = await Backup.create(plans.lanes);
    write('src/a', randomBytes(100_000));
    await backup.run();
    const before = contents(backup.at('far/plan'));
    const { identity, recipient } = await generateIdentity('x25519');
    backup.setPlan({ ...plans.lanes, steps: plans.lanes.steps.map((step) => step.replace('KEY', recipient)) });
    await backup.run();
    const after = contents(backup.at('far/plan'));
    for (const [name, bytes] of before) if (/^(volumes|manifests)/.test(name)) expect(after.get(name), name).toBe(bytes);
    await backup.expectRestoredFrom(['far'], { words: ['--snapshot', (await backup.snapshots())[0]!] });
    write('key.txt', `${identity}\n`);
    await backup.expectRestoredFrom(['far', 'farther']);
  });

  test('what is rotten is not copied, plain or sealed, and is stored again from the source', async () => {
    backup = await Backup.create({ ...plans.tar, targets: ['disk'] });
    write('src/a', randomBytes(100_000));
    await backup.run();
    flip(backup.at('disk/plan', backup.volumes()[0]!));
    backup.setPlan(plans.lanes);
    const { out, err } = await backup.run();
    expect(out + err).toMatch(/is damaged and was not copied/);
    for (const target of ['disk', 'far', 'farther']) await backup.expectRestoredFrom([target]);
  });

  test('a target gets no manifest of a snapshot that it could not give back', async () => {
    const steps = (to: string): string[] => ['select', 'tar: { volume: 20MiB }', 'compress', `upload: { to: ${to} }`, 'record'];
    backup = await Backup.create({ steps: steps('[disk]'), targets: ['disk'] });
    write('src/gone', randomBytes(100_000));
    await backup.run();
    const [first] = await backup.snapshots();
    rmSync(backup.at('src/gone'));
    write('src/b', 'B');
    await backup.run();
    flip(backup.at('disk/plan', backup.volumes()[0]!));
    backup.setPlan({ steps: steps('[disk, new]'), targets: ['disk', 'new'] });
    await backup.run();
    expect(existsSync(backup.at('new/plan/manifests', `${first!}.jsonl.zst`))).toBe(false);
    await backup.expectRestoredFrom(['new']);
  });

  test('two uploads of the same step store the same objects', async () => {
    backup = await Backup.create({
      steps: ['select', 'tar', 'compress', 'upload: { id: one, to: disk }', 'upload: { id: two, from: compress, to: other }', 'record'],
      targets: ['disk', 'other'],
    });
    write('src/a', 'A');
    await backup.run();
    await backup.expectRestoredFrom(['disk', 'other']);
    backup.expectNothingUnknown();
  });
});
