/** Removing, with all that lies below where that is said. What a link leads to is never touched. */
import { systemCode } from '../../core/errors.ts';
import { LibraryError } from '../errors.ts';
import type { HeldFolder } from '../held-folder.ts';
import type { FileRow } from '../table/files.ts';
import { kindOf, nameOf, pathOf, placeOf, type Spot } from './move.ts';
import type { PlacingParts } from './place.ts';

/** How many files are gone. `stillIs`: throws if the file is not the one that was meant. Throws NOT_FOUND, EXISTS for a folder that is not empty, and the system's errors. */
export async function remove(shared: PlacingParts, spot: Spot, recursive: boolean, stillIs?: (row: FileRow | null) => Promise<void>): Promise<number> {
  const { disk, table } = shared;
  if ((await kindOf(shared, spot)) === 'folder') return removeFolder(shared, spot, recursive);
  await stillIs?.(table.at(placeOf(spot)));
  await spot.folder.within(spot.parts.slice(0, -1), async (held) => {
    await disk.unlink(held.at(nameOf(spot)));
    await held.flush();
  });
  table.removeAt(placeOf(spot));
  return 1;
}

async function removeFolder(shared: PlacingParts, spot: Spot, recursive: boolean): Promise<number> {
  const { disk, table } = shared;
  let removed = 0;
  if (recursive) removed = await empty(shared, spot);
  try {
    await spot.folder.within(spot.parts.slice(0, -1), async (held) => {
      await disk.rmdir(held.at(nameOf(spot)));
      await held.flush();
    });
  } catch (error) {
    const code = systemCode(error);
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    throw new LibraryError('EXISTS', `The folder ${pathOf(spot)} is not empty.`, { hint: 'DELETE with ?recursive removes it with all that is in it.' });
  }
  while (table.removeSome(spot.folder.id, spot.parts.join('/')) > 0) await new Promise(setImmediate);
  return removed;
}

/** Each folder on the way is held open, so that no link can take its place. */
async function empty(shared: PlacingParts, spot: Spot): Promise<number> {
  const { disk } = shared;
  return spot.folder.within(spot.parts, async (held: HeldFolder) => {
    let removed = 0;
    for (const name of await disk.readdir(held.self)) {
      const path = held.at(name);
      if ((await disk.lstat(path)).isDirectory()) {
        removed += await empty(shared, { folder: spot.folder, parts: [...spot.parts, name] });
        await disk.rmdir(path);
      } else {
        await disk.unlink(path);
        removed++;
      }
    }
    return removed;
  });
}
