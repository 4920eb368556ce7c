/** The folders of the objects: made when they are needed, flushed so that they survive a power cut, removed when empty. */
import { constants } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from '../../core/errors.ts';
import type { Disk } from './disk.ts';

/** Some network and FAT file systems cannot flush a folder, and some folders may be written but not read. */
const unflushable = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EPERM', 'EACCES']);
/** A folder that is made may be removed at once as empty by a removal going on beside it. */
const tries = 5;
const remembered = 10_000;

export class Folders {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #base: string;
  /** Folders whose own names are known to be flushed, and those of all folders above them. */
  readonly #settled = new Set<string>();

  /** `base` holds the objects; `path` is the folder of the plan, above it. */
  constructor(disk: Disk, path: string, base: string) {
    this.#disk = disk;
    this.#path = path;
    this.#base = base;
  }

  /**
   * Makes a folder below the base and what is missing above it, but never the base: if that is gone, so is
   * the disk, and bat would go on in the empty mount point. Throws the system's error.
   */
  async make(folder: string): Promise<void> {
    for (let count = 1; ; count++) {
      try {
        await this.#disk.mkdir(folder);
        return;
      } catch (error) {
        const code = systemCode(error);
        if (code === 'EEXIST') return;
        if (code !== 'ENOENT' || dirname(folder) === this.#base || count === tries) throw error;
        await this.make(dirname(folder));
      }
    }
  }

  /** Opens a file in a folder that may have to be made first. */
  async openIn<T>(folder: string, open: () => Promise<T>): Promise<T> {
    for (let count = 1; ; count++) {
      try {
        return await open();
      } catch (error) {
        if (systemCode(error) !== 'ENOENT' || folder === this.#base || count === tries) throw error;
        await this.make(folder);
      }
    }
  }

  /** Makes a change of names in the folder survive a power cut, and the folder's own name, if that is new. */
  async settle(folder: string): Promise<void> {
    await this.flush(folder);
    const unsettled: string[] = [];
    for (let current = folder; !this.#settled.has(current); current = dirname(current)) {
      unsettled.push(current);
      if (current === this.#path || current === dirname(current)) break;
    }
    if (this.#settled.size > remembered) this.#settled.clear();
    for (const current of unsettled.reverse()) {
      await this.flush(dirname(current));
      this.#settled.add(current);
    }
  }

  /** Flushes the names in one folder. */
  async flush(folder: string): Promise<void> {
    try {
      const handle = await this.#disk.open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (!unflushable.has(systemCode(error) ?? '')) throw error;
    }
  }

  /** Removes the folder and those above it as far as they are empty: a folder may stand where an object is to be. */
  async removeEmpty(folder: string): Promise<void> {
    for (let current = folder; current !== this.#base; current = dirname(current)) {
      this.#settled.delete(current);
      try {
        await this.#disk.rmdir(current);
      } catch {
        return; // Not empty, mostly. Whatever it is, an empty folder does no harm.
      }
    }
  }
}
