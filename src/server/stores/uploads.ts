/** The uploads of one store that are not finished. They lie beside the objects, where no listing shows them, and outlive the server. */
import { createHash, randomBytes } from 'node:crypto';
import { lstat, open, readdir, rmdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../core/errors.ts';
import { unfinishedFolder } from '../../targets/shared/object-names.ts';
import type { FileStore } from '../../targets/file/store.ts';
import type { User } from '../access/users.ts';
import { ServerError } from '../errors.ts';
import type { Room } from './room.ts';
import { removeFile, StoredUpload, type UploadPlace } from './upload.ts';
import type { UploadHead } from './upload-log.ts';

/** Of one user in one store: somebody who opens more has lost count, or means harm. */
const mostOpen = 1000;
/** Milliseconds after which an upload to which nothing came is forgotten. */
const longestPause = 7 * 24 * 3_600_000;
const lookEach = 3_600_000;
/** Whose it is, and of which catalog of theirs; and its own number. */
const idPattern = /^([0-9a-f]{8})-([0-9a-f]{8})-[0-9a-f]{24}$/;
const remainPattern = /^([0-9a-f-]{42})\.(?:log|data|log\.new)$/;

export interface UploadsOptions {
  plan: string;
  store: FileStore;
  room: Room;
}

export class Uploads {
  readonly #options: UploadsOptions;
  readonly #folder: string;
  /** Those that this process has begun or taken up, by id. */
  readonly #known = new Map<string, Promise<StoredUpload | null>>();
  /** Names of whole objects that are being received. */
  readonly #receiving = new Set<string>();
  #lookedAt = -Infinity;

  constructor(options: UploadsOptions) {
    this.#options = options;
    this.#folder = join(options.store.base, unfinishedFolder);
  }

  /** `taken`: bytes of the room that are taken for it already. */
  async begin(head: UploadHead, taken: number, user: User): Promise<StoredUpload> {
    await this.#forgetOld();
    const mine = `${shortHash(user.name)}-`;
    const unfinished = (await this.#names()).filter((name) => name.startsWith(mine) && name.endsWith('.log'));
    if (unfinished.length >= mostOpen) throw new ServerError('QUOTA', `${user.name} has ${unfinished.length} uploads here that are not finished.`, { hint: 'Each `bat run` removes those that it left behind; the others are forgotten a week after their last byte.' });
    const place = this.#place(`${mine}${shortHash(head.writer)}-${randomBytes(12).toString('hex')}`, user);
    const begun = this.#options.store.folders.openIn(this.#folder, () => StoredUpload.begin(place, head, taken));
    this.#known.set(place.id, begun.catch(() => null));
    return begun;
  }

  /** Null if there is none of this id, or it is somebody else's. */
  async find(id: string, user: User): Promise<StoredUpload | null> {
    if (!isIdOf(user, id)) return null;
    let known = this.#known.get(id);
    if (!known) {
      known = StoredUpload.load(this.#place(id, user));
      this.#known.set(id, known);
    }
    try {
      const upload = await known;
      if (!upload) this.#known.delete(id);
      return upload?.head.user === user.name ? upload : null;
    } catch (error) {
      this.#known.delete(id);
      throw error;
    }
  }

  /** `isStored`: what it took of the room stays taken, by the object that it became. */
  async forget(upload: StoredUpload, { isStored }: { isStored: boolean }): Promise<void> {
    const { taken } = upload;
    await upload.remove();
    this.#known.delete(upload.id);
    if (!isStored) this.#options.room.give(this.#options.plan, taken);
    await this.#tidy();
  }

  /** Those of this user and writer that are not to be kept. Returns how many. */
  async sweep(user: User, writer: string, keep: ReadonlySet<string>): Promise<number> {
    await this.#forgetOld();
    const mine = `${shortHash(user.name)}-${shortHash(writer)}-`;
    let removed = 0;
    for (const name of await this.#names()) {
      const id = remainPattern.exec(name)?.[1];
      if (id === undefined || !name.endsWith('.log') || !id.startsWith(mine) || keep.has(id)) continue;
      const upload = await this.find(id, user);
      if (upload) await this.forget(upload, { isStored: false });
      else await this.#removeRemains(id);
      removed++;
    }
    return removed;
  }

  /** A new file for a whole object, under a name that no listing shows; what is still there afterwards is removed. The handle is closed by the caller. */
  async receiving<T>(work: (path: string, handle: FileHandle) => Promise<T>): Promise<T> {
    await this.#forgetOld();
    const name = `${randomBytes(12).toString('hex')}.put`;
    const path = join(this.#folder, name);
    this.#receiving.add(name);
    try {
      return await work(path, await this.#options.store.folders.openIn(this.#folder, () => open(path, 'wx')));
    } finally {
      await removeFile(path);
      this.#receiving.delete(name);
      await this.#tidy();
    }
  }

  /** At most once an hour, and once after each start of the server. */
  async #forgetOld(): Promise<void> {
    const now = Date.now();
    if (now - this.#lookedAt < lookEach) return;
    this.#lookedAt = now;
    for (const name of await this.#names()) {
      const isBroken = name.endsWith('.put') && !this.#receiving.has(name);
      const id = remainPattern.exec(name)?.[1];
      if (isBroken) await removeFile(join(this.#folder, name));
      else if (id !== undefined && !(await this.#isInUse(id, now))) await this.#removeRemains(id);
    }
    await this.#tidy();
  }

  /** Whether anything came for it of late. */
  async #isInUse(id: string, now: number): Promise<boolean> {
    const times = await Promise.all(['log', 'data'].map(async (kind) => (await lstat(join(this.#folder, `${id}.${kind}`)).catch(() => null))?.mtimeMs ?? -Infinity));
    return now - Math.max(...times) < longestPause;
  }

  async #removeRemains(id: string): Promise<void> {
    const known = await this.#known.get(id)?.catch(() => null);
    if (known) return this.forget(known, { isStored: false });
    for (const kind of ['log', 'log.new', 'data']) {
      const path = join(this.#folder, `${id}.${kind}`);
      const { blocks } = (await lstat(path).catch(() => null)) ?? { blocks: 0 };
      await removeFile(path);
      this.#options.room.give(this.#options.plan, blocks * 512);
    }
  }

  #place(id: string, user: User): UploadPlace {
    const { plan, room } = this.#options;
    return {
      id,
      data: join(this.#folder, `${id}.data`),
      log: join(this.#folder, `${id}.log`),
      take: (bytes) => room.take(plan, bytes, user),
      arrived: (bytes) => room.arrived(plan, bytes),
    };
  }

  async #names(): Promise<string[]> {
    try {
      return await readdir(this.#folder);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    }
  }

  /** The folder goes when nothing is in it: a store that nothing was stored in can be taken back. */
  async #tidy(): Promise<void> {
    await rmdir(this.#folder).catch(() => {});
  }
}

/** Whether an upload of this user can have, or have had, this id. */
export function isIdOf(user: User, id: string): boolean {
  return idPattern.exec(id)?.[1] === shortHash(user.name);
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
