/** An object on its way into a store: parts in any order, each at its place in one file, which gets its name when all are there. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, unlink, type FileHandle } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { systemCode } from '../../core/errors.ts';
import { ServerError } from '../errors.ts';
import { discardBody, receiveInto, type Announced } from './receive.ts';
import { onDisk } from './room.ts';
import { beginLog, type Part, readLog, type UploadHead, type UploadLog } from './upload-log.ts';

/** An object has no more of them: each is held in memory, by its number and its sum. */
export const mostParts = 100_000;
/** After so many bytes what has arrived is flushed, so that the end of a large object does not take minutes. */
const flushEach = 256 * 2 ** 20;
const readSize = 512 * 1024;

export interface UploadPlace {
  id: string;
  /** Where its bytes and its log lie. */
  data: string;
  log: string;
  /** Takes room on the disk for what is about to come; and tells that it has come. */
  take(bytes: number): Promise<void>;
  arrived(bytes: number): void;
}

/** A part that is being received. */
interface Writing {
  incoming: IncomingMessage;
  over: Promise<unknown>;
}

export class StoredUpload {
  readonly head: UploadHead;
  readonly #place: UploadPlace;
  readonly #log: UploadLog;
  readonly #parts: Map<number, Part>;
  readonly #writing = new Map<number, Writing>();
  /** Bytes that were taken of the room, by part: what a broken one left in the file is counted, too. */
  readonly #taken = new Map<number, number>();
  /** The same, of what was there before the first of them. */
  readonly #takenBefore: number;
  #unflushed = 0;
  #over: 'finishing' | 'gone' | null = null;

  private constructor(place: UploadPlace, head: UploadHead, log: UploadLog, parts: Map<number, Part>, takenBefore: number) {
    this.#place = place;
    this.head = head;
    this.#log = log;
    this.#parts = parts;
    this.#takenBefore = takenBefore;
  }

  /** `taken`: bytes of the room that are taken for it already. */
  static async begin(place: UploadPlace, head: UploadHead, taken: number): Promise<StoredUpload> {
    await (await open(place.data, 'wx')).close();
    return new StoredUpload(place, head, await beginLog(place.log, head), new Map(), taken);
  }

  /** As another process left it; null if nothing of use is there, or the object has its name already. What may have been lost in a power cut is read and held against its sum. */
  static async load(place: UploadPlace): Promise<StoredUpload | null> {
    const read = await readLog(place.log);
    if (!read) return null;
    let handle: FileHandle;
    try {
      handle = await open(place.data, constants.O_RDWR | constants.O_NOFOLLOW);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null;
      throw error;
    }
    try {
      const { head } = read;
      const { blocks, nlink } = await handle.stat();
      // A killed server had given it its name: whatever was written into it now would change the object.
      if (nlink > 1) return null;
      const parts = new Map<number, Part>();
      for (const [index, { size, sha256, isSafe }] of read.parts) {
        if (isSafe || (await hashPart(handle, index * head.partSize, size)) === sha256) parts.set(index, { size, sha256 });
      }
      await handle.datasync();
      return new StoredUpload(place, head, await beginLog(place.log, head, parts), parts, blocks * 512);
    } finally {
      await handle.close();
    }
  }

  get id(): string {
    return this.#place.id;
  }

  /** Where its bytes lie. */
  get data(): string {
    return this.#place.data;
  }

