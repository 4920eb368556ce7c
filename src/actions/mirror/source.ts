/** The server that is mirrored. */
import { createHash } from 'node:crypto';
import type { MirrorFile } from '../../catalog/mirror-lists.ts';
import { BatError } from '../../core/errors.ts';
import { FileChanged } from './place.ts';
import type { ServerLibrary } from './server-library.ts';

export class MirrorSource {
  readonly shown: string;
  /** All folders of its library are mirrored, each under its own name. */
  readonly isWhole: boolean;
  readonly #library: ServerLibrary;
  readonly #prefix: string;

  constructor(library: ServerLibrary) {
    const { folder, shown } = library.address;
    this.shown = shown;
    this.isWhole = folder === '';
    this.#library = library;
    this.#prefix = this.isWhole ? '' : `${folder}/`;
  }

  /**
   * Every file, its path without what the address names. `begin` is called first, and again if the listing broke off and begins anew.
   * `unread`: a file or folder that nothing is known of, and why. Returns the folders of the library. Throws USAGE for a folder that is not there: a slip
   * of the pen is no empty folder.
   */
  async look({ begin, want, unread }: { begin(): void; want(file: MirrorFile): void; unread(path: string, why: string): void }): Promise<string[]> {
    const unseen = await this.#library.sync();
    let all: string[] = [];
    let isEmpty = true;
    await this.#library.table(
      (folders) => {
        begin();
        all = folders;
        for (const path of unseen) {
          if (`${path}/`.startsWith(this.#prefix)) unread(path.slice(this.#prefix.length), 'The server itself cannot look at it');
          else if (this.#prefix.startsWith(`${path}/`)) unread('', `The server itself cannot look at ${path}`);
        }
      },
      ({ path, size, mtime, sha256, damaged }) => {
        if (!path.startsWith(this.#prefix)) return;
        isEmpty = false;
        const below = path.slice(this.#prefix.length);
        if (sha256 === undefined) unread(below, 'The server itself cannot read it');
        else if (damaged) unread(below, 'The disk of the server has damaged it');
        else want({ path: below, size, mtime, sha256 });
      },
    );
    if (isEmpty && !this.isWhole && unseen.length === 0) await this.#library.expectFolder();
    return all;
  }

  clock(): Promise<Date | null> {
    return this.#library.clock();
  }

  /**
   * The bytes of a file from `offset` on. Read from its beginning, the last of them are only given if all have the hash of the table: what they are stored
   * by is then never whole. Throws FileChanged.
   */
  async *read({ path, size, sha256 }: MirrorFile, offset: number): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256');
    let held: Uint8Array | null = null;
    try {
      for await (const piece of this.#library.read(`${this.#prefix}${path}`, size, sha256, offset)) {
        hash.update(piece);
        if (held) yield held;
        held = piece;
      }
    } catch (error) {
      throw settled(error);
    }
    if (offset === 0 && hash.digest('hex') !== sha256) throw new FileChanged(`${path} is not on ${this.shown} what its hash table says`);
    if (held) yield held;
  }

  close(): Promise<void> {
    return this.#library.close();
  }
}

/** It has been tried again for as long as it should: whoever stores what is read here must not do so once more. */
function settled(error: unknown): unknown {
  if (!(error instanceof BatError) || !error.transient) return error;
  return new BatError(error.code, error.message, { cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }), ...(error.subject === undefined ? {} : { subject: error.subject }) });
}
