/** A small disk of its own for a test, where the system allows to mount one. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  path: string;
  remount(mode: 'ro' | 'rw'): void;
  unmount(): void;
}

/** Mounts a tmpfs of so many MiB; throws where that is not allowed. */
export function mountSmallDisk(mebibytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'bat-small-disk-'));
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', path);
  } catch (error) {
    rmdirSync(path);
    throw error;
  }
  return {
    path,
    remount: (mode) => run('mount', '-o', `remount,${mode}`, path),
    unmount() {
      run('umount', path);
      rmdirSync(path);
    },
  };
}

/** Why a test that mounts is to be skipped, or null. With BAT_NO_SKIP set it runs, and fails where it cannot. */
export function mountingProblem(): string | null {
  if (process.env['BAT_NO_SKIP']) return null;
  try {
    mountSmallDisk(1).unmount();
    return null;
  } catch {
    return 'mounting a tmpfs is not allowed here; run as root, or set BAT_NO_SKIP to make this a failure';
  }
}

function run(program: string, ...words: string[]): void {
  execFileSync(program, words, { stdio: 'pipe' });
}
