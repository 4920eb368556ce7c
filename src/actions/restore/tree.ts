/** The folders of a restore: made before anything else, and given their modes, owners and times after everything else. */
import fs from 'node:fs';
import type { ListedEntry } from '../../catalog/restore-list.ts';
import { BatError } from '../../core/errors.ts';
import type { FolderAttributes } from '../../volume/manifest.ts';
import { isRoot, setFolderAttributes } from './attributes.ts';
import type { Surroundings } from './files.ts';
import { diskFailed } from './folders.ts';
import { diskPath } from './places.ts';

/** While they are filled. */
const workingMode = 0o700;
const betweenPauses = 200;

/** Folders that are there already and were not asked for are left as they are. */
export async function makeFolders(around: Surroundings): Promise<void> {
  await eachFolder(around, false, (entry, spot) => {
    const isThere = around.folders.look(spot.base, spot.relative) === 'there';
    if (!isThere) around.folders.make(spot.base, spot.relative, workingMode);
    else if (entry.state === 'parent') around.list.entries.setState(entry.id, 'unselected');
    else around.folders.makeWritable(diskPath(spot), isRoot);
  });
}

/** The deepest first, since to work in a folder changes its time. */
export async function finishFolders(around: Surroundings): Promise<void> {
  around.folders.forget();
  await eachFolder(around, true, (entry, spot) => {
    if (around.folders.look(spot.base, spot.relative) === 'absent') throw new BatError('DISK_FAILED', 'it was there, and was removed meanwhile');
    const problem = setFolderAttributes(diskPath(spot), entry);
    if (problem) throw new BatError('DISK_FAILED', problem);
  });
}

/** The folder that the source itself was, after all that is in it. */
export function finishTop(around: Surroundings, snapshot: number, source: string, top: FolderAttributes): void {
  const folder = around.places.folderOf(snapshot);
  if (folder === null) return;
  try {
    const stat = fs.statSync(folder, { throwIfNoEntry: false });
    // Nothing was in it, so nothing has made it yet.
    if (!stat) fs.mkdirSync(folder);
    else if (!stat.isDirectory()) return;
    const problem = setFolderAttributes(fs.realpathSync(folder), top);
    if (problem) throw new BatError('DISK_FAILED', problem);
  } catch (error) {
    around.report.fail(source, '', diskFailed(error, 'it cannot be made'));
  }
}

type FolderAction = (entry: ListedEntry, spot: { base: string; relative: string }) => void;

async function eachFolder(around: Surroundings, reverse: boolean, action: FolderAction): Promise<void> {
  const { list, places, report, sourceOf, signal } = around;
  let count = 0;
  for (const entry of list.entries.inOrder(['directory'], ['wanted', 'parent'], reverse)) {
    if (++count % betweenPauses === 0) await new Promise(setImmediate);
    signal.throwIfAborted();
    try {
      const spot = places.spot(entry.snapshot, entry.path);
      if (spot) action(entry, spot);
    } catch (error) {
      list.entries.setState(entry.id, 'failed');
      report.fail(sourceOf(entry), entry.path, diskFailed(error, 'it cannot be made'));
    }
  }
}
