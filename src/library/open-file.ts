/** A file of the library, opened to be read: it and no other, whatever takes its name meanwhile. */
import { constants } from 'node:fs';
import { systemCode } from '../core/errors.ts';
import type { LibraryDisk } from './disk.ts';
import { LibraryError } from './errors.ts';
import type { LibraryFolder } from './library-folder.ts';
import { formatLibraryPath } from './names.ts';
import { marksOf } from './stamp.ts';
import type { FileTable } from './table/files.ts';
import type { OpenFile } from './types.ts';

/** Throws NOT_FOUND for what is no file, or a link, and the system's errors. */
export async function openFile(disk: LibraryDisk, table: FileTable, folder: LibraryFolder, parts: readonly string[]): Promise<OpenFile> {
  const inner = parts.slice(0, -1);
  const name = parts.at(-1)!;
  const path = formatLibraryPath(folder.id, ...parts);
  return folder.within(inner, async (held) => {
    const handle = await disk.open(held.at(name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((error: unknown) => {
      const code = systemCode(error);
      throw code === 'ENOENT' || code === 'ELOOP' || code === 'ENXIO' || code === 'ENOTDIR' ? noFile(path) : error;
    });
    try {
      const stat = await handle.stat({ bigint: true });
      if (stat.isDirectory()) throw noFileButFolder(path);
      if (!stat.isFile()) throw noFile(path);
      const { stamp, size, mtime } = marksOf(stat);
      const row = table.at({ folder: folder.id, directory: inner.join('/'), name });
      const isKnown = row?.stamp === stamp && row.sha256 !== null;
      const isAsOpened = async (): Promise<boolean> => {
        const now = await handle.stat({ bigint: true });
        return now.size === stat.size && now.mtimeNs === stat.mtimeNs;
      };
      return { handle, size, mtime, stamp, ...(isKnown && { sha256: row.sha256! }), isAsOpened };
    } catch (error) {
      await handle.close();
      throw error;
    }
  });
}

/** Who asks for it left out a slash, most of all. */
export function noFileButFolder(path: string): LibraryError {
  return new LibraryError('NOT_FOUND', `${path} is a folder, and no file.`, { hint: `With a slash at the end, /files/${path}/, it is listed.` });
}

function noFile(path: string): LibraryError {
  return new LibraryError('NOT_FOUND', `There is no file ${path}.`);
}
