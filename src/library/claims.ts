/**
 * "You need not send this" is a promise. Before each one the file is looked at: it must be what it was when it was read. If it is not, the
 * folder is looked through, for the file may have another name by now, and the table is asked once more.
 */
import { systemCode } from '../core/errors.ts';
import type { ContentHash } from './content-hash.ts';
import type { LibraryDisk } from './disk.ts';
import type { LibraryFolder } from './library-folder.ts';
import { marksOf } from './stamp.ts';
import type { FileRow, FileTable } from './table/files.ts';
import type { FolderChoice } from './types.ts';

/** Copies of one content that are looked at before it counts as missing. */
const mostCopies = 200;
const atATime = 16;

export class Claims {
  readonly #disk: LibraryDisk;
  readonly #table: FileTable;
  readonly #folders: ReadonlyMap<string, LibraryFolder>;
  readonly #lookThrough: (folder: string) => Promise<void>;

  /** `lookThrough` brings the rows of a folder up to what lies there now; it throws FOLDER_AWAY. */
  constructor(disk: LibraryDisk, table: FileTable, folders: ReadonlyMap<string, LibraryFolder>, lookThrough: (folder: string) => Promise<void>) {
    this.#disk = disk;
    this.#table = table;
    this.#folders = folders;
    this.#lookThrough = lookThrough;
  }

  async find(hash: ContentHash, within: FolderChoice): Promise<FileRow | null> {
    return (await this.findAll([hash], within))[0] ?? null;
  }

  /** For each hash a file that has this content, or null. Throws FOLDER_AWAY where a file may lie in a folder that is away. */
  async findAll(hashes: readonly ContentHash[], within: FolderChoice): Promise<(FileRow | null)[]> {
    const found: (FileRow | null)[] = hashes.map(() => null);
    let open = hashes.map((_, index) => index);
    for (const isLast of [false, true]) {
      const stale = new Set<string>();
      const doubtful: number[] = [];
      const directories = new Map<string, Promise<boolean>>();
      await inTurns(open, async (index) => {
        const seen = new Set<string>();
        found[index] = await this.#firstTrue(hashes[index]!, within, directories, seen);
        if (found[index] || seen.size === 0) return;
        doubtful.push(index);
        for (const folder of seen) stale.add(folder);
      });
      if (isLast || stale.size === 0) break;
      await Promise.all([...stale].map((folder) => this.#lookThrough(folder)));
      open = doubtful;
    }
    return found;
  }

  async #firstTrue(hash: ContentHash, within: FolderChoice, directories: Map<string, Promise<boolean>>, stale: Set<string>): Promise<FileRow | null> {
    for (const row of this.#table.withContent(hash, mostCopies)) {
      if (!this.#folders.has(row.folder) || !within(row.folder)) continue;
      if (await this.isTrue(row, directories)) return row;
      stale.add(row.folder);
    }
    return null;
  }

  /** Is that file there, and as it was when it was read? `directories`: what was found out for others of the same request. */
  async isTrue(row: FileRow, directories = new Map<string, Promise<boolean>>): Promise<boolean> {
    const root = this.#folders.get(row.folder)!.path;
    if (!(await this.#isFolder(root, row.directory, directories))) return false;
    try {
      const stat = await this.#disk.lstat(`${root}/${row.directory}/${row.name}`, { bigint: true });
      return stat.isFile() && marksOf(stat).stamp === row.stamp;
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return false;
    }
  }

  /** A folder all the way from the root, and no link on it. */
  #isFolder(root: string, directory: string, known: Map<string, Promise<boolean>>): Promise<boolean> {
    if (directory === '') return Promise.resolve(true);
    const path = `${root}/${directory}`;
    let answer = known.get(path);
    if (!answer) {
      const slash = directory.lastIndexOf('/');
      answer = this.#isFolder(root, slash < 0 ? '' : directory.slice(0, slash), known).then(async (isAbove) => {
        if (!isAbove) return false;
        return this.#disk.lstat(path).then((stat) => stat.isDirectory(), () => false);
      });
      known.set(path, answer);
    }
    return answer;
  }
}

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += atATime) await Promise.all(items.slice(start, start + atATime).map(work));
}
