import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from '../../src/core/make-folder.ts';

test('makes what is missing, with its mode, and leaves what is there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bat-make-folder-'));
  try {
    makeFolder(join(folder, 'a', 'b', 'c'), 0o700);
    makeFolder(join(folder, 'a', 'b', 'c'), 0o700);
    for (const path of ['a', 'a/b', 'a/b/c']) expect(statSync(join(folder, path)).mode & 0o777).toBe(0o700);
    writeFileSync(join(folder, 'file'), '');
    expect(() => makeFolder(join(folder, 'file'))).toThrow(/EEXIST/);
    expect(() => makeFolder(join(folder, 'file', 'below'))).toThrow(/ENOTDIR/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.runIf(process.platform === 'linux')('a folder in which none can be made is an error, not a wait without end', () => {
  expect(() => makeFolder('/proc/bat/state')).toThrow(/ENOENT/);
});
