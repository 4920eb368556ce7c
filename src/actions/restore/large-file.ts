/** A file of several chunks on its way: they may come in any order, and from several volumes. */
import { createHash, type Hash } from 'node:crypto';
import fs, { type promises } from 'node:fs';
import type { ListedEntry } from '../../catalog/restore-list.ts';
import { BatError } from '../../core/errors.ts';
import { systemPath } from '../../core/paths.ts';
import { setAttributes } from './attributes.ts';
import { dataIn } from './write-bytes.ts';

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
const readSize = 1024 * 1024;

export class LargeFile {
  readonly temporary: string;
  readonly #entry: ListedEntry;
  #handle: promises.FileHandle | null = null;
  #exists = false;
  #missing: number;
  /** As long as the chunks come in their order, the whole is hashed on the way; null afterwards. */
  #hash: Hash | null = createHash('sha256');
  #hashed = 0;

  constructor(entry: ListedEntry, temporary: string) {
    this.#entry = entry;
    this.temporary = temporary;
    this.#missing = entry.parts;
  }

  get isComplete(): boolean {
    return this.#missing === 0;
  }

  async open(): Promise<void> {
    this.#handle = await fs.promises.open(systemPath(this.temporary), O_RDWR | O_NOFOLLOW | (this.#exists ? 0 : O_CREAT | O_EXCL), 0o600);
    this.#exists = true;
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }

  async write(position: number, bytes: Uint8Array): Promise<void> {
    const writing = this.#writeData(position, bytes);
    // Meanwhile, on this thread.
    this.#hashNext(position, bytes);
    await writing;
    this.#missing--;
  }

  #hashNext(position: number, bytes: Uint8Array): void {
    if (this.#hash && position === this.#hashed) {
      this.#hash.update(bytes);
      this.#hashed += bytes.length;
    } else {
      this.#hash = null;
    }
  }

  /** Checks the whole, sets its attributes and closes it. Returns what is wrong with the attributes. */
  async finish(): Promise<string | null> {
    const handle = this.#handle!;
    if (this.#entry.sparse) await handle.truncate(this.#entry.size);
    const sha256 = (this.#hash ?? (await this.#readBack())).digest();
    if (!sha256.equals(this.#entry.sha256!)) {
      throw new BatError('OBJECT_DAMAGED', 'its chunks are what they should be, but not the whole that they make: the manifest is damaged');
    }
    const problem = setAttributes(handle.fd, this.#entry);
    await this.close();
    return problem;
  }

  async #writeData(position: number, bytes: Uint8Array): Promise<void> {
    const parts = this.#entry.sparse ? dataIn(bytes, position) : ([[0, bytes.length]] as const);
    for (const [start, end] of parts) await this.#writeAll(bytes.subarray(start, end), position + start);
  }

  async #writeAll(bytes: Uint8Array, position: number): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      written += (await this.#handle!.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
    }
  }

  async #readBack(): Promise<Hash> {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(readSize);
    for (let at = 0; ; ) {
      const { bytesRead } = await this.#handle!.read(buffer, 0, readSize, at);
      if (bytesRead === 0) return hash;
      hash.update(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
  }
}
