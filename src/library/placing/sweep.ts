/** Removes what was being received when a server was killed. */
import { systemCode } from '../../core/errors.ts';
import type { LibraryDisk } from '../disk.ts';
import type { LibraryFolder } from '../library-folder.ts';
import { uploadsName } from '../names.ts';

/** Of a server that works with another state folder it may still be in use. */
const othersAfter = 7 * 24 * 60 * 60 * 1000;

/** Only files of the library's own kind; unfinished resumable uploads are somebody else's. */
export async function sweepIncoming(disk: LibraryDisk, folder: LibraryFolder, owner: string): Promise<void> {
  await folder.within([uploadsName], async (uploads) => {
    for await (const { name } of await disk.opendir(uploads.self)) {
      if (!name.startsWith('in-')) continue;
      const isOurs = name.startsWith(`in-${owner}-`);
      try {
        if (isOurs || Date.now() - (await disk.lstat(uploads.at(name))).mtimeMs > othersAfter) await disk.unlink(uploads.at(name));
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw error;
      }
    }
  });
}
