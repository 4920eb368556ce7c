/** A second server that is filled. */
import { FileHashes } from '../../catalog/file-hashes.ts';
import type { FileThere, MirrorFile, MirrorMove } from '../../catalog/mirror-lists.ts';
import { BatError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import { isRefusal } from '../../targets/http/answers.ts';
import { confirmHash, keptBy, type Kept } from '../push/kept.ts';
import { FileChanged as UploadChanged } from '../push/read-file.ts';
import { ResumableUpload } from '../push/resumable-upload.ts';
import { asideBelow, FileChanged, FileRefused, type MirrorPlace } from './place.ts';
import { noFolder, type ServerLibrary } from './server-library.ts';

export interface ServerPlaceOptions {
  /** Where unfinished uploads are noted. */
  notes: string;
  time: Date;
  emit: Emit;
  signal: AbortSignal;
}

/** Files at a time. */
const parallel = 4;
/** Larger files go by an upload that can be gone on with. */
const wholeUpTo = 8 * 2 ** 20;

export class ServerPlace implements MirrorPlace {
  readonly shown: string;
  readonly identity: string;
  readonly prefix: string;
  readonly parallel = parallel;
  readonly #library: ServerLibrary;
  readonly #options: ServerPlaceOptions;
  #notes: FileHashes | null = null;

  constructor(library: ServerLibrary, options: ServerPlaceOptions) {
    const { folder, shown } = library.address;
    this.#options = options;
    this.shown = shown;
    this.identity = shown;
    this.prefix = folder === '' ? '' : `${folder}/`;
    this.#library = library;
  }

  async look({ begin, have, folders }: { begin(): void; have(file: FileThere): void; folders: readonly string[] | null }): Promise<void> {
    await this.#library.sync();
    await this.#library.table(
      (own) => {
        begin();
        if (this.prefix !== '') return;
        if (folders === null) throw new BatError('USAGE', `${this.shown} names no folder of the library to put the files in.`, { hint: `Write one of them: ${own.map((folder) => `${this.shown}/${folder}`).join(', ')}.` });
        const missing = folders.find((folder) => !own.includes(folder));
        if (missing !== undefined) throw noFolder(this.shown, missing, own);
      },
      ({ path, size, sha256 }) => {
        // What it could not read itself is nothing that can be counted on; its name is found to be taken when it is needed.
        if (sha256 === undefined) return;
        have({ path, size, sha256, outside: this.prefix === '' ? !folders!.includes(path.slice(0, path.indexOf('/'))) : !path.startsWith(this.prefix) });
      },
    );
  }

  asideOf(path: string, attempt: number): string {
    return asideBelow(path, this.prefix === '' ? 1 : this.prefix.split('/').length - 1, this.#options.time, attempt);
  }

  async move({ from, to, sha256 }: MirrorMove): Promise<void> {
    await this.#library.rename(from, to, sha256, false);
  }

  async copy({ from, to, sha256 }: MirrorMove): Promise<void> {
    await this.#library.rename(from, to, sha256, true);
  }

  async send(file: MirrorFile, pieces: (offset: number) => AsyncIterable<Uint8Array>): Promise<void> {
    const { path, size, sha256 } = file;
    const kept = await this.#sendBytes(file, pieces);
    if (kept.path === path) return;
    // Somebody else has brought the same content since the table was read.
    if (kept.path !== null && !kept.stored) return this.copy({ from: kept.path, to: path, size, sha256 });
    if (kept.path !== null) throw new FileRefused(`Something that the server does not list has its name: it lies at ${kept.path} there.`);
    throw new FileRefused('It is not stored: its content lies there where this token may not read.');
  }

  async remove({ path, sha256 }: { path: string; sha256: string }): Promise<void> {
    await this.#library.remove(path, sha256);
  }

  /** The folders of the library, and what the address names, stay. */
  async tidy(folders: Iterable<string>): Promise<void> {
    const least = Math.max(1, this.prefix.split('/').length - 1);
    const kept = new Set<string>();
    const gone = new Set<string>();
    for (const folder of folders) {
      for (let path = folder; path.split('/').length > least && !kept.has(path); path = path.slice(0, path.lastIndexOf('/'))) {
        if (gone.has(path)) continue;
        if (await this.#library.removeFolder(path)) gone.add(path);
        else kept.add(path);
      }
    }
  }

  async settle(): Promise<void> {
    // The server has written down all that it acknowledged.
  }

  async close(): Promise<void> {
    this.#notes?.close();
    await this.#library.close();
  }

  async #sendBytes({ path, size, mtime, sha256 }: MirrorFile, pieces: (offset: number) => AsyncIterable<Uint8Array>): Promise<Kept> {
    const { caller, line, address } = this.#library;
    const { signal } = this.#options;
    try {
      if (size > wholeUpTo) {
        const context = { caller, line, hashes: this.#openNotes(), server: address.server, signal };
        // What was sent is counted where it is read.
        return await new ResumableUpload(context, { name: path, size, sha256, mtime, absolute: path, pieces }, () => {}).send();
      }
      const query = { name: path, hash: `sha256:${sha256}`, mtime };
      const answer = await line.transfer(() => caller.json<{ stored?: unknown; path?: unknown; sha256?: unknown }>({ method: 'POST', path: ['upload'], query, body: { length: size, pieces: pieces(0) }, doing: 'send', what: path, signal }), signal);
      confirmHash(answer.sha256, { absolute: path, sha256 });
      return keptBy(answer);
    } catch (error) {
      if (error instanceof UploadChanged || isRefusal(error, 'HASH_MISMATCH')) throw new FileChanged(`${path} did not arrive as it was read`);
      throw error;
    }
  }

  /** Where uploads stand that can be gone on with. */
  #openNotes(): FileHashes {
    return (this.#notes ??= FileHashes.open(this.#options.notes, (reason) =>
      this.#options.emit({ type: 'issue', issue: { kind: 'note', path: this.#options.notes, message: `It was damaged and is made anew, so uploads that were under way begin anew: ${reason}.` } }),
    ));
  }
}
