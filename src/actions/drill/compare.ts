/** Holds a restored file against what was recorded of it, and against the file that it was made of. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DrillFile } from '../../catalog/drill-list.ts';
import { parseMtime } from '../../core/entry.ts';
import { systemReason } from '../../core/errors.ts';
import { systemPath } from '../../core/paths.ts';
import type { Source } from '../../steps/source.ts';

const BLOCK = 1024 * 1024;

export interface Comparison {
  /** Why it did not come back as it should; null if it did. */
  problem: string | null;
  /** `compared` and the same; `changed` since, or gone, or of no source of the plan any more. */
  live: 'compared' | 'changed';
}

/** `restored`: where it was restored to. */
export async function compareFile(file: DrillFile, restored: string, source: Source | undefined, signal: AbortSignal): Promise<Comparison> {
  const there = await open(systemPath(restored)).catch((error: unknown) => systemReason(error));
  if (typeof there === 'string') return { problem: `it was not restored: ${there}`, live: 'changed' };
  const live = await openUnchanged(file, source);
  try {
    return await compareBytes(file, there, live, signal);
  } finally {
    await there.close();
    await live?.close();
  }
}

async function compareBytes({ sha256, size }: DrillFile, restored: FileHandle, live: FileHandle | null, signal: AbortSignal): Promise<Comparison> {
  const hash = createHash('sha256');
  const [mine, other] = [Buffer.allocUnsafe(BLOCK), Buffer.allocUnsafe(BLOCK)];
  let isSame = live !== null;
  let isRead = live !== null;
  let bytes = 0;
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await restored.read(mine, 0, BLOCK, bytes);
    if (isSame) {
      const read = await readFully(live!, other, bytes, bytesRead);
      isSame = read !== null && mine.subarray(0, bytesRead).equals(other.subarray(0, read));
      isRead = read !== null;
    }
    if (bytesRead === 0) break;
    hash.update(mine.subarray(0, bytesRead));
    bytes += bytesRead;
  }
  if (bytes !== size || !hash.digest().equals(sha256)) return { problem: 'it came back with other bytes than were recorded', live: 'changed' };
  if (!isRead) return { problem: null, live: 'changed' };
  if (isSame) return { problem: null, live: 'compared' };
  return { problem: 'it came back as it was recorded, but the file on the disk has other bytes, with the same size and time', live: 'compared' };
}

/** Null if it cannot be read: that says nothing about the backup. */
async function readFully(file: FileHandle, buffer: Buffer, position: number, length: number): Promise<number | null> {
  let read = 0;
  try {
    while (read < length) {
      const { bytesRead } = await file.read(buffer, read, length - read, position + read);
      if (bytesRead === 0) return read;
      read += bytesRead;
    }
    return read;
  } catch {
    return null;
  }
}

/** The file on the disk that this one was made of, if its size and time are still the same. */
async function openUnchanged({ path, size, mtime }: DrillFile, source: Source | undefined): Promise<FileHandle | null> {
  const live = source && livePath(source, path);
  if (!live) return null;
  try {
    const found = fs.lstatSync(systemPath(live), { bigint: true });
    if (!found.isFile() || found.size !== BigInt(size) || found.mtimeNs !== parseMtime(mtime)) return null;
    return await open(systemPath(live));
  } catch {
    return null;
  }
}

function livePath({ roots }: Source, path: string): string | null {
  for (const { prefix, path: root } of roots) {
    if (prefix !== '' && !path.startsWith(`${prefix}/`)) continue;
    const relative = prefix === '' ? path : path.slice(prefix.length + 1);
    const isFile = fs.statSync(systemPath(root), { throwIfNoEntry: false })?.isFile() === true;
    if (!isFile) return `${root}/${relative}`;
    return relative === basename(root) ? root : null;
  }
  return null;
}
