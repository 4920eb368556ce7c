/** The members of a dump, written one after the other. */
import type { Entry } from '../../core/entry.ts';
import { encodePath } from '../../core/paths.ts';
import type { FolderAttributes } from '../../volume/manifest.ts';
import { endOfArchive, memberHeader, padding, type Member } from '../../volume/tar-writer.ts';
import type { Write } from '../snapshot-data.ts';

const zeros = new Uint8Array(64 * 1024);

export class TarStream {
  readonly #source: string;
  readonly #write: Write;

  /** Every name begins with the source. */
  constructor(source: string, write: Write) {
    this.#source = source;
    this.#write = write;
  }

  /** An entry's header; of a file, `size` bytes and `finish` follow. */
  async member({ path, type, mode, uid, gid, mtime, link }: Entry, size = 0): Promise<void> {
    const member: Member = { path: this.#name(path), type, mode, uid, gid, mtime, size, exactTime: true };
    // A hard link names a member, a symbolic one whatever it pointed to.
    if (link !== undefined) member.link = type === 'hardlink' ? this.#name(link) : encodePath(link);
    await this.#write(memberHeader(member));
  }

  /** The folder that the source itself was. */
  async top({ mode, uid, gid, mtime }: FolderAttributes): Promise<void> {
    await this.#write(memberHeader({ path: this.#source, type: 'directory', mode, uid, gid, mtime, size: 0, exactTime: true }));
  }

  async bytes(bytes: Uint8Array): Promise<void> {
    await this.#write(bytes);
  }

  /** In place of bytes that are not to be had. */
  async zeros(length: number): Promise<void> {
    for (let left = length; left > 0; left -= zeros.length) await this.#write(zeros.subarray(0, Math.min(left, zeros.length)));
  }

  /** After a file's bytes. */
  async finish(size: number): Promise<void> {
    await this.zeros(padding(size));
  }

  async end(): Promise<void> {
    await this.#write(endOfArchive);
  }

  #name(path: string): Buffer {
    return encodePath(`${this.#source}/${path}`);
  }
}
