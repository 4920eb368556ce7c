/** What lies in the folder of the objects: all of them, or one. */
import { systemCode } from '../../core/errors.ts';
import type { ObjectStat } from '../target.ts';
import { batchSize, walk } from './files-below.ts';
import { isObjectName } from '../shared/object-names.ts';
import { absent } from './read.ts';
import type { FileStore } from './store.ts';

export { sweepTemporary } from './sweep.ts';

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
