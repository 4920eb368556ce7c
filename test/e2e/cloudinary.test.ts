/** A backup to an account like a free one at Cloudinary, and every way back. 300 MB of it go to test/slow. */
import { describe, test } from 'vitest';
import { backUpToSmallFiles } from './account-of-small-files.ts';
import { missingPrograms } from './judges.ts';

const missing = missingPrograms('age', 'zstd', 'tar', 'python3', 'rsync', 'curl');

describe.skipIf(missing)(`an account that takes no large files${missing ? ` (skipped: ${missing})` : ''}`, () => {
  test('a volume lies in parts, and is restored by bat, by restore.py, and by cat, age, zstd and tar', async () => {
    await backUpToSmallFiles({ limit: 300_000, size: 4_000_000, volume: '20MiB' });
  });
});
