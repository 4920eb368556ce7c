/** Reads files that are pushed: for their hashes, and as what is sent. A file is never taken for what it was before it changed. */
import { createHash, hash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { fstatSync, lstatSync, type BigIntStats } from 'node:fs';
import { systemPath } from '../../core/paths.ts';
import { openFlags, readProblem, ReadProblem } from '../../steps/shared/reading/reading.ts';
import { stampOf } from '../../steps/shared/stamp.ts';
import type { FoundFile } from '../../catalog/push-list.ts';

/** What a file was like when its content was read. */
export interface HashedFile extends FoundFile {
  /** Hexadecimal. */
  sha256: string;
  mtimeNs: bigint;
  /** Tells whether it is still the one that was read. */
  identity: string;
}

/** It is not any more what it was when it was looked at, or changed while it was read. */
export class FileChanged extends Error {}

/** Large enough to keep a disk busy, small enough for several at a time. */
const pieceLength = 256 * 1024;
/** How far the clock that stamps files may lag behind ours, in nanoseconds: a tick of the kernel, rounded up. */
const clockTick = 20_000_000n;

/** Size, times and inode, in one text. */
export function identityOf(stat: BigIntStats): string {
  return `${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}:${stat.ino}`;
}

/** As it is now. Throws ReadProblem. */
export function lookAgain(file: FoundFile): BigIntStats {
  try {
    const stat = lstatSync(systemPath(file.absolute), { bigint: true });
    if (!stat.isFile()) throw new ReadProblem('unread', 'it is not a file any more');
    return stat;
  } catch (error) {
    throw readProblem(error);
  }
}

/**
 * Reads a file to its end. `stamp` is what it is known by from now on, or empty where a later change might not show. `buffer` is
 * used for reading. Throws ReadProblem, FileChanged.
 */
export async function hashFile(file: FoundFile, buffer: Buffer, signal: AbortSignal): Promise<HashedFile & { stamp: string }> {
  const startedAt = BigInt(Date.now()) * 1_000_000n;
  return withOpen(file, async (handle) => {
    const before = fstatSync(handle.fd, { bigint: true });
    if (!before.isFile()) throw new ReadProblem('unread', 'it is not a file any more');
    const digest = createHash('sha256');
    let size = 0;
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, size);
      if (bytesRead === 0) break;
      digest.update(buffer.subarray(0, bytesRead));
      size += bytesRead;
    }
    const after = fstatSync(handle.fd, { bigint: true });
    if (identityOf(after) !== identityOf(before) || BigInt(size) !== after.size) throw new FileChanged();
    // Written in the very tick in which it was read, it could be written again without a new time.
    const isFresh = after.ctimeNs >= startedAt - clockTick;
    return { ...file, size, sha256: digest.digest('hex'), mtimeNs: after.mtimeNs, identity: identityOf(after), stamp: isFresh ? '' : stampOf(after) };
  });
}

/** The whole of a small file, surely what was hashed. Throws ReadProblem, FileChanged. */
export async function readWhole(file: HashedFile): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(file.size);
  await withOpen(file, async (handle) => {
    for (let length = 0; length < bytes.length; ) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
      if (bytesRead === 0) throw new FileChanged();
      length += bytesRead;
    }
    checkSame(handle, file);
  });
  if (hash('sha256', bytes) !== file.sha256) throw new FileChanged();
  return bytes;
}

/**
 * A file from an offset to its end. The last piece is given only if the file is still what it was: so a file that changes while it is
 * sent is never whole on the other side. Throws ReadProblem, FileChanged.
 */
export async function* piecesFrom(file: HashedFile, offset: number): AsyncGenerator<Buffer> {
  const handle = await openFile(file);
  try {
    checkSame(handle, file);
    for (let at = offset; at < file.size; ) {
      // A new one each time: the one before may still be on its way.
      const buffer = Buffer.allocUnsafeSlow(Math.min(pieceLength, file.size - at));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) throw new FileChanged();
      at += bytesRead;
      if (at >= file.size) checkSame(handle, file);
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    throw error instanceof FileChanged ? error : readProblem(error);
  } finally {
    await handle.close();
  }
}

function checkSame(handle: FileHandle, file: HashedFile): void {
  if (identityOf(fstatSync(handle.fd, { bigint: true })) !== file.identity) throw new FileChanged();
}

async function withOpen<T>(file: FoundFile, work: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await openFile(file);
  try {
    return await work(handle);
  } catch (error) {
    throw error instanceof FileChanged ? error : readProblem(error);
  } finally {
    await handle.close();
  }
}

async function openFile(file: FoundFile): Promise<FileHandle> {
  try {
    return await open(systemPath(file.absolute), openFlags({ absolute: file.absolute, stamp: '', followed: false, entry: file }));
  } catch (error) {
    throw readProblem(error);
  }
}
