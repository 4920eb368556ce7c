/** What an `http` target keeps of one plan: the folder that a `file` target would have, and what the server adds to it. */
import { constants } from 'node:fs';
import { lstat, open, unlink, type FileHandle } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { dirname } from 'node:path';
import { BatError, systemCode, systemReason } from '../../core/errors.ts';
import { connectFolder, unmakeFolders } from '../../targets/file/connect.ts';
import { disk } from '../../targets/file/disk.ts';
import { FileStore } from '../../targets/file/store.ts';
import { listObjects, statObject } from '../../targets/file/walk.ts';
import type { ObjectStat } from '../../targets/target.ts';
import type { User } from '../access/users.ts';
import { ServerError } from '../errors.ts';
import { KeyedLock } from '../../core/keyed-lock.ts';
import { confirmObjectName, isScratch } from './names.ts';
import { hashFile, placeObject } from './place.ts';
import { receiveInto, type Announced } from './receive.ts';
import { blockSize, onDisk, type Room } from './room.ts';
import { isMadeOf, type StoredUpload, unknownUpload } from './upload.ts';
import { Uploads } from './uploads.ts';

export interface StoredObject {
  name: string;
  size: number;
}

/** What opening says if there is no such object. */
const absent = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

export class PlanStore {
  readonly plan: string;
  readonly uploads: Uploads;
  readonly #store: FileStore;
  readonly #room: Room;
  readonly #names = new KeyedLock();

