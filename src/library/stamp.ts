/** How a file is known without reading it. */
import type { BigIntStats } from 'node:fs';
import { formatMtime } from '../core/entry.ts';

export interface FileMarks {
  size: number;
  mtime: string;
  /** The same as long as nobody wrote to the file, renamed it or changed its rights. */
  stamp: string;
  /**
   * The same as long as nobody wrote to the file, whatever it is called. The time of its birth is in it since a file system gives
   * the number of a removed file to the next new one: two photos of one burst may have one size and one mtime. Where a file system
   * knows no births it is the ctime, and a renamed file is read once more.
   */
  identity: string;
}

export function marksOf(stat: BigIntStats): FileMarks {
  return {
    size: Number(stat.size),
    mtime: formatMtime(stat.mtimeNs),
    stamp: `${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}:${stat.ino}`,
    identity: `${stat.ino}:${stat.birthtimeNs || stat.ctimeNs}:${stat.size}:${stat.mtimeNs}`,
  };
}
