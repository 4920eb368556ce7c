/** What lies in a directory of the library, as it is on the disk now: page by page, since some directories have fifty thousand files. */
import type { BigIntStats } from 'node:fs';
import { formatMtime } from '../core/entry.ts';
import { systemCode } from '../core/errors.ts';
import type { LibraryDisk } from './disk.ts';
import type { HeldFolder } from './held-folder.ts';
import type { LibraryFolder } from './library-folder.ts';
import { formatLibraryPath, isServersOwn } from './names.ts';
import { marksOf } from './stamp.ts';
import type { FileTable } from './table/files.ts';
import type { ListedEntry, Listing } from './types.ts';

const cached = 4;
/** Stands for the bytes of a name that are not UTF-8: nobody could ask for such a file. */
const replacement = '\uFFFD';

interface Names {
  stamp: string;
  names: string[];
}

export class Listings {
  readonly #disk: LibraryDisk;
  readonly #table: FileTable;
  /** Of the directories that were listed last: the next page must not sort them again. */
  readonly #names = new Map<string, Names>();

  constructor(disk: LibraryDisk, table: FileTable) {
    this.#disk = disk;
    this.#table = table;
  }

  /** In the order of the names, folders and files together. Links and what is neither are left out. Throws the system's errors. */
  async list(folder: LibraryFolder, parts: readonly string[], { after = '', limit }: { after?: string; limit: number }): Promise<Listing> {
    const path = formatLibraryPath(folder.id, ...parts);
    return folder.within(parts, async (held) => {
      const names = await this.#namesOf(path, held);
      const start = firstAfter(names, after);
      const page = names.slice(start, start + limit);
      const directory = parts.join('/');
      const entries: ListedEntry[] = [];
      for (const name of page) {
        const stat = await this.#look(held.at(name));
        if (stat?.isDirectory()) entries.push({ name, type: 'folder', size: 0, mtime: formatMtime(stat.mtimeNs) });
        if (!stat?.isFile()) continue;
        const { size, mtime, stamp } = marksOf(stat);
        const row = this.#table.at({ folder: folder.id, directory, name });
        const sha256 = row?.stamp === stamp ? row.sha256 : null;
        entries.push({ name, type: 'file', size, mtime, ...(sha256 === null ? {} : { sha256 }) });
      }
      return { path, entries, ...(start + limit < names.length && { next: page.at(-1)! }) };
    });
  }

  async #namesOf(path: string, held: HeldFolder): Promise<string[]> {
    const { ino, dev, mtimeNs, ctimeNs } = await held.stat();
    const stamp = `${dev}:${ino}:${mtimeNs}:${ctimeNs}`;
    const before = this.#names.get(path);
    this.#names.delete(path);
    const isSame = before?.stamp === stamp;
    const names = isSame ? before.names : (await this.#disk.readdir(held.self)).filter((name) => !isServersOwn(name) && !name.includes(replacement)).sort();
    // What changed this very moment may change again without a new time.
    const isSettled = Date.now() - Number(mtimeNs / 1_000_000n) > 2000;
    if (isSettled) this.#names.set(path, { stamp, names });
    for (const oldest of this.#names.keys()) if (this.#names.size > cached) this.#names.delete(oldest);
    return names;
  }

  async #look(path: string): Promise<BigIntStats | null> {
    try {
      return await this.#disk.lstat(path, { bigint: true });
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return null;
    }
  }
}

/** The names are sorted. */
function firstAfter(names: readonly string[], after: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (names[middle]! <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}
