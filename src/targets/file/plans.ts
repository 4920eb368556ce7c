/** The plans that have something stored below the path of a plan's target. */
import type { Dir } from 'node:fs';
import { join } from 'node:path';
import { BatError, systemCode } from '../../core/errors.ts';
import type { FileStore } from './store.ts';

/** The folders there that have a `bat.json`. */
export async function listPlans(store: FileStore, signal: AbortSignal | undefined): Promise<string[]> {
  const plans: string[] = [];
  for await (const entry of await openPath(store)) {
    signal?.throwIfAborted();
    if (entry.isDirectory() && (await isFile(store, join(store.path, entry.name, 'bat.json')))) plans.push(entry.name);
  }
  return plans;
}

async function openPath(store: FileStore): Promise<Dir> {
  try {
    return await store.disk.opendir(store.path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' && systemCode(error) !== 'ENOTDIR') throw error;
    throw new BatError('TARGET_UNREACHABLE', `There is no folder ${store.path}.`, { hint: 'Is the disk plugged in and mounted, and the path right?', cause: error, subject: store.path });
  }
}

async function isFile(store: FileStore, path: string): Promise<boolean> {
  try {
    return (await store.disk.lstat(path)).isFile();
  } catch {
    // A folder that is not there to be looked into is no plan's.
    return false;
  }
}
