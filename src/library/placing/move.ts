/** Moving and renaming, never onto something. Over the border of a file system it is a copy that is whole before the first one goes. */
import { constants } from 'node:fs';
import { systemCode } from '../../core/errors.ts';
import { bytesOf } from '../bytes-of.ts';
import { LibraryError } from '../errors.ts';
import type { HeldFolder } from '../held-folder.ts';
import type { LibraryFolder } from '../library-folder.ts';
import { formatLibraryPath, isServersOwn } from '../names.ts';
import { marksOf } from '../stamp.ts';
import type { FilePlace, FileRow } from '../table/files.ts';
import { exists, giveName } from './give-name.ts';
import { place, taken, type PlacingParts } from './place.ts';

/** A place in the library: of a file or of a folder. */
export interface Spot {
  folder: LibraryFolder;
  parts: readonly string[];
}

/** `stillIs`: throws if the file is not the one that was meant. Throws NOT_FOUND, EXISTS, BAD_REQUEST, and the system's errors. */
export async function move(shared: PlacingParts, from: Spot, to: Spot, stillIs?: (row: FileRow | null) => Promise<void>): Promise<void> {
  const kind = await kindOf(shared, from);
  if (kind === 'folder') return moveFolder(shared, from, to);
  const row = shared.table.at(placeOf(from));
  await stillIs?.(row);
  await moveFile(shared, from, to);
}

async function moveFile(shared: PlacingParts, from: Spot, to: Spot): Promise<void> {
  const { disk, table, locks, space } = shared;
  const giver = table.at(placeOf(from))?.giver ?? null;
  const admission = from.folder === to.folder ? null : await space.admit(to.folder, { size: await sizeOf(shared, from) });
  try {
    await inBoth(from, to, async (source, target) => {
      const path = source.at(nameOf(from));
      // Its new name gives it a new time: that it was written to since it was read shows only before that.
      const { stamp } = marksOf(await disk.lstat(path, { bigint: true }));
      if (!(await giveName({ disk, locks }, path, target, nameOf(to)))) throw taken(pathOf(to));
      // The new name lasts before the old one is gone for good.
      await target.flush();
      await source.flush();
      const marks = marksOf(await disk.lstat(target.at(nameOf(to)), { bigint: true }));
      const row = table.at(placeOf(from));
      if (row?.identity !== marks.identity) return table.removeAt(placeOf(from));
      table.moveRow(row.id, row.stamp, placeOf(to), marks);
      if (row.stamp !== stamp) table.changeRow(row.id, marks.stamp, marks);
    });
  } catch (error) {
    if (systemCode(error) !== 'EXDEV') throw error;
    admission?.release();
    await copyFile(shared, from, to, giver);
    await removeFile(shared, from);
  } finally {
    admission?.release();
  }
}

/** A second file with the same content, under exactly that name. */
async function copyFile(shared: PlacingParts, from: Spot, to: Spot, giver: string | null): Promise<void> {
  const { disk } = shared;
  await from.folder.within(from.parts.slice(0, -1), async (source) => {
    const handle = await disk.open(source.at(nameOf(from)), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = await handle.stat({ bigint: true });
      const { size, mtime, stamp } = marksOf(stat);
      await place(shared, to.folder, to.parts, bytesOf(handle), {
        size, mtime, evenIfKnown: true, exactName: true, ...(giver !== null && { giver: { name: giver } }),
      });
      if (marksOf(await handle.stat({ bigint: true })).stamp === stamp) return;
      throw new LibraryError('PRECONDITION_FAILED', `${pathOf(from)} was changed while it was copied to ${pathOf(to)}, and is still there, too.`);
    } finally {
      await handle.close();
    }
  });
}

async function removeFile({ disk, table }: PlacingParts, from: Spot): Promise<void> {
  await from.folder.within(from.parts.slice(0, -1), async (source) => {
    await disk.unlink(source.at(nameOf(from)));
    await source.flush();
  });
  table.removeAt(placeOf(from));
}

