/** What is no plain file: fifos, and then hard and symbolic links, after all files are in place. */
import fs from 'node:fs';
import type { ListedEntry } from '../../catalog/restore-list.ts';
import { BatError, systemCode } from '../../core/errors.ts';
import { systemPath } from '../../core/paths.ts';
import { setAttributes, setFifoAttributes, setLinkAttributes } from './attributes.ts';
import type { Surroundings } from './files.ts';
import { diskFailed, lookAt, refused } from './folders.ts';
import { below, diskPath, folderOf, type Spot } from './places.ts';
import { Stopped } from './report.ts';
import { moveIntoPlace, removeTemporary, temporaryFor } from './temporary.ts';

/** A file system that has no hard links, or no further one for this file, gets copies. */
const noLinks: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK']);
const fullDisk: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);
const betweenPauses = 200;

export async function makeFifos(around: Surroundings): Promise<void> {
  for (const entry of around.list.entries.inOrder(['fifo'], ['wanted'])) {
    around.signal.throwIfAborted();
    await attempt(entry, around, async (spot) => {
      const temporary = fifoName(spot);
      try {
        const { execa } = await import('execa');
        const made = await execa('mkfifo', ['-m', '600', '--', temporary], { reject: false, cancelSignal: around.signal });
        if (made.failed) throw new BatError('DISK_FAILED', `it cannot be made: ${made.stderr || made.shortMessage || 'mkfifo failed'}`, { cause: made });
        const problem = setFifoAttributes(temporary, entry);
        place(temporary, spot, around);
        return problem;
      } catch (error) {
        removeTemporary(temporary);
        throw error;
      }
    });
  }
}

export async function makeHardLinks(around: Surroundings): Promise<void> {
  around.folders.forget();
  await eachOf('hardlink', around, (entry, spot) => hardLink(entry, spot, around));
}

/** The last of all: nothing is put below a link that the snapshot brought. */
export async function makeSymlinks(around: Surroundings): Promise<void> {
  around.folders.forget();
  await eachOf('symlink', around, (entry, spot) => {
    const temporary = temporaryFor(spot);
    return orRemove(temporary, () => {
      fs.symlinkSync(systemPath(entry.link!), systemPath(temporary));
      const problem = setLinkAttributes(temporary, entry);
      place(temporary, spot, around);
      return problem;
    });
  });
}

async function eachOf(type: 'hardlink' | 'symlink', around: Surroundings, make: (entry: ListedEntry, spot: Spot) => string | null): Promise<void> {
  let count = 0;
  for (const entry of around.list.entries.inOrder([type], ['wanted'])) {
    if (++count % betweenPauses === 0) await new Promise(setImmediate);
    around.signal.throwIfAborted();
    await attempt(entry, around, async (spot) => make(entry, spot));
  }
}

async function attempt(entry: ListedEntry, around: Surroundings, make: (spot: Spot) => Promise<string | null>): Promise<void> {
  const { report, sourceOf } = around;
  try {
    const spot = around.places.spot(entry.snapshot, entry.path)!;
    around.folders.makeFor(spot);
    const problem = await make(spot);
    if (problem) report.fail(sourceOf(entry), entry.path, new BatError('DISK_FAILED', problem));
  } catch (error) {
    around.signal.throwIfAborted();
    if (fullDisk.has(systemCode(error) ?? '')) throw new Stopped(error);
    around.list.entries.setState(entry.id, 'failed');
    report.fail(sourceOf(entry), entry.path, diskFailed(error, 'it cannot be made'));
  }
}

/** Returns what is wrong with its attributes: they are the file's, unless it had to be copied. */
function hardLink(entry: ListedEntry, spot: Spot, around: Surroundings): string | null {
  const { list, places, folders, report } = around;
  const first = list.entries.find(entry.snapshot, entry.link!);
  if (first?.type !== 'file') throw refused(`it is a hard link to ${entry.link}, which is no file in the snapshot`);
  if (first.state === 'failed') throw new BatError('OBJECT_MISSING', `it is a hard link to ${entry.link}, which could not be restored`);
  const firstSpot = places.spot(first.snapshot, first.path);
  if (!firstSpot || folders.look(firstSpot.base, folderOf(firstSpot.relative)) === 'absent') throw refused(`it is a hard link to ${entry.link}, which is not there`);
  const file = diskPath(firstSpot);
  const stat = lookAt(file);
  if (!stat?.isFile()) throw refused(`it is a hard link to ${entry.link}, which is no file on the disk`);
  const there = lookAt(diskPath(spot));
  if (there?.ino !== stat.ino || there.dev !== stat.dev) {
    const temporary = temporaryFor(spot);
    const problem = orRemove(temporary, () => {
      const copied = linkOrCopy(file, temporary, entry);
      place(temporary, spot, around);
      return copied;
    });
    report.wrote(1, 0);
    return problem;
  }
  report.wrote(1, 0);
  return null;
}

function linkOrCopy(file: string, temporary: string, entry: ListedEntry): string | null {
  try {
    fs.linkSync(systemPath(file), systemPath(temporary));
    return null;
  } catch (error) {
    if (!noLinks.has(systemCode(error) ?? '')) throw error;
  }
  fs.copyFileSync(systemPath(file), systemPath(temporary), fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE);
  const descriptor = fs.openSync(systemPath(temporary), 'r+');
  try {
    return setAttributes(descriptor, entry);
  } finally {
    fs.closeSync(descriptor);
  }
}

function place(temporary: string, spot: Spot, { folders }: Surroundings): void {
  if (moveIntoPlace(temporary, diskPath(spot))) folders.forget();
}

function orRemove<T>(temporary: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    removeTemporary(temporary);
    throw error;
  }
}

/** A program's argument must be text: a fifo in a folder whose name is none is made at the top and moved from there. */
function fifoName(spot: Spot): string {
  const name = temporaryFor(spot);
  return name.isWellFormed() ? name : below(spot.base, name.slice(name.lastIndexOf('/') + 1));
}
