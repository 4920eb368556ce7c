/** Recognises further names of a file. An inode is forgotten once all of its names were seen, so memory stays small. */
import type { BigIntStats } from 'node:fs';

interface FirstName {
  path: string;
  /** Names that were not seen yet. */
  left: number;
}

export class HardLinks {
  readonly #first = new Map<string, FirstName>();

  /** The path of the first name of this file, or null if this is the first. */
  firstName(path: string, stat: BigIntStats): string | null {
    if (stat.nlink < 2n) return null;
    const key = `${stat.dev}:${stat.ino}`;
    const known = this.#first.get(key);
    if (!known) {
      this.#first.set(key, { path, left: Number(stat.nlink) - 1 });
      return null;
    }
    if (--known.left === 0) this.#first.delete(key);
    return known.path;
  }

  /** Inodes of which some name was not seen yet. */
  get size(): number {
    return this.#first.size;
  }
}
