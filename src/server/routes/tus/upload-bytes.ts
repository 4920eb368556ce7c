/** Writes what comes of an upload to its file, and says how much of it would survive a power cut. */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { Admission } from '../../../library/space.ts';

export interface AppendOptions {
  file: string;
  /** Where the bytes go; what lies behind it was never flushed, and goes. */
  from: number;
  /** Asked before each piece is written. */
  admission: Admission;
  /** So many bytes are flushed now. */
  flushed(bytes: number): Promise<void>;
}

/** A kill costs a client so many bytes at the most. */
const flushEvery = 64 * 2 ** 20;

/** Takes pieces until they end or fail; then what came is flushed all the same. Throws what the pieces fail with, QUOTA, DISK_FULL, the system's error. */
export async function append(pieces: AsyncIterable<Uint8Array>, { file, from, admission, flushed }: AppendOptions): Promise<void> {
  const handle = await open(file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o666);
  try {
    await handle.truncate(from);
    let at = from;
    let flushedTo = from;
    const flush = async (): Promise<void> => {
      if (at === flushedTo) return;
      await handle.datasync();
      await flushed((flushedTo = at));
    };
    try {
      for await (const piece of pieces) {
        await admission.take(piece.length);
        await writeAll(handle, piece, at);
        at += piece.length;
        if (at - flushedTo >= flushEvery) await flush();
      }
    } finally {
      await flush();
    }
  } finally {
    await handle.close();
  }
}

/** A write may be cut short by the system and is gone on with. */
async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    if (bytesWritten === 0) throw Object.assign(new Error('The system wrote nothing.'), { code: 'EIO' });
    done += bytesWritten;
  }
}
