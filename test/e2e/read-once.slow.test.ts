/** How often a run opens the files of its sources, and how much it reads of them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Backup, plans } from './backup.ts';
import { filesBelow, missingPrograms } from './judges.ts';
import { readByRun, readOnce } from './opened.ts';

const missing = missingPrograms('strace', 'rsync');

describe.skipIf(missing)(`source files are read once${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let backup: Backup;
  afterEach(() => backup.remove());

  const large = randomBytes(12 * 2 ** 20);

  test.each(['lanes', 'files'] as const)('plan %s: each file once in the first run, the changed ones in the next, none after that', async (kind) => {
    backup = await Backup.create(plans[kind]);
    const write = (path: string, bytes: Uint8Array): void => {
      mkdirSync(join(backup.at('src', path), '..'), { recursive: true });
      writeFileSync(backup.at('src', path), bytes);
    };
    for (let index = 0; index < 40; index++) write(`small/${index}`, Buffer.from(`file ${index}`));
    write('small/duplicate', Buffer.from('file 7'));
    write('empty', Buffer.alloc(0));
    write('large', large);
    write('large duplicate', large);
    write('pieces', Buffer.concat([large, large.subarray(0, 2 ** 20), randomBytes(12 * 2 ** 20)]));
    write('same beginning', Buffer.concat([large.subarray(0, 9 * 2 ** 20), randomBytes(2 ** 20)]));

    expect(await readByRun(backup)).toEqual(readOnce(backup, filesBelow(backup.at('src'))));
    expect(await readByRun(backup)).toEqual({});

    write('small/3', Buffer.from('changed'));
    write('large', Buffer.concat([large.subarray(0, 5_000_000), Buffer.from('inserted'), large.subarray(5_000_000)]));
    expect(await readByRun(backup)).toEqual(readOnce(backup, ['small/3', 'large']));
    expect(await readByRun(backup)).toEqual({});
    await backup.expectRestored();
  });
});
