/** That a target refuses what is no name, whoever asks; and that the cases know the names that bat makes. */
import { expect, it } from 'vitest';
import { bytesOf, hot, parted } from '../../../src/targets/conformance/data.ts';
import { ownNames } from '../../../src/targets/conformance/names.ts';
import { keyName, manifestName, markerName, readmeName, restoreScriptName, volumeName } from '../../../src/volume/names.ts';
import type { TargetSetup, TargetTraits } from '../target-suite.ts';
import { benchFor } from './bench.ts';

const run = '20260101-000000-abcd';

/** What would lead out of the store, or mean two things. */
const refusedNames = ['', '/', '.', '..', '/absolute', 'ends/', 'a//b', './a', 'a/./b', '../a', 'a/..', 'a/../../b', '../../etc/passwd', 'nul\0byte'];

export function nameTests(setup: TargetSetup, traits: TargetTraits): void {
  const bench = benchFor(setup, traits);

  it('is asked for the names that bat really makes', () => {
    expect(ownNames).toEqual([
      markerName,
      readmeName,
      restoreScriptName,
      keyName('0123456789abcdef'),
      `${volumeName(run, 1)}.zst.age`,
      `${volumeName(run, 99_999)}.gz`,
      manifestName(`${run}-photos_2024-a`, '.zst.age'),
      `files/${'0123456789abcdef'.repeat(4)}`,
    ]);
  });

  it('refuses names that are no plain relative paths', async () => {
    const { target, everything } = bench();
    const before = await everything();
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
    expect(await everything()).toEqual(before);
  });
}
