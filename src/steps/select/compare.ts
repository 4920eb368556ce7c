/** What an entry looks like now, and whether that differs from the snapshot before. */
import type { BigIntStats } from 'node:fs';
import { formatMtime } from '../../core/entry.ts';
import type { Entry, EntryType } from '../../core/entry.ts';
import type { FirstName } from './hard-links.ts';
import type { PreviousEntry } from '../../catalog/snapshot-before.ts';

/** Below this a hole saves nothing worth the care of a restore. */
const SMALLEST_SPARSE = 64n * 1024n;

/** `link`: a symlink's target, or the first name of a hard link. */
export function entryOf(path: string, type: EntryType, stat: BigIntStats, link?: string): Entry {
  const hasBytes = type === 'file' || type === 'hardlink';
  return {
    path,
    type,
    mode: Number(stat.mode & 0o7777n),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtime: formatMtime(stat.mtimeNs),
    size: hasBytes ? Number(stat.size) : 0,
    ...(link !== undefined && { link }),
    ...(type === 'file' && isSparse(stat) && { sparse: true }),
  };
}

/** By its stamp alone, so that an unchanged file costs nothing more. */
export function isSameFile(stamp: string, previous: PreviousEntry | undefined): boolean {
  return previous?.type === 'file' && stamp !== '' && stamp === previous.stamp;
}

/** Not if its first name is read again: should that fail, this one has to take its place. */
export function isSameHardLink(stamp: string, first: FirstName, previous: PreviousEntry | undefined): boolean {
  return first.isUnchanged && previous?.type === 'hardlink' && stamp !== '' && stamp === previous.stamp && first.path === previous.link;
}

/** Of folders, symlinks and fifos. Their ctime and inode say nothing that a restore could bring back. */
export function isSameMetadata(entry: Entry, previous: PreviousEntry | undefined): boolean {
  return (
    previous !== undefined &&
    previous.type === entry.type &&
    previous.mode === entry.mode &&
    previous.uid === entry.uid &&
    previous.gid === entry.gid &&
    previous.mtime === entry.mtime &&
    previous.link === (entry.link ?? null)
  );
}

function isSparse(stat: BigIntStats): boolean {
  return stat.size >= SMALLEST_SPARSE && stat.blocks * 512n < stat.size;
}
