/**
 * A folder that is held open, so that what is done in it is done in that folder, whatever takes its place by name meanwhile: a link that
 * somebody puts there leads nothing out of the library. Node has no openat(); Linux gives every open folder a name in /proc/self/fd. Where there
 * is none, each part is opened without following links and then gone through by name, which leaves a moment between the two.
 */
import { constants, existsSync, type BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { systemCode } from '../core/errors.ts';
import type { LibraryDisk } from './disk.ts';
import { LibraryError } from './errors.ts';

/** Some network and FAT file systems cannot flush a folder. */
const unflushable = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);
const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY;
const hasNamesForOpen = process.platform === 'linux' && existsSync('/proc/self/fd');
/** So many folders are remembered as having lasting names. */
const remembered = 50_000;

export class HeldFolder {
  readonly #handle: FileHandle;
  readonly #path: string;

  constructor(handle: FileHandle, absolute: string) {
    this.#handle = handle;
    this.#path = hasNamesForOpen ? `/proc/self/fd/${handle.fd}` : absolute;
  }

  /** What to call a name in it, for as long as it is held. */
  at(name: string): string {
    return `${this.#path}/${name}`;
  }

  /** The folder itself, to be listed. */
  get self(): string {
    return `${this.#path}/.`;
  }

  async stat(): Promise<BigIntStats> {
    return this.#handle.stat({ bigint: true });
  }

  /** Makes changes of the names in it survive a power cut. */
  async flush(): Promise<void> {
    try {
      await this.#handle.sync();
    } catch (error) {
      if (!unflushable.has(systemCode(error) ?? '')) throw error;
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

export class FolderHolder {
  readonly #disk: LibraryDisk;
  /** Folders whose names are known to last, by number and birth. */
  readonly #lasting = new Set<string>();

  constructor(disk: LibraryDisk) {
    this.#disk = disk;
  }

  /**
   * The folder `parts` below `root`, of which none may be a link. `make`: what is missing is made, and its name lasts when this comes back.
   * Throws NOT_FOUND, NAME_REFUSED, and the system's errors. Whoever asked closes it.
   */
  async hold(root: string, parts: readonly string[], make = false): Promise<HeldFolder> {
    let absolute = root;
    let held = new HeldFolder(await this.#disk.open(root, folderFlags), root);
    for (const part of parts) {
      absolute = `${absolute}/${part}`;
      try {
        const inner = await this.#openIn(held, part, absolute, make);
        await held.close();
        held = inner;
      } catch (error) {
        await held.close();
        throw error;
      }
    }
    return held;
  }

  /** Does the work in that folder, and lets go of it. */
  async within<T>(root: string, parts: readonly string[], work: (held: HeldFolder) => Promise<T>, make = false): Promise<T> {
    const held = await this.hold(root, parts, make);
    try {
      return await work(held);
    } finally {
      await held.close();
    }
  }

  async #openIn(outer: HeldFolder, name: string, absolute: string, make: boolean): Promise<HeldFolder> {
    const inner = new HeldFolder(await this.#openOrMake(outer, name, make), absolute);
    if (!make) return inner;
    try {
      const { dev, ino, birthtimeNs } = await inner.stat();
      const key = `${dev}:${ino}:${birthtimeNs}`;
      if (this.#lasting.has(key)) return inner;
      // Made just now, by this call or by another one that has not come so far.
      await outer.flush();
      if (this.#lasting.size >= remembered) this.#lasting.clear();
      this.#lasting.add(key);
      return inner;
    } catch (error) {
      await inner.close();
      throw error;
    }
  }

  async #openOrMake(outer: HeldFolder, name: string, make: boolean): Promise<FileHandle> {
    const path = outer.at(name);
    const open = (): Promise<FileHandle> => this.#disk.open(path, folderFlags | constants.O_NOFOLLOW);
    try {
      return await open();
    } catch (error) {
      if (systemCode(error) !== 'ENOENT' || !make) throw explainPart(error, name);
    }
    await this.#disk.mkdir(path).catch((error: unknown) => {
      if (systemCode(error) !== 'EEXIST') throw error;
    });
    return open().catch((error: unknown) => {
      throw explainPart(error, name);
    });
  }
}

function explainPart(error: unknown, name: string): unknown {
  const code = systemCode(error);
  if (code === 'ENOENT') return new LibraryError('NOT_FOUND', `There is no folder ${JSON.stringify(name)}.`, { cause: error });
  if (code === 'ENOTDIR' || code === 'ELOOP') {
    return new LibraryError('NAME_REFUSED', `${JSON.stringify(name)} is no folder: it is a file or a link.`, { cause: error, hint: 'Links in a library are never followed.' });
  }
  return error;
}
