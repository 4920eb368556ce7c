/** Gives a file its name, never one that is taken. */
import { systemCode } from '../../core/errors.ts';
import type { LibraryDisk } from '../disk.ts';
import type { HeldFolder } from '../held-folder.ts';
import type { KeyedLock } from '../../core/keyed-lock.ts';
import { numberedName } from '../names.ts';

/** What file systems without hard links answer; EMLINK is one that has no more of them for this file. */
const noLinks = new Set(['EPERM', 'EOPNOTSUPP', 'ENOTSUP', 'ENOSYS', 'EMLINK']);
const oneByOne = 10;

export interface Naming {
  disk: LibraryDisk;
  locks: KeyedLock;
}

/**
 * The file `from` is called `name` in the held folder afterwards, and not `from` any more. Returns false, and does nothing, if the name is taken. A link cannot replace anything; where there are none it is a rename
 * after a look, one at a time, which only another program could come in between.
 */
export async function giveName({ disk, locks }: Naming, from: string, folder: HeldFolder, name: string): Promise<boolean> {
  const to = folder.at(name);
  try {
    await disk.link(from, to);
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (code === 'EEXIST') return false;
    if (!noLinks.has(code)) throw error;
    const { dev, ino } = await folder.stat();
    return locks.hold(`${dev}:${ino}/${name}`, async () => {
      if (await exists(disk, to)) return false;
      await disk.rename(from, to);
      return true;
    });
  }
  await disk.unlink(from);
  return true;
}

/** The same under the first free of `a.jpg`, `a (2).jpg`, …; returns it. A thousand files of one name must not cost a million looks, so the steps grow. */
export async function giveFreeName(naming: Naming, from: string, folder: HeldFolder, name: string): Promise<string> {
  if (await giveName(naming, from, folder, name)) return name;
  for (let number = 2, step = 1; ; number += step) {
    const free = await firstFree(naming.disk, folder, name, number, step);
    if (free !== null) {
      const numbered = numberedName(name, free);
      if (await giveName(naming, from, folder, numbered)) return numbered;
    }
    if (number >= oneByOne) step *= 2;
  }
}

/** A free number at `number`, or between it and the taken one `step` before it. */
async function firstFree(disk: LibraryDisk, folder: HeldFolder, name: string, number: number, step: number): Promise<number | null> {
  if (await exists(disk, folder.at(numberedName(name, number)))) return null;
  let taken = number - step;
  let free = number;
  while (free - taken > 1) {
    const middle = Math.floor((free + taken) / 2);
    if (await exists(disk, folder.at(numberedName(name, middle)))) taken = middle;
    else free = middle;
  }
  return free;
}

export async function exists(disk: LibraryDisk, path: string): Promise<boolean> {
  try {
    await disk.lstat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
