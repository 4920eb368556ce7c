/** The file system with someone watching: told of every call before and after it, who may throw in its place. */
import type { Dir } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { disk } from '../../src/targets/file/disk.ts';
import type { Disk } from '../../src/targets/file/disk.ts';

export interface DiskCall {
  /** `open`, `rename`, …; of an open file: `file.write`, `file.sync`, … */
  name: string;
  path: string;
}

export interface Watcher {
  before?(call: DiskCall): void;
  after?(call: DiskCall): void;
}

export function watchedDisk(watcher: Watcher): Disk {
  const watched = async (call: DiskCall, work: () => Promise<unknown>): Promise<unknown> => {
    // As on Linux: a file whose closing fails is closed all the same.
    if (call.name === 'file.close') await work();
    watcher.before?.(call);
    const result = call.name === 'file.close' ? undefined : await work();
    try {
      watcher.after?.(call);
    } catch (error) {
      if (call.name === 'open' || call.name === 'opendir') await (result as FileHandle | Dir).close();
      throw error;
    }
    return result;
  };
  const watchFile = (handle: FileHandle, path: string): FileHandle =>
    new Proxy(handle, {
      get: (target, property) => {
        const method: unknown = Reflect.get(target, property);
        if (typeof method !== 'function') return method;
        return (...values: unknown[]) => watched({ name: `file.${String(property)}`, path }, async () => method.apply(target, values) as unknown);
      },
    });
  return new Proxy(disk, {
    get: (target, property) => async (path: string, ...rest: unknown[]) => {
      const method = Reflect.get(target, property) as (...values: unknown[]) => Promise<unknown>;
      const result = await watched({ name: String(property), path }, () => method(path, ...rest));
      return property === 'open' ? watchFile(result as FileHandle, path) : result;
    },
  });
}

/** An error as node:fs throws it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made by the test`), { code });
}
