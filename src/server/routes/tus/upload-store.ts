/** The library of the tus protocol on one side, our uploads on the other. */
import { DataStore, Upload } from '@tus/server';
import type { Readable } from 'node:stream';
import type { User } from '../../access/users.ts';
import { ServerError } from '../../errors.ts';
import { expiry, type Uploads } from './uploads.ts';
import type { UploadRecord } from './upload-record.ts';

/** For one request: whose it is. */
export class UploadStore extends DataStore {
  override extensions = ['creation', 'creation-with-upload', 'termination', 'expiration'];
  readonly #uploads: Uploads;
  readonly #user: User;
  readonly #body: (most: number) => AsyncIterable<Uint8Array>;
  /** What the request is about, once that is known. */
  record: UploadRecord | null = null;

  /** `body`: the bytes of the request, `most` of them. */
  constructor(uploads: Uploads, user: User, body: (most: number) => AsyncIterable<Uint8Array>) {
    super();
    this.#uploads = uploads;
    this.#user = user;
    this.#body = body;
  }

  override async create(upload: Upload): Promise<Upload> {
    const { name, filename, hash, mtime } = upload.metadata ?? {};
    this.record = await this.#uploads.create(this.#user, { name: name ?? filename ?? '', size: upload.size!, hash: hash ?? undefined, mtime: mtime ?? undefined });
    upload.id = this.record.id;
    upload.creation_date = this.record.touched;
    if (upload.size === 0) await this.#uploads.finish(this.record, this.#user);
    return upload;
  }

  /** The stream is empty: what comes is read from Node's own, which costs half as much. */
  override async write(_stream: Readable, id: string): Promise<number> {
    const record = await this.#find(id);
    await this.#uploads.append(record, this.#user, this.#body(record.size - record.durable));
    await this.#finishIfWhole(record);
    return record.durable;
  }

  /** Bytes that are whole and not placed yet are placed now: a client that hears of the end believes that all is done. */
  override async getUpload(id: string): Promise<Upload> {
    const record = await this.#find(id);
    await this.#finishIfWhole(record);
    const { size, durable, placed, name, touched } = record;
    return new Upload({ id, size, offset: placed ? size : durable, metadata: { name }, creation_date: touched });
  }

  override async remove(id: string): Promise<void> {
    await this.#uploads.remove(await this.#find(id));
  }

  override getExpiration(): number {
    return expiry;
  }

  async #finishIfWhole(record: UploadRecord): Promise<void> {
    if (!record.placed && record.durable === record.size) await this.#uploads.finish(record, this.#user);
  }

  async #find(id: string): Promise<UploadRecord> {
    if (this.record?.id === id) return this.record;
    const record = await this.#uploads.find(id, this.#user);
    if (!record) throw new ServerError('NOT_FOUND', 'There is no such upload, or not any more.', { hint: 'Begin a new one: POST /uploads.' });
    return (this.record = record);
  }
}
