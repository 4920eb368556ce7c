/** Folders for tests of the target `file`. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { FileTarget } from '../../src/targets/file.ts';
import { disk as realDisk } from '../../src/targets/file/disk.ts';
import type { Disk } from '../../src/targets/file/disk.ts';

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'bat-file-target-'));
}

/** In memory where there is such a place: for tests of thousands of flushes that need no real disk. */
export function fastFolder(): Promise<string> {
  return existsSync('/dev/shm') ? mkdtemp('/dev/shm/bat-file-target-') : temporaryFolder();
}

export function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}

/** A target in the folder `store` of the given one; its objects lie in `store/nas`. */
export function fileTargetIn(folder: string, disk: Disk = realDisk): FileTarget {
  return new FileTarget('usb', { path: 'store' }, { folder, plan: 'nas' }, disk);
}

/** Every file below a folder, hidden ones too. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => relative(folder, join(entry.parentPath, entry.name))).sort();
}
