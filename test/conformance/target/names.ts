/** Which names a target takes, and that it refuses the others whoever asks. */
import { expect, it } from 'vitest';
import { keyName, manifestName, markerName, readmeName, restoreScriptName, volumeName } from '../../../src/volume/names.ts';
import type { TargetSetup, TargetTraits } from '../target-suite.ts';
import { benchFor, bytesOf, everything, expectListed, expectObject, hot, parted, upload } from './data.ts';

const run = '20260101-000000-abcd';

/** What bat itself stores: every target must take these. */
const ownNames = [
  markerName,
  readmeName,
  restoreScriptName,
  keyName('0123456789abcdef'),
  `${volumeName(run, 1)}.zst.age`,
  `${volumeName(run, 99_999)}.gz`,
  manifestName(`${run}-photos_2024-a`, '.zst.age'),
  `files/${'0123456789abcdef'.repeat(4)}`,
];

/** What a target may take or not; if it does, it must keep it. */
const oddNames = [
  'a',
  '-dash',
  '_under',
  '.hidden',
  '.hidden-folder/file',
  'two..dots',
  'photos/2024/01/02/03/04/05/06/07/08/09/IMG_0001.JPG.zst.age',
  'UPPER/lower',
  'a'.repeat(200),
  `${'b'.repeat(200)}/${'c'.repeat(200)}`,
  'd/'.repeat(511) + 'ee',
  'f'.repeat(201),
  'g/'.repeat(600) + 'g',
  'with space/and (brackets)',
  'ümläut/日本',
  'percent%2Fsign',
  'question?mark#hash&and+plus',
  'v1/archive.zip',
  'program.exe',
  'volume.000',
  'dot./end.',
  ' space',
  'CON',
];

/** What would lead out of the store, or mean two things. */
const refusedNames = ['', '/', '.', '..', '/absolute', 'ends/', 'a//b', './a', 'a/./b', '../a', 'a/..', 'a/../../b', '../../etc/passwd', 'nul\0byte'];

export function nameTests(setup: TargetSetup, traits: TargetTraits): void {
  const bench = benchFor(setup, traits);

  it('takes every name that bat makes', async () => {
    const { target } = bench();
    for (const name of ownNames) expect(target.acceptsName(name), name).toBe(true);
    for (const [index, name] of ownNames.entries()) await target.put(name, bytesOf(100, index + 1), hot);
    for (const [index, name] of ownNames.entries()) await expectObject(target, name, bytesOf(100, index + 1));
    await expectListed(bench(), '', ownNames);
  });

  it('keeps an object of every name that it takes', async () => {
    const { target } = bench();
    const names = oddNames.filter((name) => target.acceptsName(name));
    for (const [index, name] of names.entries()) await upload(target, name, bytesOf(100, index + 1));
    for (const [index, name] of names.entries()) await expectObject(target, name, bytesOf(100, index + 1));
    await expectListed(bench(), '', names);
    for (const name of names) await target.remove(name);
    await expectListed(bench(), '', []);
  });

  it('refuses names that are no plain relative paths', async () => {
    const { target } = bench();
    const before = await everything(bench());
    for (const name of refusedNames) {
      expect(target.acceptsName(name), JSON.stringify(name)).toBe(false);
      const calls = {
        put: () => target.put(name, bytesOf(10), hot),
        open: () => target.open(name, parted(target)),
        read: () => target.read(name, 0, 1),
        stat: () => target.stat(name),
        remove: () => target.remove(name),
      };
      for (const [call, work] of Object.entries(calls)) {
        await expect(work(), `${call} ${JSON.stringify(name)}`).rejects.toMatchObject({ name: 'BatError', transient: false });
      }
    }
    expect(await everything(bench())).toEqual(before);
  });
}
