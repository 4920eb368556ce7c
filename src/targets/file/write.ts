/** Writing: under a temporary name, flushed to disk, then renamed, then the folder flushed. */
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BatError } from '../../core/errors.ts';
import { pacedSlices } from '../../core/slices.ts';
import type { Receipt } from '../target.ts';
import type { FileStore } from './store.ts';

/**
 * Files and folders get the rights that the umask leaves, as anything the user makes: a folder on a NAS is often read by
 * others, by hand or to copy it on, and what is secret is encrypted by the plan. A umask of 077 keeps it private.
 */
const fileMode = 0o666;

export async function openTemporary(store: FileStore, temporary: string): Promise<FileHandle> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  try {
    return await store.folders.openIn(dirname(temporary), () => store.disk.open(temporary, flags, fileMode));
  } catch (error) {
    await store.folders.removeEmpty(dirname(temporary));
    throw error;
  }
}

/** Writes all of the bytes at a position, in slices where a pace is set. */
export async function writePaced(store: FileStore, handle: FileHandle, bytes: Uint8Array, position: number, signal: AbortSignal | undefined): Promise<void> {
  if (!store.pace) return writeAt(handle, bytes, position);
  let at = position;
  for await (const slice of pacedSlices(bytes, store.pace, signal)) {
    await writeAt(handle, slice, at);
    at += slice.length;
  }
}

/** A write may be cut short by the system and is gone on with. */
async function writeAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    if (bytesWritten === 0) throw Object.assign(new Error('The system wrote nothing.'), { code: 'EIO' });
    done += bytesWritten;
  }
}

/** A whole object. On a failure nothing but the object of before is left, and the same call may be made again. */
export async function putFile(store: FileStore, name: string, bytes: Uint8Array, signal?: AbortSignal): Promise<Receipt> {
  const file = store.locate(name);
  const temporary = store.temporaryBeside(file);
  try {
    const handle = await openTemporary(store, temporary);
    try {
      await writePaced(store, handle, bytes, 0, signal);
      await confirmLength(store, handle, name, bytes.length);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await store.disk.rename(temporary, file);
    await store.folders.settle(dirname(file));
  } catch (error) {
    await discard(store, temporary);
    throw error;
  }
  return { name, size: bytes.length, parts: 1 };
}

/** Throws unless the file is as long as it should be. Returns its inode number. */
export async function confirmLength(store: FileStore, handle: FileHandle, name: string, size: number): Promise<bigint> {
  const stored = await handle.stat({ bigint: true });
  if (stored.size !== BigInt(size)) {
    throw new BatError('TARGET_FAILED', `Target "${store.id}" holds ${stored.size} bytes of ${name} and should hold ${size}.`, {
      hint: `Something else writes to ${store.base}, or its file system is faulty: check it.`,
      subject: name,
    });
  }
  return stored.ino;
}

/** Removes a temporary file if it can. What it cannot remove is invisible, and `sweep` gets it. */
export async function discard(store: FileStore, temporary: string): Promise<void> {
  await store.disk.unlink(temporary).catch(() => {});
  await store.folders.removeEmpty(dirname(temporary));
}
