/** A volume of 300 MB in an account that takes files of 10 MB. */
import { describe, test } from 'vitest';
import { backUpToSmallFiles } from '../e2e/account-of-small-files.ts';
import { missingPrograms } from '../e2e/judges.ts';

const missing = missingPrograms('age', 'zstd', 'tar', 'python3', 'rsync', 'curl');

describe.skipIf(missing)(`300 MB and 10 MB${missing ? ` (skipped: ${missing})` : ''}`, () => {
  test('lies in parts, and is restored by bat, by restore.py, and by cat, age, zstd and tar', async () => {
    await backUpToSmallFiles({ limit: 10 * 2 ** 20, size: 300_000_000, volume: '400MiB' });
  });
});
