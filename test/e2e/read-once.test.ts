/** How often a run opens the files of its sources: the system calls are counted by strace. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Backup, plans } from './backup.ts';
import { filesBelow, missingPrograms } from './judges.ts';

const missing = missingPrograms('strace', 'rsync');
const program = join(import.meta.dirname, '../cli/bat.ts');

describe.skipIf(missing)(`source files are read once${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let backup: Backup;
  afterEach(() => backup.remove());

  /** A run under strace: how often each file of the source was opened. */
  function opened(): Record<string, number> {
    const trace = backup.at('trace');
    const { status, stderr } = spawnSync('strace', ['-f', '-qq', '-e', 'trace=open,openat,openat2', '-s', '4096', '-o', trace, process.execPath, program, 'run', '-q'], {
      cwd: backup.box.folder,
      env: { ...process.env, HOME: backup.box.folder, XDG_STATE_HOME: backup.at('state') },
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    const counts: Record<string, number> = {};
    for (const [, path] of readFileSync(trace, 'utf8').matchAll(/open(?:at2?)?\([^"]*"([^"]*)"/g)) {
      const isSource = path!.startsWith(`${backup.at('src')}/`) && !statSync(path!).isDirectory();
      if (isSource) counts[path!.slice(backup.at('src').length + 1)] = (counts[path!.slice(backup.at('src').length + 1)] ?? 0) + 1;
    }
    rmSync(trace);
    return counts;
  }

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

    const once = Object.fromEntries(filesBelow(backup.at('src')).map((name) => [name, 1]));
    expect(opened()).toEqual(once);
    expect(opened()).toEqual({});

    write('small/3', Buffer.from('changed'));
    write('large', Buffer.concat([large.subarray(0, 5_000_000), Buffer.from('inserted'), large.subarray(5_000_000)]));
    expect(opened()).toEqual({ 'small/3': 1, large: 1 });
    expect(opened()).toEqual({});
    await backup.expectRestored();
  });
});
