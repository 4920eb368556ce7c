/** A file of a GiB: what a small change in it costs, and that nothing else is stored. */
import { appendFileSync, closeSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { Backup, plans } from '../e2e/backup.ts';
import { missingPrograms } from '../e2e/judges.ts';
import { noise } from '../e2e/noise.ts';

const missing = missingPrograms('rsync');
const mebibyte = 2 ** 20;

describe.skipIf(missing)(`a large file${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let backup: Backup;
  afterEach(() => backup.remove());

  test('one MiB changed in the middle of 1 GiB stores less than 8 MiB; a rename nothing', async () => {
    backup = await Backup.create(plans.tar);
    const file = backup.at('src/disk.img');
    for (let part = 0; part < 32; part++) appendFileSync(file, noise(32 * mebibyte, part));
    await backup.run();
    const stored = (): number => backup.volumes().reduce((sum, name) => sum + statSync(backup.at('disk/plan', name)).size, 0);
    const before = stored();
    const descriptor = openSync(file, 'r+');
    writeSync(descriptor, noise(mebibyte, 99), 0, mebibyte, 500 * mebibyte + 54321);
    closeSync(descriptor);
    await backup.run();
    expect(stored() - before).toBeGreaterThan(mebibyte);
    expect(stored() - before).toBeLessThan(8 * mebibyte);
    const after = stored();
    renameSync(file, backup.at('src/renamed.img'));
    await backup.run();
    expect(stored()).toBe(after);
    await backup.expectRestored();
  });
});
