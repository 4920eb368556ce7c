/** Holds a restored file against what was recorded of it, and against the file that it was made of. */
import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import type { DrillFile } from '../../catalog/drill-list.ts';
import { systemReason } from '../../core/errors.ts';
import { systemPath } from '../../core/paths.ts';
import type { Source } from '../../steps/source.ts';
import { LiveFile, type LiveState } from './live-file.ts';

const BLOCK = 1024 * 1024;

/** Why it did not come back as it should; or null, and what the file on the disk is to it. */
export type Comparison = { problem: string } | { problem: null; live: Exclude<LiveState, 'other'> };

/** `restored`: where it was restored to. */
export async function compareFile(file: DrillFile, restored: string, source: Source | undefined, signal: AbortSignal): Promise<Comparison> {
  const there = await open(systemPath(restored)).catch((error: unknown) => systemReason(error));
  if (typeof there === 'string') return { problem: `it was not restored: ${there}` };
  const live = await LiveFile.open(file, source);
  try {
    return await compareBytes(file, there, live, signal);
  } finally {
    await there.close();
    await live.close();
  }
}

async function compareBytes({ sha256, size }: DrillFile, restored: FileHandle, live: LiveFile, signal: AbortSignal): Promise<Comparison> {
  const hash = createHash('sha256');
  const block = Buffer.allocUnsafe(BLOCK);
  let bytes = 0;
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await restored.read(block, 0, BLOCK, bytes);
    if (bytesRead === 0) break;
    await live.compare(block.subarray(0, bytesRead), bytes);
    hash.update(block.subarray(0, bytesRead));
    bytes += bytesRead;
  }
  if (bytes !== size || !hash.digest().equals(sha256)) return { problem: 'it came back with other bytes than were recorded' };
  const { state } = live;
  if (state === 'other') return { problem: 'it came back as it was recorded, but the file on the disk has other bytes, with the same size and time' };
  return { problem: null, live: state };
}
