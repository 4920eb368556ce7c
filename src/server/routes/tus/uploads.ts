/**
 * Uploads that go on over several requests, and over restarts of the server. Their bytes lie in `.bat-uploads` of the folder that
 * they are for; when the last one has come the library places the file, as it does with every other.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { explainDisk, LibraryError } from '../../../library/errors.ts';
import { parseContentHash } from '../../../library/content-hash.ts';
import { parseNewPath } from '../../../library/names.ts';
import type { Library } from '../../../library/library.ts';
import type { Admission } from '../../../library/space.ts';
import type { User } from '../../access/users.ts';
import type { ServerContext } from '../../context.ts';
import { ServerError } from '../../errors.ts';
import { append } from './upload-bytes.ts';
import { bytesName, looksLikeId, parseUploadName, readRecord, recordName, uploadPrefix, writeRecord, type UploadRecord } from './upload-record.ts';

export interface NewUpload {
  name: string;
  size: number;
  hash?: string | undefined;
  mtime?: string | undefined;
}

/** Milliseconds after which an upload that nobody goes on with is removed. */
export const expiry = 7 * 86_400_000;
/** For so long a client can ask what became of an upload that is placed. */
const placedExpiry = 86_400_000;
/** Of one user at a time. */
const mostUnfinished = 1000;
/** The same of uploads that are placed: their records take up room that no quota knows of. */
const mostPlaced = 1000;

export class Uploads {
  readonly #context: ServerContext;
  readonly #library: Library;
  /** The room that unfinished uploads take up, by id; and whose they are. */
  readonly #rooms = new Map<string, { user: string; admission: Admission }>();
  readonly #finishing = new Set<string>();
  /** By user, the oldest first. */
  #placed = new Map<string, UploadRecord[]>();
  readonly #mostPlaced: number;

  constructor(context: ServerContext, most = mostPlaced) {
    this.#context = context;
    this.#library = context.library;
    this.#mostPlaced = most;
  }

  /** Throws what the library refuses, and QUOTA for too many at a time. */
  async create(user: User, { name, size, hash, mtime }: NewUpload): Promise<UploadRecord> {
    const { folder } = parseNewPath(name);
    if (hash !== undefined && !parseContentHash(hash)) throw new ServerError('BAD_REQUEST', `"${hash}" is no hash.`, { hint: 'Send the MD5 or the SHA-256 in hexadecimal digits.' });
    if (mtime !== undefined && !/^-?\d{1,12}(\.\d{1,9})?$/.test(mtime)) throw new ServerError('BAD_REQUEST', `"${mtime}" is no time.`, { hint: 'Send seconds since 1970.' });
    const unfinished = [...this.#rooms.values()].filter((room) => room.user === user.name).length;
    if (unfinished >= mostUnfinished) throw new ServerError('QUOTA', `${user.name} has ${mostUnfinished} unfinished uploads.`, { hint: 'Finish some of them, or end them by DELETE.' });
    const record: UploadRecord = {
      version: 1,
      id: randomBytes(16).toString('hex'),
      user: user.name,
      name,
      size,
      ...(hash === undefined ? {} : { hash }),
      ...(mtime === undefined ? {} : { mtime }),
      durable: 0,
      touched: new Date().toISOString(),
    };
    const uploads = await this.#library.uploadsFolder(folder);
    await this.#roomOf(record, user);
    try {
      await this.#guard(record, () => writeRecord(uploads, record));
    } catch (error) {
      this.#leave(record.id);
      throw error;
    }
    return record;
  }

  /** Null if there is no such upload of this user. Throws FOLDER_AWAY if it may lie in a folder that is away. */
  async find(id: string, user: User): Promise<UploadRecord | null> {
    if (!looksLikeId(id)) return null;
    let away: LibraryError | null = null;
    for (const { id: folder } of this.#context.settings.library) {
      if (!user.mayUseFolder(folder)) continue;
      const uploads = await this.#folderIfThere(folder);
      const record = typeof uploads === 'string' ? await readRecord(uploads, id) : null;
      if (uploads instanceof LibraryError) away = uploads;
      if (record) return record.user === user.name && !hasExpired(record) ? record : null;
    }
    if (away) throw away;
    return null;
  }

  /** Writes what comes, from where the upload stands. Whatever it throws, `record` says afterwards where it stands then. */
  async append(record: UploadRecord, user: User, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const folder = await this.#folderOf(record);
    const admission = await this.#roomOf(record, user);
    await this.#guard(record, () =>
      append(pieces, {
        file: `${folder}/${bytesName(record.id)}`,
        from: record.durable,
        admission,
        flushed: async (bytes) => {
          record.durable = bytes;
          record.touched = new Date().toISOString();
          await writeRecord(folder, record);
        },
      }),
    );
  }

