/** A second server that is filled. */
import type { FileThere, MirrorFile, MirrorMove } from '../../catalog/mirror-lists.ts';
import { BatError } from '../../core/errors.ts';
import { isRefusal } from '../../targets/http/answers.ts';
import { asideBelow, FileChanged, type MirrorPlace } from './place.ts';
import { noFolder, type ServerLibrary } from './server-library.ts';

/** Files at a time. */
const parallel = 4;

export class ServerPlace implements MirrorPlace {
  readonly shown: string;
  readonly prefix: string;
  readonly parallel = parallel;
  readonly #library: ServerLibrary;
  readonly #time: Date;
  readonly #signal: AbortSignal;

  constructor(library: ServerLibrary, time: Date, signal: AbortSignal) {
    const { folder, shown } = library.address;
    this.shown = shown;
    this.prefix = folder === '' ? '' : `${folder}/`;
    this.#library = library;
    this.#time = time;
    this.#signal = signal;
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
    return asideBelow(path, this.prefix === '' ? 1 : this.prefix.split('/').length - 1, this.#time, attempt);
  }

  async move({ from, to, sha256 }: MirrorMove): Promise<void> {
    await this.#library.rename(from, to, sha256, false);
  }

  async copy({ from, to, sha256 }: MirrorMove): Promise<void> {
    await this.#library.rename(from, to, sha256, true);
  }

  async send({ path, size, mtime, sha256 }: MirrorFile, pieces: (offset: number) => AsyncIterable<Uint8Array>): Promise<void> {
    const { caller, line } = this.#library;
    const answer = await line.transfer(async () => {
      try {
        return await caller.json<{ stored?: boolean; path?: string }>({
          method: 'POST',
          path: ['upload'],
          query: { name: path, hash: `sha256:${sha256}`, mtime },
          body: { length: size, pieces: pieces(0) },
          doing: 'send',
          what: path,
          signal: this.#signal,
        });
      } catch (error) {
        if (isRefusal(error, 'HASH_MISMATCH')) throw new FileChanged(`${path} did not arrive as it was read`);
        throw error;
      }
    }, this.#signal);
    if (answer.path === path) return;
    // Somebody else has brought the same content since the table was read.
    if (answer.path !== undefined && !answer.stored) return this.copy({ from: answer.path, to: path, size, sha256 });
    if (answer.path !== undefined) throw new FileChanged(`${path} was taken meanwhile, and the file lies at ${answer.path}`);
    throw new FileChanged(`${path} is not stored: its content lies where this token may not read`);
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

  close(): Promise<void> {
    return this.#library.close();
  }
}