  /** `path`: the folder of all stores. */
  constructor(path: string, plan: string, room: Room) {
    this.plan = plan;
    this.#room = room;
    this.#store = new FileStore(plan, path, plan, disk);
    this.uploads = new Uploads({ plan, store: this.#store, room });
  }

  /** False where nothing was stored yet. Throws ServerError FOLDER_AWAY. */
  async isThere(): Promise<boolean> {
    try {
      await this.#guard(() => connectFolder(this.#store, false, new Set()));
      return true;
    } catch (error) {
      if (error instanceof ServerError && error.cause instanceof BatError && error.cause.code === 'NOTHING_STORED') return false;
      throw error;
    }
  }

  /** Makes the folder of the plan, and that of all stores, but nothing above: there a disk is not mounted. */
  async make(): Promise<void> {
    await this.#guard(() => connectFolder(this.#store, true, new Set()));
  }

  /** The folder of the plan goes if nothing is in it. */
  async unmake(): Promise<void> {
    await this.#guard(() => unmakeFolders(this.#store, new Set([this.#store.base])));
  }

  /** Throws ServerError before the first of them if there is nothing to be listed by this prefix. */
  async list(prefix: string, signal: AbortSignal): Promise<AsyncGenerator<ObjectStat>> {
    await this.confirmThere();
    if (prefix.includes('/')) await this.#guard(() => this.#confirmPlain(`${prefix.slice(0, prefix.lastIndexOf('/'))}/any`));
    return listObjects(this.#store, prefix, signal);
  }

  /** Null if there is no such object. */
  async stat(name: string): Promise<ObjectStat | null> {
    return this.#guard(async () => {
      await this.#confirmPlain(name);
      return statObject(this.#store, name);
    });
  }

  /** To be closed by the caller. Throws ServerError NOT_FOUND. */
  async open(name: string): Promise<{ handle: FileHandle; size: number; modified: Date }> {
    return this.#guard(async () => {
      await this.#confirmPlain(name);
      let handle: FileHandle;
      try {
        handle = await open(this.#store.locate(name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      } catch (error) {
        if (!absent.has(systemCode(error) ?? '')) throw error;
        await this.#store.confirmPresent('read', name, error);
        throw noObject(name);
      }
      const stat = await handle.stat();
      if (stat.isFile()) return { handle, size: stat.size, modified: stat.mtime };
      await handle.close();
      throw noObject(name);
    });
  }

  /** A whole object from the body of a request, flushed and placed. */
  async put(name: string, incoming: IncomingMessage, said: Announced, user: User): Promise<StoredObject> {
    return this.#guard(async () => {
      const missing = await this.#confirmPlain(name);
      await this.confirmThere();
      const taken = onDisk(said.length) + missing * blockSize;
      await this.#room.take(this.plan, taken, user);
      let isStored = false;
      try {
        await this.uploads.receiving(async (path, handle) => {
          const sha256 = await receiveFile(handle, incoming, said);
          await this.#place(name, { path, size: said.length, sha256: async () => sha256 }, user);
          isStored = true;
        });
        return { name, size: said.length };
      } finally {
        this.#room.arrived(this.plan, taken);
        if (!isStored) this.#room.give(this.plan, taken);
      }
    });
  }

  /** Begins an upload in parts. */
  async begin(name: string, { partSize, writer }: { partSize: number; writer: string }, user: User): Promise<StoredUpload> {
    return this.#guard(async () => {
      const missing = await this.#confirmPlain(name);
      await this.confirmThere();
      // Its log, its first block, and the folders that its object will lie in.
      const taken = (2 + missing) * blockSize;
      await this.#room.take(this.plan, taken, user);
      let begun = false;
      try {
        const upload = await this.uploads.begin({ name, partSize, writer, user: user.name }, taken, user);
        begun = true;
        return upload;
      } finally {
        this.#room.arrived(this.plan, taken);
        if (!begun) this.#room.give(this.plan, taken);
      }
    });
  }

  async write(upload: StoredUpload, index: number, incoming: IncomingMessage, said: Announced & { sha256: string }): Promise<void> {
    await this.#guard(() => upload.write(index, incoming, said));
  }

  /**
   * The end of an upload: the object has its name, and what the upload was is gone. `upload`: null where the server knows it no more; if the object
   * is made of these very parts, it was finished before, and the answer got lost.
   */
  async finish(upload: StoredUpload | null, object: { name: string; size: number; partSize: number; parts: readonly string[] }, user: User): Promise<StoredObject> {
    const { name, size, parts } = object;
    return this.#guard(async () => {
      await this.#confirmPlain(name);
      if (upload) {
        await upload.seal(size, parts);
        try {
          await this.#place(name, { path: upload.data, size, sha256: () => hashFile(upload.data) }, user);
        } catch (error) {
          // What failed may have come after the name: then another part would change the object.
          if (await upload.hasName()) await this.uploads.forget(upload, { isStored: true });
          else upload.unseal();
          throw error;
        }
        await this.uploads.forget(upload, { isStored: true });
      } else if (!(await isMadeOf(this.#store.locate(name), object, parts))) {
        throw unknownUpload();
      } else {
        // A killed server may have given it its name, and not come to this.
        await this.#store.folders.settle(dirname(this.#store.locate(name)));
      }
      return { name, size };
    });
  }

  /** What is not there is no error. Throws ServerError DENIED unless the user may remove. */
  async remove(name: string, user: User): Promise<void> {
    await this.#guard(async () => {
      await this.#confirmPlain(name);
      const there = await statObject(this.#store, name);
      if (!there) return;
      if (!this.mayRemove(user)) {
        throw new ServerError('DENIED', `${user.name} may add to this store, and not remove what is in it.`, { hint: 'It takes the right "delete" in the settings of the server.' });
      }
      const file = this.#store.locate(name);
      await this.#names.hold(name, async () => {
        await unlink(file).catch((error: unknown) => {
          if (systemCode(error) !== 'ENOENT') throw error;
        });
        // Else a power cut could bring a manifest back whose volumes were removed after it.
        await this.#store.folders.flush(dirname(file));
        await this.#store.folders.removeEmpty(dirname(file));
      });
      this.#room.give(this.plan, onDisk(there.size));
    });
  }

  mayRemove({ rights }: User): boolean {
    return rights.has('delete') || (isScratch(this.plan) && rights.has('add'));
  }

  async #place(name: string, waiting: { path: string; size: number; sha256(): Promise<string> }, user: User): Promise<void> {
    const replaced = await this.#names.hold(name, () =>
      placeObject(this.#store, name, waiting, {
        mayReplace: this.mayRemove(user),
        takeRoom: async (bytes) => {
          await this.#room.take(this.plan, onDisk(bytes), user);
          this.#room.arrived(this.plan, onDisk(bytes));
        },
      }),
    );
    if (replaced > 0) this.#room.give(this.plan, onDisk(replaced));
  }

  /** Nothing is reached through a link that lies in the store. Returns how many of the folders above it are not there. */
  async #confirmPlain(name: string): Promise<number> {
    confirmObjectName(name);
    const parts = name.split('/');
    for (let count = 1; count < parts.length; count++) {
      const folder = this.#store.locate(parts.slice(0, count).join('/'));
      const stat = await lstat(folder).catch((error: unknown) => {
        if (absent.has(systemCode(error) ?? '')) return null;
        throw error;
      });
      if (stat === null) return parts.length - count;
      if (stat.isSymbolicLink()) throw new ServerError('NAME_REFUSED', `${name} lies behind a link, which the server does not follow.`);
    }
    return 0;
  }

  /** A folder that is gone is a disk that is not mounted: it is not made again here. Throws ServerError FOLDER_AWAY. */
  async confirmThere(): Promise<void> {
    await this.#guard(() => this.#store.confirmPresent('use', this.plan));
  }

  /** A failure of the disk as what it means, in words that give nothing of the server away. */
  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ServerError) throw error;
      throw asServerError(await this.#store.explain(error, 'keep', this.plan));
    }
  }
}

function asServerError(error: unknown): unknown {
  if (!(error instanceof BatError)) return error;
  const reason = systemCode(error.cause) === undefined ? null : systemReason(error.cause);
  const cause = { cause: error };
  if (error.code === 'TARGET_FULL') return new ServerError('DISK_FULL', 'The disk of the server is full.', { ...cause, hint: 'Make room there.' });
  if (error.code === 'NOTHING_STORED') return new ServerError('NOT_FOUND', 'Nothing is stored of this plan yet.', cause);
  if (error.code === 'TARGET_UNREACHABLE') return new ServerError('FOLDER_AWAY', 'The folder of the store is not there.', { ...cause, hint: 'Is its disk mounted on the server?' });
  return new ServerError('FAILED', `The disk of the server failed${reason === null ? '' : `: ${reason}`}.`, { ...cause, hint: 'Its log says more.' });
}

function noObject(name: string): ServerError {
  return new ServerError('NOT_FOUND', `There is no object ${name}.`);
}

async function receiveFile(handle: FileHandle, incoming: IncomingMessage, said: Announced): Promise<string> {
  try {
    const sha256 = await receiveInto(handle, 0, incoming, said);
    await handle.sync();
    return sha256;
  } finally {
    await handle.close();
  }
}
