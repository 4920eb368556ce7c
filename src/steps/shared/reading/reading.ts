/** What came of reading a file: what it was like when its last byte had been read, and whether it changed meanwhile. */
import { constants, type BigIntStats } from 'node:fs';
import { formatMtime, type Entry } from '../../../core/entry.ts';
import { systemCode, systemReason } from '../../../core/errors.ts';
import type { SelectedEntry } from '../../flow.ts';
import { stampOf } from '../stamp.ts';

/** Files up to this are one chunk and are read into memory whole. */
export const smallFile = 8 * 1024 * 1024;

/** How far the clock that stamps files may lag behind the one we read: a kernel tick, rounded up. */
const CLOCK_TICK = 20;

/** What a reader must know of a file. */
export type FileToRead = Pick<SelectedEntry, 'absolute' | 'stamp' | 'followed'> & { entry: { size: number } };

/** A file that could not be read, in words for a person. `vanished`: it is not there any more. */
export class ReadProblem extends Error {
  readonly kind: 'unread' | 'vanished';
  constructor(kind: 'unread' | 'vanished', message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

/** What of an entry may be another when its last byte had been read; its size always is what was read. */
export type EntryAsRead = Pick<Entry, 'size'> & Partial<Pick<Entry, 'mode' | 'uid' | 'gid' | 'mtime'>>;

export interface Reading {
  asRead: EntryAsRead;
  stamp: string;
  sha256: Buffer;
  changed: boolean;
}

/** The entry as it was read: most often the very one that was selected. */
export function entryAsRead(entry: Entry, { asRead }: Pick<Reading, 'asRead'>): Entry {
  return asRead.mtime === undefined && asRead.size === entry.size ? entry : { ...entry, ...asRead };
}

export interface FileChunk {
  /** Valid until the next chunk is asked for. */
  bytes: Buffer;
  sha256: Buffer;
  offset: number;
}

/** Never through a link that took the file's place since it was selected, and never waiting for a fifo that did. */
export function openFlags(selected: FileToRead): number {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  return O_RDONLY | O_NONBLOCK | (selected.followed ? 0 : O_NOFOLLOW);
}

/**
 * The entry by the stat after reading. What is not as it was selected is read again by the next run, whatever came of
 * it; that it `changed` under the reader is told by the stat of before (`opened`, null where it is as selected), since
 * the clock of a file server and the one of this machine need not agree.
 */
export function settle(selected: FileToRead, opened: BigIntStats | null, stat: BigIntStats, size: number, startedAt: number): Omit<Reading, 'sha256'> {
  const isWhole = BigInt(size) === stat.size;
  if (isWhole && isAsSelected(selected, stat)) {
    // Written in the very tick in which it was read, it could be written again without a new time.
    const isFresh = Number(stat.ctimeNs / 1_000_000n) >= startedAt - CLOCK_TICK;
    return { asRead: { size }, stamp: isFresh ? '' : selected.stamp, changed: false };
  }
  const asRead = {
    mode: Number(stat.mode & 0o7777n),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtime: formatMtime(stat.mtimeNs),
    size,
  };
  return { asRead, stamp: '', changed: !isWhole || opened === null || !isSame(opened, stat) };
}

export function isAsSelected(selected: FileToRead, stat: BigIntStats): boolean {
  return selected.stamp !== '' && selected.stamp === stampOf(stat);
}

function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return one.size === other.size && one.mtimeNs === other.mtimeNs && one.ctimeNs === other.ctimeNs;
}

export function readProblem(error: unknown): Error {
  if (error instanceof ReadProblem) return error;
  const code = systemCode(error);
  if (code === undefined) return error as Error;
  if (code === 'ENOENT' || code === 'ENOTDIR') return new ReadProblem('vanished', 'it vanished before it could be read', error);
  // What cannot be read from a certain byte on is a pipe.
  if (code === 'ESPIPE') return new ReadProblem('unread', 'it is not a file any more', error);
  if (code === 'ELOOP') return new ReadProblem('unread', 'it became a symbolic link before it could be read', error);
  return new ReadProblem('unread', `it could not be read: ${systemReason(error)}`, error);
}
