/** A folder of the library, and whether what lies at its path is the folder that it was. */
import { systemCode } from '../core/errors.ts';
import type { LibraryDisk } from './disk.ts';
import { LibraryError } from './errors.ts';
import type { FolderHolder, HeldFolder } from './held-folder.ts';
import { isServersOwn, uploadsName } from './names.ts';
import type { FileTable } from './table/files.ts';
import type { FolderSettings } from './types.ts';

export class LibraryFolder {
  readonly id: string;
  readonly path: string;
  readonly quota: number | undefined;
  readonly #disk: LibraryDisk;
  readonly #holder: FolderHolder;
  readonly #table: FileTable;

  constructor({ id, path, quota }: FolderSettings, disk: LibraryDisk, holder: FolderHolder, table: FileTable) {
    this.id = id;
    this.path = path;
    this.quota = quota;
    this.#disk = disk;
    this.#holder = holder;
    this.#table = table;
    const { database } = table;
    const known = database.get('SELECT path FROM folders WHERE id = ?', id);
    if (known?.['path'] === path) return;
    database.run('INSERT INTO folders (id, path) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET path = excluded.path, marked = 0', id, path);
  }

  get uploads(): string {
    return `${this.path}/${uploadsName}`;
  }

  /**
   * Throws FOLDER_AWAY unless the folder is there, and the one that the table tells of. An empty mount point has no folder for uploads: that is made
   * once, and not again by itself as long as files are known here. `notEmpty`: nor may all files be gone at once.
   */
  async confirmPresent({ notEmpty = false } = {}): Promise<void> {
    try {
      await this.#holder.within(this.path, [], (root) => this.#confirmRoot(root, notEmpty));
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES' || code === 'ENODEV' || code === 'EIO' || code === 'ESTALE' || code === 'ENOTCONN') throw this.away('it cannot be opened', error);
      throw error;
    }
  }

  /** Opens a folder in it, without following links. `make` as in FolderHolder. */
  async within<T>(parts: readonly string[], work: (held: HeldFolder) => Promise<T>, make = false): Promise<T> {
    return this.#holder.within(this.path, parts, work, make);
  }

  async hold(parts: readonly string[], make = false): Promise<HeldFolder> {
    return this.#holder.hold(this.path, parts, make);
  }

  away(why: string, cause?: unknown): LibraryError {
    return new LibraryError('FOLDER_AWAY', `The folder "${this.id}" of the library is away: ${why} (${this.path}).`, {
      hint: 'If its disk is not mounted, mount it. Nothing that is known of its files is forgotten meanwhile.',
      cause,
    });
  }

  async #confirmRoot(root: HeldFolder, notEmpty: boolean): Promise<void> {
    const knowsFiles = this.#table.amount({ folder: this.id }).files > 0;
    const { database } = this.#table;
    const isMarked = database.get('SELECT marked FROM folders WHERE id = ?', this.id)?.['marked'] === 1;
    const hasUploads = await this.#isFolder(root.at(uploadsName));
    if (knowsFiles && isMarked && !hasUploads) {
      throw new LibraryError('FOLDER_AWAY', `The folder "${this.id}" of the library is not the one that it was: its ${uploadsName} is gone (${this.path}).`, {
        hint: `If its disk is not mounted, mount it. If this is the right folder, make a folder ${uploadsName} in it.`,
      });
    }
    if (notEmpty && knowsFiles && (await this.#isEmpty(root))) {
      throw new LibraryError('FOLDER_AWAY', `The folder "${this.id}" of the library is suddenly empty (${this.path}).`, {
        hint: 'If its disk is not mounted, mount it. If it was emptied on purpose, put any file into it.',
      });
    }
    if (!hasUploads) await this.#makeUploads(root);
    if (!isMarked) database.run('UPDATE folders SET marked = 1 WHERE id = ?', this.id);
  }

  async #makeUploads(root: HeldFolder): Promise<void> {
    await this.#disk.mkdir(root.at(uploadsName)).catch((error: unknown) => {
      if (systemCode(error) !== 'EEXIST') throw error;
    });
    await root.flush();
  }

  async #isFolder(path: string): Promise<boolean> {
    try {
      return (await this.#disk.lstat(path)).isDirectory();
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      throw error;
    }
  }

  /** But for what is the server's own. */
  async #isEmpty(root: HeldFolder): Promise<boolean> {
    for await (const entry of await this.#disk.opendir(root.self)) {
      if (!isServersOwn(entry.name)) return false;
    }
    return true;
  }
}