  /** Places what is whole. What does not pass ends the upload, as does the loss of its bytes; after any other error this can be called again. */
  async finish(record: UploadRecord, user: User): Promise<void> {
    const { id, name, size, hash, mtime } = record;
    const folder = await this.#folderOf(record);
    const room = await this.#roomOf(record, user);
    this.#finishing.add(id);
    try {
      if (size === 0) await append([] as never, { file: `${folder}/${bytesName(id)}`, from: 0, admission: room, flushed: async () => {} });
      const contentHash = hash === undefined ? null : parseContentHash(hash);
      const placed = await this.#library.place(name, { file: `${folder}/${bytesName(id)}` }, {
        size,
        giver: { name: user.name, ...(user.quota === null ? {} : { quota: user.quota }) },
        within: (one) => user.mayUseFolder(one),
        ...(contentHash ? { hash: contentHash } : {}),
        ...(mtime === undefined ? {} : { mtime }),
      });
      record.placed = { path: placed.path, sha256: placed.sha256, stored: placed.stored };
      record.touched = new Date().toISOString();
      await writeRecord(folder, record);
      this.#leave(id);
      await this.#notePlaced(record);
    } catch (error) {
      const isEnded = error instanceof LibraryError && (ended.has(error.code) || !existsSync(`${folder}/${bytesName(id)}`));
      if (isEnded) await this.remove(record);
      throw error;
    } finally {
      this.#finishing.delete(id);
    }
  }

  /** It is being placed, which may take a while. */
  isFinishing(id: string): boolean {
    return this.#finishing.has(id);
  }

  /** Nothing is left of it but what was placed. */
  async remove(record: UploadRecord): Promise<void> {
    const folder = await this.#folderOf(record);
    await rm(`${folder}/${recordName(record.id)}`, { force: true });
    await rm(`${folder}/${bytesName(record.id)}`, { force: true });
    this.#leave(record.id);
  }

  /** Removes what has expired, and counts the room of what has not. Called when the server starts and now and then. */
  async sweep(): Promise<void> {
    const placed: UploadRecord[] = [];
    for (const { id: folder } of this.#context.settings.library) {
      const uploads = await this.#folderIfThere(folder);
      if (uploads instanceof LibraryError) continue;
      for (const name of await readdir(uploads)) {
        const record = name.startsWith(uploadPrefix) ? await this.#sweepOne(uploads, name) : null;
        if (record?.placed) placed.push(record);
      }
    }
    this.#placed = Map.groupBy(placed.sort((one, other) => (one.touched < other.touched ? -1 : 1)), ({ user }) => user);
    for (const records of this.#placed.values()) await this.#forgetOldest(records);
  }

  async #notePlaced(record: UploadRecord): Promise<void> {
    const records = this.#placed.get(record.user) ?? [];
    this.#placed.set(record.user, records);
    records.push(record);
    await this.#forgetOldest(records);
  }

  async #forgetOldest(records: UploadRecord[]): Promise<void> {
    for (const old of records.splice(0, Math.max(0, records.length - this.#mostPlaced))) await this.remove(old);
  }

  /** Gives the record of what stays, once. */
  async #sweepOne(uploads: string, name: string): Promise<UploadRecord | null> {
    const { id, isRecord } = parseUploadName(name) ?? { id: '', isRecord: false };
    const record = id === '' ? null : await readRecord(uploads, id);
    if (!record || hasExpired(record)) {
      // What has no record was cut off while it was begun, by a kill or just now.
      const since = record ? Date.parse(record.touched) : ((await stat(`${uploads}/${name}`).catch(() => null))?.mtimeMs ?? Date.now());
      if (record || Date.now() - since > expiry) await rm(`${uploads}/${name}`, { force: true });
      if (record) this.#leave(id);
      return null;
    }
    if (!isRecord) return null;
    const user = this.#context.settings.users.find(({ name: one }) => one === record.user);
    if (record.placed || this.#rooms.has(id)) return record;
    // Where there is no room left it is refused as soon as more comes.
    await this.#roomOf(record, { quota: user?.quota ?? null }).catch((error: unknown) => {
      if (!(error instanceof LibraryError)) throw error;
    });
    return record;
  }

  /** The room that it takes up already, and takes its further bytes from. */
  async #roomOf({ id, name, size, durable, user }: UploadRecord, { quota }: Pick<User, 'quota'>): Promise<Admission> {
    const room = this.#rooms.get(id);
    if (room) return room.admission;
    const { folder } = parseNewPath(name);
    const admission = await this.#library.admit(folder, { size, giver: { name: user, ...(quota === null ? {} : { quota }) }, already: durable });
    this.#rooms.set(id, { user, admission });
    return admission;
  }

  #leave(id: string): void {
    this.#rooms.get(id)?.admission.release();
    this.#rooms.delete(id);
  }

  async #folderOf({ name }: UploadRecord): Promise<string> {
    return this.#library.uploadsFolder(parseNewPath(name).folder);
  }

  async #folderIfThere(folder: string): Promise<string | LibraryError> {
    try {
      return await this.#library.uploadsFolder(folder);
    } catch (error) {
      if (error instanceof LibraryError && error.code === 'FOLDER_AWAY') return error;
      throw error;
    }
  }

  async #guard<T>({ name }: UploadRecord, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw explainDisk(error, `${name} could not be stored`);
    }
  }
}

/** The client has to begin anew after these. */
const ended: ReadonlySet<string> = new Set(['HASH_MISMATCH', 'BAD_REQUEST', 'NAME_REFUSED']);

function hasExpired({ touched, placed }: UploadRecord): boolean {
  return Date.now() - Date.parse(touched) > (placed ? placedExpiry : expiry);
}
