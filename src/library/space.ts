/**
 * How much may still come: the quota of a folder, that of a user, and the bytes that stay free on the disk. Bytes count from the moment
 * they arrive, so that many uploads at once cannot together have more than one of them could.
 */
import type { LibraryDisk } from './disk.ts';
import { LibraryError } from './errors.ts';
import type { LibraryFolder } from './library-folder.ts';
import type { FileTable } from './table/files.ts';
import type { Giver } from './types.ts';

/** The disk is asked for its free bytes once for so many. */
const lease = 8 * 1024 * 1024;

export interface AdmitOptions {
  /** Bytes that will come, where they are known. */
  size?: number;
  giver?: Giver | undefined;
  /** Bytes that lie on the disk already: what a resumed upload has. */
  already?: number;
  /** All of `size` is held from now on, whenever it comes. */
  hold?: boolean;
}

/** The room that one upload takes up until its file is in the table, or gone. */
export interface Admission {
  /** Before so many more bytes are written. Throws QUOTA, DISK_FULL. */
  take(bytes: number): Promise<void>;
  release(): void;
}

export class Space {
  readonly #disk: LibraryDisk;
  readonly #table: FileTable;
  readonly #keepFree: number;
  /** Of uploads under way. */
  readonly #ofFolder = new Map<string, number>();
  readonly #ofGiver = new Map<string, number>();
  /** By device: bytes that were granted and not yet used. Two folders may lie on one disk. */
  readonly #leased = new Map<number, number>();

  constructor(disk: LibraryDisk, table: FileTable, keepFree: number) {
    this.#disk = disk;
    this.#table = table;
    this.#keepFree = keepFree;
  }

  /** Throws QUOTA or DISK_FULL if it is plain now that there is no room. */
  async admit(folder: LibraryFolder, { size = 0, giver, already = 0, hold = false }: AdmitOptions): Promise<Admission> {
    this.#confirmQuotas(folder, giver, Math.max(size, already));
    let taken = 0;
    let granted = 0;
    let held = hold ? Math.max(0, size - already) : 0;
    let device = 0;
    const count = (bytes: number): void => {
      taken += bytes;
      add(this.#ofFolder, folder.id, bytes);
      if (giver) add(this.#ofGiver, giver.name, bytes);
    };
    const grant = (bytes: number): void => {
      granted += bytes;
      add(this.#leased, device, bytes);
    };
    const release = (): void => {
      count(-taken);
      grant(-granted);
    };
    const takeLease = async (bytes: number): Promise<void> => {
      // Counted before the disk answers: others that ask meanwhile must know of it.
      grant(bytes);
      try {
        await this.#confirmFree(folder, device, 0);
      } catch (error) {
        grant(-bytes);
        throw error;
      }
    };
    count(already + held);
    try {
      device = (await this.#disk.stat(folder.path)).dev;
      if (held > 0) await takeLease(held);
      else if (size > already) await this.#confirmFree(folder, device, size - already);
    } catch (error) {
      release();
      throw error;
    }
    const take = async (bytes: number): Promise<void> => {
      if (bytes <= held) {
        held -= bytes;
      } else {
        this.#confirmQuotas(folder, giver, bytes);
        count(bytes);
      }
      // Of the last megabytes of a disk each byte is asked for by itself.
      if (granted < bytes) await takeLease(Math.max(lease, bytes)).catch(() => takeLease(bytes));
      grant(-bytes);
    };
    return { take, release };
  }

  /** For what no quota counts. Throws DISK_FULL. */
  async confirmRoom(folder: LibraryFolder, bytes: number): Promise<void> {
    await this.#confirmFree(folder, (await this.#disk.stat(folder.path)).dev, bytes);
  }

  #confirmQuotas(folder: LibraryFolder, giver: Giver | undefined, more: number): void {
    if (folder.quota !== undefined && this.#table.amount({ folder: folder.id }).bytes + (this.#ofFolder.get(folder.id) ?? 0) + more > folder.quota) {
      throw new LibraryError('QUOTA', `The folder "${folder.id}" may have ${folder.quota} bytes, and this would be more.`, { hint: 'Remove something from it, or raise its quota in the settings of the server.' });
    }
    if (giver?.quota !== undefined && this.#table.amount({ giver: giver.name }).bytes + (this.#ofGiver.get(giver.name) ?? 0) + more > giver.quota) {
      throw new LibraryError('QUOTA', `${giver.name} may store ${giver.quota} bytes, and this would be more.`, { hint: 'Remove something, or raise the quota in the settings of the server.' });
    }
  }

  async #confirmFree(folder: LibraryFolder, device: number, more: number): Promise<void> {
    const { bavail, bsize } = await this.#disk.statfs(folder.path);
    if (bavail * bsize - (this.#leased.get(device) ?? 0) - more >= this.#keepFree) return;
    throw new LibraryError('DISK_FULL', `The disk of the folder "${folder.id}" is full: ${this.#keepFree} bytes of it stay free.`, { hint: 'Free some space on the disk of the server.' });
  }
}

function add<K>(amounts: Map<K, number>, key: K, bytes: number): void {
  const amount = (amounts.get(key) ?? 0) + bytes;
  if (amount === 0) amounts.delete(key);
  else amounts.set(key, amount);
}
