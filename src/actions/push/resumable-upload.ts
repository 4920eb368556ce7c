/**
 * Sends one large file by the tus protocol. Where it goes on is written down before the first byte: a broken line, and a push that was
 * killed, go on where the server says that it stands. https://tus.io/protocols/resumable-upload
 */
import type { FileHashes, UploadKey } from '../../catalog/file-hashes.ts';
import type { HttpCaller } from '../../targets/http/caller.ts';
import { isRefusal } from '../../targets/http/answers.ts';
import type { HttpReply } from '../../targets/shared/http-client.ts';
import type { Line } from '../../targets/line.ts';
import { BatError } from '../../core/errors.ts';
import { confirmHash, pathIn, type Kept } from './kept.ts';
import { FileChanged } from './read-file.ts';

export interface UploadedFile {
  /** In the library. */
  name: string;
  size: number;
  sha256: string;
  /** Seconds since 1970, with up to nine digits behind the point. */
  mtime: string;
  /** How it is named to a person. */
  absolute: string;
  /** Its bytes from an offset on. May be asked for again. */
  pieces(offset: number): AsyncIterable<Uint8Array>;
}

export interface UploadContext {
  caller: HttpCaller;
  line: Line;
  hashes: FileHashes;
  /** Its address. */
  server: string;
  signal: AbortSignal;
}

/** An upload may be gone twice in bad luck, and not more often. */
const mostBeginnings = 2;
const headers = { 'Tus-Resumable': '1.0.0' };

export class ResumableUpload {
  readonly #context: UploadContext;
  readonly #file: UploadedFile;
  readonly #key: UploadKey;
  readonly #count: (bytes: number) => void;
  /** Bytes that were counted so far. */
  #counted = 0;
  /** Where the server stood when bytes were sent last; null before that. */
  #sentFrom: number | null = null;
  #begun = 0;

  constructor(context: UploadContext, file: UploadedFile, count: (bytes: number) => void) {
    this.#context = context;
    this.#file = file;
    this.#count = count;
    this.#key = { server: context.server, name: file.name, sha256: file.sha256 };
  }

  /** Throws as `PushServer.send` does. */
  async send(): Promise<Kept> {
    const { line, hashes, signal } = this.#context;
    for (;;) {
      // An upload that gets on has all the tries again: a long file on a bad line is not given up for many breaks.
      const kept = await line.transfer(() => this.#attempt(), signal);
      if (!kept) continue;
      hashes.forgetUpload(this.#key);
      return kept;
    }
  }

  /** Null if the one before has brought it further, though it failed. */
  async #attempt(): Promise<Kept | null> {
    const place = this.#context.hashes.upload(this.#key) ?? (await this.#create());
    const state = await this.#state(place);
    if (state === null) {
      // It has expired, or its disk is another one.
      this.#context.hashes.forgetUpload(this.#key);
      this.#sentFrom = null;
      if (this.#begun > mostBeginnings) throw new BatError('TARGET_FAILED', `The server forgets the upload of ${this.#file.absolute} as soon as it has begun.`, { hint: 'Its own log may say why.' });
      return null;
    }
    const { offset, reply } = state;
    this.#countTo(offset);
    if (offset === this.#file.size) return this.#keptBy(reply);
    if (this.#sentFrom !== null && offset > this.#sentFrom) {
      this.#sentFrom = null;
      return null;
    }
    this.#sentFrom = offset;
    try {
      return this.#keptBy(await this.#sendFrom(place, offset));
    } catch (error) {
      // What arrived is not what was said, and nobody goes on with that: the file is not what it was taken for, or the line is bad.
      const isOther = isRefusal(error, 'HASH_MISMATCH');
      if (isOther || isRefusal(error, 'NOT_FOUND')) this.#context.hashes.forgetUpload(this.#key);
      throw isOther ? new FileChanged() : error;
    }
  }

  /** Begins one. Returns its place on the server: the path of its address. */
  async #create(): Promise<string> {
    const { caller, hashes, signal } = this.#context;
    this.#begun++;
    const { name, size, sha256, mtime, absolute } = this.#file;
    const metadata = Object.entries({ name, hash: `sha256:${sha256}`, mtime });
    const reply = await caller.call({
      method: 'POST',
      path: ['uploads'],
      headers: { ...headers, 'Upload-Length': String(size), 'Upload-Metadata': metadata.map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`).join(',') },
      doing: 'send',
      what: absolute,
      signal,
    });
    const id = /\/uploads\/([\w-]+)$/.exec(String(reply.headers.location))?.[1];
    await ended(reply);
    if (id === undefined) throw new BatError('TARGET_FAILED', `The server does not say where ${absolute} is to be sent.`, { hint: 'Is there a proxy in between that changes answers?' });
    hashes.noteUpload(this.#key, id);
    return id;
  }

  /** How far the server is; null if it knows of no such upload. */
  async #state(id: string): Promise<{ offset: number; reply: HttpReply } | null> {
    const { caller, signal } = this.#context;
    try {
      const reply = await caller.call({ method: 'HEAD', path: ['uploads', id], headers, doing: 'ask', what: `how much of ${this.#file.absolute} is there`, signal });
      await ended(reply);
      return { offset: this.#offsetOf(reply), reply };
    } catch (error) {
      if (isRefusal(error, 'NOT_FOUND', 'GONE', 'HASH_MISMATCH')) return null;
      throw error;
    }
  }

  async #sendFrom(id: string, offset: number): Promise<HttpReply> {
    const { caller, signal } = this.#context;
    const reply = await caller.call({
      method: 'PATCH',
      path: ['uploads', id],
      headers: { ...headers, 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream' },
      body: { length: this.#file.size - offset, pieces: this.#counting(this.#file.pieces(offset)) },
      doing: 'send',
      what: this.#file.absolute,
      signal,
    });
    await ended(reply);
    return reply;
  }

  async *#counting(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      yield piece;
      this.#countTo(this.#counted + piece.length);
    }
  }

  #countTo(bytes: number): void {
    this.#count(bytes - this.#counted);
    this.#counted = bytes;
  }

  #offsetOf(reply: HttpReply): number {
    const offset = Number(reply.headers['upload-offset']);
    if (Number.isSafeInteger(offset) && offset >= 0 && offset <= this.#file.size) return offset;
    throw new BatError('TARGET_FAILED', `The server does not say how much of ${this.#file.absolute} it has.`, { hint: 'Is there a proxy in between that changes answers?' });
  }

  #keptBy(reply: HttpReply): Kept {
    confirmHash(reply.headers['bat-sha256'], this.#file);
    this.#countTo(this.#file.size);
    return { stored: reply.headers['bat-duplicate'] === undefined, path: pathIn(reply.headers['bat-path']) };
  }
}

/** Reads the rest of an answer, so that its connection can be used again. */
async function ended(reply: HttpReply): Promise<void> {
  for await (const _ of reply.body);
}
