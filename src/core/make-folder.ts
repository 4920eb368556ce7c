/** Makes a folder and those above it. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from './errors.ts';

/**
 * Throws the system's error. Not Node's own `recursive`: where a folder that exists answers ENOENT when one is made in
 * it, as those of /proc and of automounters do, that tries for ever (seen with Node 24.21).
 */
export function makeFolder(path: string, mode = 0o777): void {
  if (makeOne(path, mode)) return;
  makeFolder(dirname(path), mode);
  // Another program may have made it meanwhile; and if what is above it is gone again, that is an error.
  if (!makeOne(path, mode)) mkdirSync(path, { mode });
}

/** False if the folder above it has to be made first. */
function makeOne(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST' && statSync(path, { throwIfNoEntry: false })?.isDirectory()) return true;
    const parent = dirname(path);
    if (code !== 'ENOENT' || parent === path || existsSync(parent)) throw error;
    return false;
  }
}
