/** What is pushed: each path of the command line, and where its files go below the folder on the server. As rsync does it. */
import fs, { type BigIntStats } from 'node:fs';
import { basename, resolve } from 'node:path';
import { BatError, systemReason } from '../../core/errors.ts';
import { describeSpecial } from '../../steps/select/look.ts';

export interface PushRoot {
  /** As it was written. */
  given: string;
  /** Absolute, and no link leads there. */
  path: string;
  /** Of the names of its files in the library: `photos/from-phone/DCIM`. A file's own name is the end of it. */
  prefix: string;
  isFolder: boolean;
  stat: BigIntStats;
}

/**
 * `DCIM` goes to `<folder>/DCIM/…`, and what is in `DCIM/` goes to `<folder>/…`. A path that is a symlink is followed; links below it
 * are not. Throws SOURCE_MISSING for a path that is not there or cannot be looked at, USAGE for one that is neither a file nor a folder.
 */
export function openRoot(given: string, folder: string): PushRoot {
  const { R_OK, X_OK } = fs.constants;
  const named = resolve(given);
  let path: string;
  let stat: BigIntStats;
  try {
    path = fs.realpathSync.native(named);
    stat = fs.statSync(path, { bigint: true });
    fs.accessSync(path, stat.isDirectory() ? R_OK | X_OK : R_OK);
  } catch (error) {
    throw missing(given, error);
  }
  const isFolder = stat.isDirectory();
  if (!isFolder && !stat.isFile()) throw new BatError('USAGE', `${given} is ${stat.isFIFO() ? 'a fifo' : describeSpecial(stat)}.`, { hint: 'Name files and folders.', subject: given });
  const isContent = isFolder && (/(^|\/)\.{0,2}$/.test(given) || named === '/');
  return { given, path, prefix: isContent ? folder : `${folder}/${basename(named)}`, isFolder, stat };
}

/** Throws SOURCE_MISSING if what was opened does not lie there any more: a disk that was unmounted looks like an empty folder. */
export function checkRootStayed({ given, path, isFolder, stat }: PushRoot): void {
  let now: BigIntStats;
  try {
    now = fs.lstatSync(path, { bigint: true });
  } catch (error) {
    throw missing(given, error);
  }
  if (!isFolder || (now.ino === stat.ino && now.dev === stat.dev)) return;
  throw new BatError('SOURCE_MISSING', `${given} is not the folder any more that it was when the push began.`, { hint: 'Was a disk unmounted? What was sent stays; push it again.', subject: given });
}

function missing(given: string, cause: unknown): BatError {
  return new BatError('SOURCE_MISSING', `${given} cannot be opened: ${systemReason(cause)}.`, { hint: 'Is the disk mounted, and may this user read it?', cause, subject: given });
}
