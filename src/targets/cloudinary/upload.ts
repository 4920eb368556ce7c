/** An object on its way: its parts as they come, then the list of them, which is what makes it one. */
import type { OpenOptions, Receipt, Upload } from '../target.ts';
import { md5Of } from './api.ts';
import { removeParts } from './cleanup.ts';
import { freshStem, MOST_PARTS, partName, partsSuffix } from './names.ts';
import type { Note } from './note-file.ts';
import type { Notes } from './notes.ts';
import type { PartsList } from './parts-list.ts';
import { encodePartsList } from './parts-list.ts';
import type { CloudinaryStore } from './store.ts';
import { gaveUp, tooManyParts, wrongParts } from './upload-errors.ts';
import { UploadParts } from './upload-parts.ts';

/** Parts may come in any order, but a sender has only a few of them at hand. */
const PARTS_AT_HAND = 16;
/** For what is removed when an upload is given up: whatever stopped it must not wait long. */
const CLEANUP_TIME = 60_000;

export interface UploadPlace {
  name: string;
  id: string;
  options: OpenOptions;
  /** What another process had of it, if it is taken up. */
  begun?: { stem: string; parts: UploadParts };
}

export class CloudinaryUpload implements Upload {
  readonly id: string;
  readonly #store: CloudinaryStore;
  readonly #notes: Notes;
  readonly #name: string;
  readonly #partSize: number;
  readonly #assetSize: number;
  readonly #signal: AbortSignal | undefined;
  readonly #parts: UploadParts;
  readonly #going = new Set<Promise<unknown>>();
  #begun: Promise<string> | null;
  #stage: 'writing' | 'committing' | 'done' | 'aborted' = 'writing';
  /** A request ended without a reply: what it sent may still come to lie there. */
  #isUnsure: boolean;
  #replaced: PartsList | null | undefined;

  constructor(store: CloudinaryStore, notes: Notes, { name, id, options, begun }: UploadPlace) {
    this.id = id;
    this.#store = store;
    this.#notes = notes;
    this.#name = name;
    this.#partSize = options.partSize;
    this.#assetSize = store.assetSize;
    this.#signal = options.signal;
    this.#parts = begun?.parts ?? new UploadParts();
    this.#begun = begun ? Promise.resolve(begun.stem) : null;
    this.#isUnsure = begun !== undefined;
  }

  async write(index: number, bytes: Uint8Array): Promise<void> {
    await this.#guard(async () => {
      if (bytes.length > this.#partSize) throw new RangeError(`A part of ${bytes.length} bytes is longer than ${this.#partSize}.`);
      if (bytes.length === 0) return;
      const stem = await this.#begin();
      await this.#notes.renew(this.#signal);
      for (let at = 0; at < bytes.length; at += this.#assetSize) {
        const number = index * this.#assetsInPart() + at / this.#assetSize;
        await this.#writePart(stem, number, bytes.subarray(at, at + this.#assetSize));
      }
    });
  }

  async finish(size: number): Promise<Receipt> {
    return this.#guard(async () => {
      const found = this.#parts.ofSize(size);
      if (!found) throw wrongParts(this.#store, this.#name, size);
      const { parts, beyond } = found;
      const receipt = { name: this.#name, size, parts: parts.length };
      if (this.#stage === 'done') return receipt;
      const stem = await this.#begin();
      this.#replaced ??= await this.#store.partsToDrop(this.#name, this.#signal);
      const replaced = this.#replaced?.stem === stem ? null : this.#replaced;
      if (replaced) await this.#notes.add(this.#noteOf(replaced.stem), this.#signal);
      await removeParts(this.#store, stem, beyond, new Map(), this.#signal);
      this.#stage = 'committing';
      const list = encodePartsList(this.#name, { stem, size, parts, upload: this.id });
      await this.#store.api.upload(this.#store.publicId(this.#name + partsSuffix), list, md5Of(list), this.#signal);
      // An asset of the plain name would be taken for the object.
      await this.#store.destroyPlain(this.#name, this.#signal);
      this.#stage = 'done';
      if (replaced) await this.#drop(replaced);
      await this.#notes.remove(stem, this.#signal);
      return receipt;
    });
  }

  /** What is an object, or may become one by a request that got no reply, stays: it is whole, and may have replaced another. */
  async abort(): Promise<void> {
    if (this.#stage === 'done' || this.#stage === 'aborted') return;
    await Promise.allSettled(this.#going);
    // A sweep finds out which it is.
    if (this.#stage !== 'writing') return;
    this.#stage = 'aborted';
    const stem = await this.#begun?.catch(() => null);
    if (stem === null || stem === undefined) return;
    const signal = AbortSignal.timeout(CLEANUP_TIME);
    try {
      await removeParts(this.#store, stem, this.#parts.tried, new Map(), signal);
      if (!this.#isUnsure) await this.#notes.remove(stem);
    } catch {
      // The note says what lies there, so a sweep gets it.
    }
  }

  /** Chooses what the parts are called, and notes it, so that they are found should they be left behind. */
  #begin(): Promise<string> {
    this.#begun ??= this.#choose().catch((error: unknown) => {
      this.#begun = null;
      throw error;
    });
    return this.#begun;
  }

  async #choose(): Promise<string> {
    const present = await this.#store.partsToDrop(this.#name, this.#signal);
    const isFree = present === null && !(await this.#notes.isTaken(this.#name, this.id));
    const stem = isFree ? this.#name : freshStem(this.#name, this.id);
    await this.#notes.add({ ...this.#noteOf(stem), upload: this.id }, this.#signal);
    return stem;
  }

  async #writePart(stem: string, number: number, bytes: Uint8Array): Promise<void> {
    if (number >= MOST_PARTS) throw tooManyParts(this.#store, this.#name);
    const md5 = md5Of(bytes);
    if (this.#parts.has(number, md5)) return;
    this.#parts.begin(number);
    const id = this.#store.publicId(partName(stem, number));
    try {
      await this.#store.api.upload(id, bytes, md5, this.#signal);
      this.#parts.confirm(number, { size: bytes.length, md5 });
    } catch (error) {
      this.#isUnsure = true;
      throw error;
    } finally {
      this.#store.ranges.forget(id);
    }
  }

  /** What was the object before. It is none any more: that some of it may stay is no failure of this one. */
  async #drop({ stem, parts, isDamaged }: PartsList): Promise<void> {
    try {
      await removeParts(this.#store, stem, parts.keys(), new Map(), this.#signal);
      if (!isDamaged) await this.#notes.remove(stem);
    } catch {
      this.#signal?.throwIfAborted();
    }
  }

  #noteOf(stem: string): Note {
    return { name: this.#name, stem, gap: Math.min(MOST_PARTS, PARTS_AT_HAND * this.#assetsInPart()) };
  }

  #assetsInPart(): number {
    return Math.ceil(this.#partSize / this.#assetSize);
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    this.#signal?.throwIfAborted();
    if (this.#stage === 'aborted') throw gaveUp(this.#store, this.#name);
    const going = this.#store.guard('store', this.#name, this.#signal, work);
    this.#going.add(going);
    try {
      return await going;
    } finally {
      this.#going.delete(going);
    }
  }
}