/** A folder of the new name is made first, which fails where anything has it: a rename would replace only an empty folder, and that is this one. */
async function moveFolder(shared: PlacingParts, from: Spot, to: Spot): Promise<void> {
  const { disk, table } = shared;
  const isInside = from.folder === to.folder && to.parts.length >= from.parts.length && from.parts.every((part, index) => part === to.parts[index]);
  if (isInside) throw new LibraryError('BAD_REQUEST', `${pathOf(from)} cannot be moved into itself.`);
  if (from.folder !== to.folder && to.folder.quota !== undefined) {
    const { bytes } = table.amountBelow(from.folder.id, from.parts.join('/'));
    const admission = await shared.space.admit(to.folder, { size: bytes });
    admission.release();
  }
  let isOtherDisk = false;
  await inBoth(from, to, async (source, target) => {
    const path = target.at(nameOf(to));
    await disk.mkdir(path).catch((error: unknown) => {
      throw systemCode(error) === 'EEXIST' ? taken(pathOf(to)) : error;
    });
    try {
      await disk.rename(source.at(nameOf(from)), path);
    } catch (error) {
      if (systemCode(error) !== 'EXDEV') await disk.rmdir(path);
      if (systemCode(error) !== 'EXDEV') throw error;
      isOtherDisk = true;
    }
    await target.flush();
    await source.flush();
  });
  if (isOtherDisk) return moveEach(shared, from, to);
  for (;;) {
    const moved = table.moveSome(from.folder.id, from.parts.join('/'), to.folder.id, to.parts.join('/'));
    if (moved === 0) return;
    await new Promise(setImmediate);
  }
}

/** File by file. What was moved stays moved if it fails on the way. */
async function moveEach(shared: PlacingParts, from: Spot, to: Spot): Promise<void> {
  const { disk } = shared;
  const entries = await from.folder.within(from.parts, (held) => disk.readdir(held.self));
  for (const name of entries) {
    const inner: Spot = { folder: from.folder, parts: [...from.parts, name] };
    const target: Spot = { folder: to.folder, parts: [...to.parts, name] };
    if (isServersOwn(name)) continue;
    if ((await kindOf(shared, inner)) === 'file') {
      await moveFile(shared, inner, target);
    } else {
      await to.folder.within(to.parts, (held) => disk.mkdir(held.at(name)));
      await moveEach(shared, inner, target);
    }
  }
  await from.folder.within(from.parts.slice(0, -1), async (above) => {
    await disk.rmdir(above.at(nameOf(from)));
    await above.flush();
  });
}

/** Throws NOT_FOUND; BAD_REQUEST for what is neither file nor folder. */
export async function kindOf({ disk }: Pick<PlacingParts, 'disk'>, spot: Spot): Promise<'file' | 'folder'> {
  return spot.folder.within(spot.parts.slice(0, -1), async (held) => {
    if (!(await exists(disk, held.at(nameOf(spot))))) throw new LibraryError('NOT_FOUND', `There is nothing called ${pathOf(spot)}.`);
    const stat = await disk.lstat(held.at(nameOf(spot)));
    if (stat.isFile()) return 'file';
    if (stat.isDirectory()) return 'folder';
    throw new LibraryError('BAD_REQUEST', `${pathOf(spot)} is neither a file nor a folder.`, { hint: 'Links and the like are left to those who put them there.' });
  });
}

async function sizeOf({ disk }: PlacingParts, spot: Spot): Promise<number> {
  return spot.folder.within(spot.parts.slice(0, -1), async (held) => (await disk.lstat(held.at(nameOf(spot)))).size);
}

/** Both folders held; that of the new name is made where it is missing. */
async function inBoth(from: Spot, to: Spot, work: (source: HeldFolder, target: HeldFolder) => Promise<void>): Promise<void> {
  await from.folder.within(from.parts.slice(0, -1), (source) => to.folder.within(to.parts.slice(0, -1), (target) => work(source, target), true));
}

export function placeOf({ folder, parts }: Spot): FilePlace {
  return { folder: folder.id, directory: parts.slice(0, -1).join('/'), name: nameOf({ parts }) };
}

export function nameOf({ parts }: Pick<Spot, 'parts'>): string {
  return parts.at(-1)!;
}

export function pathOf({ folder, parts }: Spot): string {
  return formatLibraryPath(folder.id, ...parts);
}
