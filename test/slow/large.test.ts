/** A file of a GiB: what a small change in it costs, and that nothing else is stored. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { Backup, plans } from '../e2e/backup.ts';
import { missingPrograms } from '../e2e/judges.ts';

const missing = missingPrograms('rsync', 'head');
const mebibyte = 2 ** 20;

describe.skipIf(missing)(`a large file${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let backup: Backup;
  afterEach(() => backup.remove());

  test('one MiB changed in the middle of 1 GiB stores less than 8 MiB; a rename nothing', async () => {
    backup = await Backup.create(plans.tar);
    const file = backup.at('src/disk.img');
    execFileSync('sh', ['-c', `head -c ${1024 * mebibyte} /dev/urandom > '${file}'`]);
    await backup.run();
    const stored = (): number => backup.volumes().reduce((sum, name) => sum + statSync(backup.at('disk/plan', name)).size, 0);
    const before = stored();
    const descriptor = openSync(file, 'r+');
    writeSync(descriptor, randomBytes(mebibyte), 0, mebibyte, 500 * mebibyte + 54321);
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