  /** What has arrived whole. */
  get parts(): { index: number; size: number; sha256: string }[] {
    return [...this.#parts].map(([index, { size, sha256 }]) => ({ index, size, sha256 }));
  }

  /** Bytes of the room that are taken by it. */
  get taken(): number {
    return [...this.#taken.values()].reduce((sum, bytes) => sum + bytes, this.#takenBefore);
  }

  /** One part. The same one may be sent again, also while the first try still seems to be under way: the newer one counts. */
  async write(index: number, incoming: IncomingMessage, said: Announced & { sha256: string }): Promise<void> {
    this.#confirmOpen();
    this.#confirmPart(index, said.length);
    await this.#stopWriting(index);
    this.#confirmOpen();
    const there = this.#parts.get(index);
    if (there?.size === said.length && there.sha256 === said.sha256) return discardBody(incoming);
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const writing = { incoming, over };
    this.#writing.set(index, writing);
    try {
      await this.#receive(index, incoming, said);
    } finally {
      if (this.#writing.get(index) === writing) this.#writing.delete(index);
      resolve();
    }
  }

  /**
   * Flushes all of it, once `parts`, the sums of all parts in order, are those that have come. Returns where the bytes wait for their name. Throws
   * ServerError BAD_REQUEST if they are others.
   */
  async seal(size: number, parts: readonly string[]): Promise<void> {
    this.#confirmOpen();
    this.#over = 'finishing';
    try {
      // Whatever is still under way has been given up by the one who sent it.
      for (const index of this.#writing.keys()) await this.#stopWriting(index);
      this.#confirmWhole(size, parts);
      const handle = await open(this.#place.data, constants.O_RDWR | constants.O_NOFOLLOW);
      try {
        await handle.truncate(size);
        await this.#flush(() => handle.sync());
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (this.#over === 'finishing') this.#over = null;
      throw error;
    }
  }

  /** Whether its bytes are those of an object by now: under its name, too, or under that alone. */
  async hasName(): Promise<boolean> {
    try {
      return (await lstat(this.#place.data)).nlink > 1;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return true;
      throw error;
    }
  }

  /** It could not be given its name, and may be sealed again. */
  unseal(): void {
    if (this.#over === 'finishing') this.#over = null;
  }

  /** Nothing of it is left. */
  async remove(): Promise<void> {
    this.#over = 'gone';
    for (const index of this.#writing.keys()) await this.#stopWriting(index);
    await removeFile(this.#place.log);
    await removeFile(this.#place.data);
  }

  async #receive(index: number, incoming: IncomingMessage, said: Announced & { sha256: string }): Promise<void> {
    const needed = onDisk(said.length) - (this.#taken.get(index) ?? 0);
    if (needed > 0) await this.#place.take(needed);
    try {
      if (needed > 0) this.#taken.set(index, onDisk(said.length));
      if (this.#parts.has(index)) {
        // First the log: where that fails, the old bytes stay, and the next try takes them back.
        await this.#log.takeBack(index);
        this.#parts.delete(index);
      }
      const handle = await open(this.#place.data, constants.O_WRONLY | constants.O_NOFOLLOW);
      try {
        const sha256 = await receiveInto(handle, index * this.head.partSize, incoming, said);
        this.#confirmOpen();
        await this.#log.add(index, { size: said.length, sha256 });
        this.#parts.set(index, { size: said.length, sha256 });
        await this.#flushNowAndThen(handle, said.length);
      } finally {
        await handle.close();
      }
    } finally {
      if (needed > 0) this.#place.arrived(needed);
    }
  }

  async #flushNowAndThen(handle: FileHandle, bytes: number): Promise<void> {
    this.#unflushed += bytes;
    if (this.#unflushed < flushEach) return;
    this.#unflushed = 0;
    const { count } = this.#log;
    await this.#flush(() => handle.datasync());
    await this.#log.noteSafe(count);
  }

  /** A flush that failed is final: the system has dropped what it could not write, and would report the next flush as a success. */
  async #flush(flush: () => Promise<void>): Promise<void> {
    try {
      await flush();
    } catch (error) {
      this.#over = 'gone';
      await removeFile(this.#place.log);
      throw error;
    }
  }

  async #stopWriting(index: number): Promise<void> {
    const writing = this.#writing.get(index);
    if (!writing) return;
    writing.incoming.destroy();
    await writing.over;
  }

  #confirmOpen(): void {
    if (this.#over === 'gone') throw unknownUpload();
    if (this.#over === 'finishing') throw new ServerError('BAD_REQUEST', 'The upload is at its end, and takes nothing more.');
  }

  #confirmPart(index: number, length: number): void {
    const { partSize } = this.head;
    if (!Number.isSafeInteger(index) || index < 0 || index >= mostParts) throw new ServerError('BAD_REQUEST', `Parts have numbers from 0 to ${mostParts - 1}.`, { hint: 'Send larger parts.' });
    if (length === 0 || length > partSize) throw new ServerError('BAD_REQUEST', `A part of this upload has 1 to ${partSize} bytes, and not ${length}.`);
  }

  #confirmWhole(size: number, sums: readonly string[]): void {
    const { partSize } = this.head;
    const expected = Math.ceil(size / partSize);
    const isThere = (sum: string, index: number): boolean => {
      const part = this.#parts.get(index);
      return part?.sha256 === sum && part.size === Math.min(partSize, size - index * partSize);
    };
    if (sums.length === expected && this.#parts.size === expected && sums.every(isThere)) return;
    throw new ServerError('BAD_REQUEST', `The upload has ${this.#parts.size} parts, and these are not the ${expected} that were said.`, { hint: 'Ask for those that are there, and send the others.' });
  }
}

export function unknownUpload(): ServerError {
  return new ServerError('NOT_FOUND', 'The server does not know this upload.', { hint: 'It was given up, or nothing came for a week. Begin it anew.' });
}

/** Whether a file is made of parts with these sums. All are read, also after a wrong one: else parts could be found out one by one. */
export async function isMadeOf(path: string, { size, partSize }: { size: number; partSize: number }, parts: readonly string[]): Promise<boolean> {
  if (parts.length > mostParts || parts.length !== Math.ceil(size / partSize)) return false;
  let handle: FileHandle;
  try {
    if ((await lstat(path)).size !== size) return false;
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '')) return false;
    throw error;
  }
  try {
    const there: string[] = [];
    for (const index of parts.keys()) there.push(await hashPart(handle, index * partSize, Math.min(partSize, size - index * partSize)));
    return timingSafeEqual(hashList(there), hashList(parts));
  } finally {
    await handle.close();
  }
}

function hashList(sums: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(sums)).digest();
}

/** '' if the file ends before. */
async function hashPart(handle: FileHandle, position: number, size: number): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(size, readSize));
  for (let done = 0; done < size; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, size - done), position + done);
    if (bytesRead === 0) return '';
    hash.update(buffer.subarray(0, bytesRead));
    done += bytesRead;
  }
  return hash.digest('hex');
}

export async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
  });
}
