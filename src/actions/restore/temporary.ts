/** Temporary names, and how what is whole takes its place. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { systemCode } from '../../core/errors.ts';
import { systemPath } from '../../core/paths.ts';
import { refused } from './folders.ts';
import { below, folderOf, type Spot } from './places.ts';

const prefix = `.bat-restore-${randomBytes(5).toString('hex')}-`;
let count = 0;

/** A name that is not in use, in the folder where `spot` is. */
export function temporaryFor(spot: Spot): string {
  const folder = folderOf(spot.relative);
  return below(spot.base, `${folder === '' ? '' : `${folder}/`}${prefix}${(count++).toString(36)}`);
}

/**
 * Gives what is at `temporary` its final name: a file or link of that name is replaced at once, an empty folder is taken
 * away. Returns true if a folder was. Throws RESTORE_REFUSED if one is not empty, and system errors.
 */
export function moveIntoPlace(temporary: string, path: string): boolean {
  const [from, to] = [systemPath(temporary), systemPath(path)];
  try {
    fs.renameSync(from, to);
    return false;
  } catch (error) {
    if (!['EISDIR', 'ENOTEMPTY', 'EEXIST'].includes(systemCode(error) ?? '')) throw error;
  }
  try {
    fs.rmdirSync(to);
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(systemCode(error) ?? '')) throw refused('a folder that is not empty has its name');
    throw error;
  }
  fs.renameSync(from, to);
  return true;
}

/** Never throws: it is done when something else has gone wrong already. */
export function removeTemporary(path: string): void {
  try {
    fs.rmSync(systemPath(path), { force: true });
  } catch {
    // It keeps its telling name; there is nothing more that could be done about it.
  }
}
