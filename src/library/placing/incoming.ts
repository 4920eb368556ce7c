/** A file on its way in: written and hashed as its bytes arrive, under a name that nobody sees. */
import { createHash, randomBytes, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { bytesOf } from '../bytes-of.ts';
import type { LibraryDisk } from '../disk.ts';
import { LibraryError } from '../errors.ts';
import type { HeldFolder } from '../held-folder.ts';
import type { Admission } from '../space.ts';
import type { Hashes } from '../table/files.ts';

export interface Incoming {
  /** In the held folder of the uploads. */
  name: string;
  handle: FileHandle;
  size: number;
  hashes: Hashes;
}

/** `owner`: of whose incoming files the name tells, so that what a killed server left is known for its own. */
export function incomingName(owner: string): string {
  return `in-${owner}-${randomBytes(9).toString('base64url')}`;
}

class ContentHashes {
  readonly #sha256: Hash = createHash('sha256');
  readonly #md5: Hash = createHash('md5');

  update(bytes: Uint8Array): void {
    this.#sha256.update(bytes);
    this.#md5.update(bytes);
  }

  digest(): Hashes {
    return { sha256: this.#sha256.digest('hex'), md5: this.#md5.digest('hex') };
  }
}

/** Writes all bytes to a new file. Nothing is left of it when this throws. The handle is the caller's to close. */
export async function receive(disk: LibraryDisk, uploads: HeldFolder, name: string, bytes: AsyncIterable<Uint8Array>, admission: Admission, signal?: AbortSignal): Promise<Incoming> {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const handle = await disk.open(uploads.at(name), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666);
  try {
    const hashes = new ContentHashes();
    let size = 0;
    for await (const piece of bytes) {
      signal?.throwIfAborted();
      await admission.take(piece.length);
      hashes.update(piece);
      await writeAll(handle, piece, size);
      size += piece.length;
    }
    signal?.throwIfAborted();
    return { name, handle, size, hashes: hashes.digest() };
  } catch (error) {
    await handle.close();
    await disk.unlink(uploads.at(name));
    throw error;
  }
}

/** Opens what is whole already, and hashes it. The handle is the caller's to close. */
export async function takeOver(disk: LibraryDisk, uploads: HeldFolder, name: string, signal?: AbortSignal): Promise<Incoming> {
  const handle = await disk.open(uploads.at(name), constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!(await handle.stat()).isFile()) throw new LibraryError('BAD_REQUEST', `The upload ${name} is no file.`);
    const hashes = new ContentHashes();
    let size = 0;
    for await (const piece of bytesOf(handle)) {
      signal?.throwIfAborted();
      hashes.update(piece);
      size += piece.length;
    }
    return { name, handle, size, hashes: hashes.digest() };
  } catch (error) {
    await handle.close();
    throw error;
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
