import { spawn } from 'node:child_process';
import { once } from 'node:events';
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

test('several programs may make the same folders at once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bat-make-folder-'));
  const module = JSON.stringify(new URL('../../src/core/make-folder.ts', import.meta.url).href);
  const code = `import { makeFolder } from ${module};
    process.stdin.once('data', () => {
      for (let index = 0; index < 300; index++) makeFolder(${JSON.stringify(folder)} + '/' + index + '/a/b/c');
      process.exit();
    });
    console.log('ready');`;
  try {
    const programs = Array.from({ length: 4 }, () => spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['pipe', 'pipe', 'inherit'] }));
    const ends = programs.map((program) => once(program, 'exit'));
    await Promise.all(programs.map((program) => once(program.stdout, 'data')));
    for (const program of programs) program.stdin.write('go');
    expect((await Promise.all(ends)).map(([status]) => status as unknown)).toEqual([0, 0, 0, 0]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.runIf(process.platform === 'linux')('a folder in which none can be made is an error, not a wait without end', () => {
  expect(() => makeFolder('/proc/bat/state')).toThrow(/ENOENT/);
});
