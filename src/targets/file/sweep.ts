/** Removing what uploads that were never finished left behind, and nothing that is still on its way. */
import { join } from 'node:path';
import { systemCode } from '../../core/errors.ts';
import { walk } from './files-below.ts';
import { temporaryPrefix } from '../shared/object-names.ts';
import { temporaryName } from './names.ts';
import type { FileStore } from './store.ts';
import { discard, openTemporary } from './write.ts';
import { isAbandoned } from './writer.ts';

/** An upload of another machine to which nothing was added for so long has come to its end. */
const LONGEST_PAUSE = 24 * 60 * 60 * 1000;
const full = new Set(['ENOSPC', 'EDQUOT']);

/** Returns how many there were. What this machine left goes at once; that of others, which may be at it, after a day. */
export async function sweepTemporary(store: FileStore, signal?: AbortSignal): Promise<number> {
  const own: string[] = [];
  const foreign: string[] = [];
  for await (const name of walk(store, '', signal)) {
    const last = name.slice(name.lastIndexOf('/') + 1);
    if (last.startsWith(temporaryPrefix)) (isAbandoned(last.slice(temporaryPrefix.length)) ? own : foreign).push(name);
  }
  for (const name of own) await removeTemporary(store, name, signal);
  if (foreign.length === 0) return own.length;

  let removed = own.length;
  const now = await clockOf(store);
  for (const name of foreign) {
    if (now - (await lastWritten(store, name)) <= LONGEST_PAUSE) continue;
    await removeTemporary(store, name, signal);
    removed++;
  }
  return removed;
}

async function removeTemporary(store: FileStore, name: string, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await store.disk.unlink(join(store.base, name)).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
  });
  await store.folders.removeEmpty(join(store.base, name, '..'));
}

/** Milliseconds; the end of time for what is gone: it is nothing to remove. */
async function lastWritten(store: FileStore, name: string): Promise<number> {
  try {
    return (await store.disk.lstat(join(store.base, name))).mtimeMs;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return Infinity;
    throw error;
  }
}

/**
 * Milliseconds, by the clock that stamps files there, which may be a server's. The beginning of time where the disk is
 * too full to tell: then nothing is old, and a run that makes room is not kept from it.
 */
export async function clockOf(store: FileStore): Promise<number> {
  const probe = join(store.base, temporaryName());
  try {
    const handle = await openTemporary(store, probe);
    try {
      return (await handle.stat()).mtimeMs;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (full.has(systemCode(error) ?? '')) return -Infinity;
    throw error;
  } finally {
    await discard(store, probe);
  }
}
