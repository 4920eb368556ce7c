/** An object on its way into a folder: parts in any order, at their places in a temporary file. */
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BatError, systemCode } from '../../core/errors.ts';
import type { Receipt, Upload } from '../target.ts';
import type { FileStore } from './store.ts';
import { confirmLength, discard, openTemporary, writePaced } from './write.ts';

export class FileUpload implements Upload {
  readonly #store: FileStore;
  readonly #name: string;
  readonly #file: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  readonly #partSize: number;
  readonly #signal: AbortSignal | undefined;
  readonly #written = new Set<number>();
  /** How far `finish` has come, so that a replay goes on from there. */
  #stage: 'writing' | 'flushed' | 'renamed' | 'aborted' = 'writing';
  #inode = 0n;
  #lost: unknown = null;

  private constructor(store: FileStore, name: string, file: string, temporary: string, handle: FileHandle, partSize: number, signal: AbortSignal | undefined) {
    this.#store = store;
    this.#name = name;
    this.#file = file;
    this.#temporary = temporary;
    this.#handle = handle;
    this.#partSize = partSize;
    this.#signal = signal;
  }

  static async open(store: FileStore, name: string, partSize: number, signal: AbortSignal | undefined): Promise<FileUpload> {
    const file = store.locate(name);
    const temporary = store.temporaryBeside(file);
    const handle = await openTemporary(store, temporary);
    return new FileUpload(store, name, file, temporary, handle, partSize, signal);
  }

  async write(index: number, bytes: Uint8Array): Promise<void> {
    await this.#guard(async () => {
      if (bytes.length > this.#partSize) throw new RangeError(`A part of ${bytes.length} bytes is longer than ${this.#partSize}.`);
      await writePaced(this.#store, this.#handle, bytes, index * this.#partSize, this.#signal);
      if (bytes.length > 0) this.#written.add(index);
    });
  }

  async finish(size: number): Promise<Receipt> {
    return this.#guard(async () => {
      if (this.#stage === 'writing') await this.#flush(size);
      if (this.#stage === 'flushed') await this.#rename();
      await this.#store.folders.settle(dirname(this.#file));
      return { name: this.#name, size, parts: 1 };
    });
  }

  /** An object that has its name already keeps it: it is whole, and may have replaced another. */
  async abort(): Promise<void> {
    if (this.#stage === 'renamed' || this.#stage === 'aborted') return;
    this.#stage = 'aborted';
    await this.#handle.close().catch(() => {});
    await discard(this.#store, this.#temporary);
  }

  /**
   * A flush that failed is final. The system has dropped the pages it could not write and would report the next flush
   * as a success, and the parts are no longer there to be written again.
   */
  async #flush(size: number): Promise<void> {
    if (this.#lost) throw this.#lost;
    this.#confirmParts(size);
    this.#inode = await confirmLength(this.#store, this.#handle, this.#name, size);
    try {
      await this.#handle.sync();
      await this.#handle.close();
    } catch (error) {
      this.#lost = await this.#final(error);
      throw this.#lost;
    }
    this.#stage = 'flushed';
  }

  /** The length alone does not tell a part that was never written: a file may have holes. */
  #confirmParts(size: number): void {
    const expected = Math.ceil(size / this.#partSize);
    if (this.#written.size === expected) return;
    throw new BatError('TARGET_FAILED', `Target "${this.#store.id}" was given ${this.#written.size} parts of ${this.#name} and needs ${expected}.`, {
      hint: 'This is a mistake in bat: please report it.',
      subject: this.#name,
    });
  }

  /** A rename over a network may be done although it was reported as failed: then the file has its name already. */
  async #rename(): Promise<void> {
    try {
      await this.#store.disk.rename(this.#temporary, this.#file);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT' || !(await this.#hasItsName())) throw error;
    }
    this.#stage = 'renamed';
  }

  async #hasItsName(): Promise<boolean> {
    const there = await this.#store.disk.lstat(this.#file, { bigint: true }).catch(() => null);
    return there?.ino === this.#inode;
  }

  async #final(error: unknown): Promise<unknown> {
    const told = await this.#store.explain(error, 'flush to disk', this.#name);
    if (!(told instanceof BatError)) return told;
    return new BatError(told.code, told.message, { ...(told.hint ? { hint: told.hint } : {}), cause: error, subject: this.#name });
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    this.#signal?.throwIfAborted();
    if (this.#stage === 'aborted') throw new BatError('TARGET_FAILED', `The upload of ${this.#name} to target "${this.#store.id}" was given up.`, { subject: this.#name });
    return this.#store.guard('store', this.#name, work);
  }
}
