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
  const parent = dirname(path);
  if (parent !== path && !existsSync(parent)) makeFolder(parent, mode);
  // Asked twice: another program may just have made what is above it.
  if (!makeOne(path, mode)) mkdirSync(path, { mode });
}

/** True if it is there now, made by whomever; false if nothing is there that it could be made in. */
function makeOne(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST' && statSync(path, { throwIfNoEntry: false })?.isDirectory()) return true;
    if (code !== 'ENOENT') throw error;
    return false;
  }
}
