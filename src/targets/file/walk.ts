/** Walking the folder of the objects: lazily, and never through a symbolic link. */
import type { Dir } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../core/errors.ts';
import type { ObjectStat } from '../target.ts';
import { isObjectName, temporaryPrefix } from './names.ts';
import { absent } from './read.ts';
import type { FileStore } from './store.ts';

/** So many files are asked for their sizes at a time. */
const batchSize = 64;

/** Every object whose name starts with `prefix`. What bat would not have named, or is no regular file, is none. */
export async function* listObjects(store: FileStore, prefix: string, signal?: AbortSignal): AsyncGenerator<ObjectStat> {
  const folder = prefix.slice(0, Math.max(0, prefix.lastIndexOf('/')));
  if (prefix.includes('/')) store.locate(folder);
  let batch: string[] = [];
  for await (const name of walk(store, folder, signal)) {
    if (!name.startsWith(prefix) || !isObjectName(name)) continue;
    batch.push(name);
    if (batch.length < batchSize) continue;
    yield* await measure(store, batch);
    batch = [];
  }
  yield* await measure(store, batch);
}

/** Removes what uploads that were never finished left behind; returns how many there were. */
export async function sweepTemporary(store: FileStore, signal?: AbortSignal): Promise<number> {
  const found: string[] = [];
  for await (const name of walk(store, '', signal)) {
    if (name.slice(name.lastIndexOf('/') + 1).startsWith(temporaryPrefix)) found.push(name);
  }
  for (const name of found) {
    signal?.throwIfAborted();
    await store.disk.unlink(join(store.base, name)).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw error;
    });
    await store.folders.removeEmpty(join(store.base, name, '..'));
  }
  return found.length;
}

/** The sizes of what is still there. */
async function measure(store: FileStore, names: readonly string[]): Promise<ObjectStat[]> {
  const stats = await Promise.all(names.map((name) => statObject(store, name)));
  return stats.filter((stat) => stat !== null);
}

/** The size, or null if there is no such regular file. */
export async function statObject(store: FileStore, name: string): Promise<ObjectStat | null> {
  try {
    const stat = await store.disk.lstat(store.locate(name));
    return stat.isFile() ? { name, size: stat.size } : null;
  } catch (error) {
    if (!absent.has(systemCode(error) ?? '')) throw error;
    await store.confirmPresent('look for', name, error);
    return null;
  }
}

/** The names of all files in and below a folder, temporary ones too; `''` is the base. */
async function* walk(store: FileStore, start: string, signal?: AbortSignal): AsyncGenerator<string> {
  const folders = [start];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    signal?.throwIfAborted();
    const directory = await openFolder(store, folder);
    if (!directory) continue;
    for await (const entry of directory) {
      signal?.throwIfAborted();
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) folders.push(name);
      else if (entry.isFile()) yield name;
    }
  }
}

/** Null for a folder that is not there, or no longer. */
async function openFolder(store: FileStore, folder: string): Promise<Dir | null> {
  try {
    return await store.disk.opendir(join(store.base, folder), { bufferSize: batchSize });
  } catch (error) {
    if (!absent.has(systemCode(error) ?? '')) throw error;
    await store.confirmPresent('list', folder === '' ? store.base : folder, error);
    return null;
  }
}
