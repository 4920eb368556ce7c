/** Recognises further names of a file. An inode is forgotten once all of its names were seen, so memory stays small. */
import type { BigIntStats } from 'node:fs';

export interface FirstName {
  path: string;
  /** It is not given, since it is as it was in the snapshot before. */
  isUnchanged: boolean;
}

interface Known extends FirstName {
  /** Names that were not seen yet. */
  left: number;
}

export class HardLinks {
  readonly #first = new Map<string, Known>();

  /** The first name of this file, or null if this is the first. */
  firstName(path: string, stat: BigIntStats): FirstName | null {
    if (stat.nlink < 2n) return null;
    const key = keyOf(stat);
    const known = this.#first.get(key);
    if (!known) {
      this.#first.set(key, { path, isUnchanged: false, left: Number(stat.nlink) - 1 });
      return null;
    }
    if (--known.left === 0) this.#first.delete(key);
    return known;
  }

  /** Says of the first name of this file that it is unchanged. */
  firstIsUnchanged(stat: BigIntStats): void {
    const known = stat.nlink < 2n ? undefined : this.#first.get(keyOf(stat));
    if (known) known.isUnchanged = true;
  }

  /** Inodes of which some name was not seen yet. */
  get size(): number {
    return this.#first.size;
  }
}

function keyOf(stat: BigIntStats): string {
  return `${stat.dev}:${stat.ino}`;
}
