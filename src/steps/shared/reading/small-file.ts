/** Reads a small file whole. Synchronous: a promise a file would cost more than the read. */
import { closeSync, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';
import { hash } from 'node:crypto';
import { systemPath } from '../../../core/paths.ts';
import { isAsSelected, openFlags, readProblem, ReadProblem, settle, smallFile, type FileToRead, type Reading } from './reading.ts';

/** Room for a small file, and for the one byte more that tells that it has grown. */
export const smallFileRoom = smallFile + 1;

export interface SmallReading extends Reading {
  /** Lies in the buffer that was given. */
  bytes: Buffer;
}

/** `buffer`: of `smallFileRoom` bytes. Throws ReadProblem. */
export function readSmallFile(selected: FileToRead, buffer: Buffer): SmallReading {
  const startedAt = Date.now();
  let descriptor: number | null = null;
  try {
    descriptor = openSync(systemPath(selected.absolute), openFlags(selected));
    let { length, stat } = readWhole(descriptor, buffer, selected.entry.size);
    let opened: BigIntStats | null = null;
    if (!isAsSelected(selected, stat)) {
      // It changed before it was opened, or while it was read: only reading it again tells which.
      opened = stat;
      ({ length, stat } = readWhole(descriptor, buffer, Number(stat.size)));
    }
    const kept = Math.min(length, smallFile);
    const bytes = buffer.subarray(0, kept);
    return { ...settle(selected, opened, stat, kept, startedAt), bytes, sha256: hash('sha256', bytes, 'buffer') };
  } catch (error) {
    throw readProblem(error);
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

/** From its first byte on, as far as the buffer goes; and what it was like after that. */
function readWhole(descriptor: number, buffer: Buffer, size: number): { length: number; stat: BigIntStats } {
  let length = 0;
  let expected = size;
  for (;;) {
    const count = readSync(descriptor, buffer, length, buffer.length - length, length);
    length += count;
    if (count > 0 && length < expected) continue;
    const stat = fstatSync(descriptor, { bigint: true });
    if (!stat.isFile()) throw new ReadProblem('unread', 'it is not a file any more');
    // It may have grown since it was selected.
    if (count === 0 || length === buffer.length || stat.size <= BigInt(length)) return { length, stat };
    expected = Number(stat.size);
  }
}
