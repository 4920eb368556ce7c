/** Giving an object its name: once its bytes are flushed, at once, and never over another one unless that may be replaced. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, lstat, open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { systemCode } from '../../core/errors.ts';
import { keptFolder } from '../../targets/shared/object-names.ts';
import type { FileStore } from '../../targets/file/store.ts';
import { ServerError } from '../errors.ts';
import { isDocument } from './names.ts';

/** A file that is flushed and waits for its name, in the same file system. */
export interface Waiting {
  path: string;
  size: number;
  /** In hexadecimal; asked for only where there is something to compare it with. */
  sha256(): Promise<string>;
}

export interface PlaceOptions {
  /** What is there may be replaced, whatever it is. */
  mayReplace: boolean;
  /** Room on the disk for a document that is kept. */
  takeRoom(bytes: number): Promise<void>;
}

/** What a file system without hard links says of them. */
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/**
 * Afterwards the object has its name, and would have it after a power cut, and the waiting file is gone. Returns the size of what
 * was replaced, 0 if nothing was. The same bytes under the same name are no error. Called for one name at a time. Throws ServerError EXISTS.
 */
export async function placeObject(store: FileStore, name: string, waiting: Waiting, options: PlaceOptions): Promise<number> {
  const file = store.locate(name);
  const replaced = (await store.folders.openIn(dirname(file), () => giveName(waiting.path, file))) ? 0 : await replace(store, name, file, waiting, options);
  await store.folders.settle(dirname(file));
  await unlink(waiting.path).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
  });
  return replaced;
}

/** False if something has the name already. */
async function giveName(from: string, file: string): Promise<boolean> {
  try {
    await link(from, file);
    return true;
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (code === 'EEXIST') return false;
    if (!noLinks.has(code)) throw error;
  }
  // Nobody else gives this name meanwhile: the caller sees to that.
  if ((await statIfAny(file)) !== null) return false;
  await rename(from, file);
  return true;
}

async function replace(store: FileStore, name: string, file: string, waiting: Waiting, { mayReplace, takeRoom }: PlaceOptions): Promise<number> {
  const there = await statIfAny(file);
  if (there && !there.isFile()) throw new ServerError('FAILED', 'A folder bears the name of this object.', { hint: 'Look into the folder of the store on the server, and move it away.' });
  const own = await statIfAny(waiting.path);
  // It has its name already, and only the answer got lost.
  if (own && there?.ino === own.ino) return 0;
  if (there && !mayReplace) {
    if (there.size === BigInt(waiting.size) && (await hashFile(file)) === (await waiting.sha256())) return Number(there.size);
    if (!isDocument(name)) {
      throw new ServerError('EXISTS', `${name} is there already, and may not be replaced.`, { hint: 'This token may only add. It takes the right "delete" to replace what is stored.' });
    }
    await takeRoom(Number(there.size));
    await keepAside(store, name, file);
  }
  await rename(waiting.path, file);
  return there && mayReplace ? Number(there.size) : 0;
}

/** A copy, so that the document itself is there at every moment. The time is the server's: nobody who sends something can choose it. */
async function keepAside(store: FileStore, name: string, file: string): Promise<void> {
  const time = new Date().toISOString().replaceAll(':', '-');
  const kept = join(store.base, keptFolder, name, `${time}-${randomBytes(3).toString('hex')}`);
  const unfinished = store.temporaryBeside(kept);
  await store.folders.openIn(dirname(kept), () => copyFile(file, unfinished, constants.COPYFILE_EXCL));
  const handle = await open(unfinished, constants.O_RDWR);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, kept);
  await store.folders.settle(dirname(kept));
}

/** In hexadecimal. Throws the system's error. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    for await (const piece of handle.createReadStream({ autoClose: false, highWaterMark: 512 * 1024 }) as AsyncIterable<Buffer>) hash.update(piece);
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}

async function statIfAny(path: string): Promise<{ ino: bigint; size: bigint; isFile(): boolean } | null> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}
