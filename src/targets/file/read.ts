/** Reading a range of an object. Every call opens the file anew: that costs a tenth of a millisecond and holds nothing open. */
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { BatError, systemCode } from '../../core/errors.ts';
import { sliceLength } from '../../core/slices.ts';
import type { FileStore } from './store.ts';

/** Neither through a symbolic link nor waiting at a pipe of that name: an object is a regular file. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** What opening says if there is no such object. */
export const absent = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

export async function readRange(store: FileStore, name: string, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
  const handle = await openObject(store, name);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw missing(store, name);
    if (offset + length > stat.size) throw short(store, name, stat.size, offset + length);
    const bytes = Buffer.allocUnsafeSlow(length);
    for (let done = 0; done < length; ) {
      const wanted = store.pace ? Math.min(length - done, sliceLength) : length - done;
      await store.pace?.download(wanted, signal);
      const { bytesRead } = await handle.read(bytes, done, wanted, offset + done);
      if (bytesRead === 0) throw short(store, name, offset + done, offset + length);
      done += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

async function openObject(store: FileStore, name: string): Promise<FileHandle> {
  try {
    return await store.disk.open(store.locate(name), flags);
  } catch (error) {
    if (!absent.has(systemCode(error) ?? '')) throw error;
    await store.confirmPresent('read', name, error);
    throw missing(store, name, error);
  }
}

function missing(store: FileStore, name: string, cause?: unknown): BatError {
  return new BatError('OBJECT_MISSING', `Target "${store.id}" has no ${name}.`, {
    hint: `Was it removed from ${store.base} by hand? Another target of the plan may still have it.`,
    cause,
    subject: name,
  });
}

function short(store: FileStore, name: string, size: number, wanted: number): BatError {
  return new BatError('OBJECT_DAMAGED', `${name} on target "${store.id}" ends after ${size} bytes, where ${wanted} are expected.`, {
    hint: `It was cut off in ${store.base}. Another target of the plan may have it whole.`,
    subject: name,
  });
}
