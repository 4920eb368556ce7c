/** Walking the folder of the objects: lazily, and never through a symbolic link. */
import type { Dir } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../core/errors.ts';
import { absent } from './read.ts';
import type { FileStore } from './store.ts';

/** So many names are taken at a time. */
export const batchSize = 64;

/** The names of all files in and below a folder, temporary ones too; `''` is the base. */
export async function* walk(store: FileStore, start: string, signal?: AbortSignal): AsyncGenerator<string> {
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
