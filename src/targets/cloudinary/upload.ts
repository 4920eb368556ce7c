/** An object on its way: its parts as they come, then the list of them, which is what makes it one. */
import { randomBytes } from 'node:crypto';
import { BatError } from '../../core/errors.ts';
import type { OpenOptions, Receipt, Upload } from '../target.ts';
import { md5Of } from './api.ts';
import { removeParts } from './cleanup.ts';
import { freshStem, MOST_PARTS, partName, partsSuffix } from './names.ts';
import type { Note, Notes } from './notes.ts';
import type { Part, PartsList } from './parts-list.ts';
import { encodePartsList } from './parts-list.ts';
import type { CloudinaryStore } from './store.ts';

/** Parts may come in any order, but a sender has only a few of them at hand. */
const PARTS_AT_HAND = 16;
/** For what is removed when an upload is given up: whatever stopped it must not wait long. */
const CLEANUP_TIME = 60_000;

export class CloudinaryUpload implements Upload {
  readonly #store: CloudinaryStore;
  readonly #notes: Notes;
  readonly #name: string;
  readonly #partSize: number;
  readonly #assetSize: number;
  readonly #signal: AbortSignal | undefined;
  readonly #parts = new Map<number, Part>();
  /** Numbers that may lie there, whether or not they were confirmed. */
  readonly #tried = new Set<number>();
  readonly #going = new Set<Promise<unknown>>();
  #begun: Promise<string> | null = null;
  #stage: 'writing' | 'committing' | 'done' | 'aborted' = 'writing';
  /** A request ended without a reply: what it sent may still come to lie there. */
  #isUnsure = false;
  #replaced: PartsList | null | undefined;

  constructor(store: CloudinaryStore, notes: Notes, name: string, { partSize, signal }: OpenOptions) {
    this.#store = store;
    this.#notes = notes;
    this.#name = name;
    this.#partSize = partSize;
    this.#assetSize = store.assetSize;
    this.#signal = signal;
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
      const receipt = { name: this.#name, size, parts: this.#parts.size };
      if (this.#stage === 'done') return receipt;
      this.#confirmParts(size);
      const stem = await this.#begin();
      this.#replaced ??= await this.#store.partsToDrop(this.#name, this.#signal);
      const replaced = this.#replaced?.stem === stem ? null : this.#replaced;
      if (replaced) await this.#notes.add(this.#noteOf(replaced.stem), this.#signal);
      const parts = Array.from(this.#parts.keys(), (_, number) => this.#parts.get(number)!);
      this.#stage = 'committing';
      const list = encodePartsList(this.#name, { stem, size, parts });
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
      await removeParts(this.#store, stem, this.#tried, new Map(), signal);
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
    const isFree = present === null && !this.#notes.isOwn(this.#name);
    const stem = isFree ? this.#name : freshStem(this.#name, randomBytes(3).toString('hex'));
    await this.#notes.add(this.#noteOf(stem), this.#signal);
    return stem;
  }

  async #writePart(stem: string, number: number, bytes: Uint8Array): Promise<void> {
    if (number >= MOST_PARTS) {
      throw new BatError('TARGET_FULL', `${this.#name} is too large for target "${this.#store.id}": it would have more than ${MOST_PARTS} parts.`, {
        hint: 'Set a smaller `volume` in the tar step, or, if the account allows it, a larger `part-size` of the target.',
        subject: this.#name,
      });
    }
    const md5 = md5Of(bytes);
    // A sender's part is sent again as a whole, though only one of its assets may have failed.
    if (this.#parts.get(number)?.md5 === md5) return;
    this.#tried.add(number);
    const id = this.#store.publicId(partName(stem, number));
    try {
      await this.#store.api.upload(id, bytes, md5, this.#signal);
      this.#parts.set(number, { size: bytes.length, md5 });
    } catch (error) {
      this.#isUnsure = true;
      throw error;
    } finally {
      this.#store.ranges.forget(id);
    }
  }

  /** The parts are those of one object of this size: none is missing, and only the last of them is short. */
  #confirmParts(size: number): void {
    const known = [...this.#parts.values()].reduce((sum, part) => sum + part.size, 0);
    if (known === size && [...this.#parts.keys()].every((number) => number < this.#parts.size)) return;
    throw new BatError('TARGET_FAILED', `Target "${this.#store.id}" was given ${known} bytes of ${this.#name}, in ${this.#parts.size} parts, and needs ${size} bytes.`, {
      hint: 'This is a mistake in bat: please report it.',
      subject: this.#name,
    });
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
    if (this.#stage === 'aborted') throw new BatError('TARGET_FAILED', `The upload of ${this.#name} to target "${this.#store.id}" was given up.`, { subject: this.#name });
    const going = this.#store.guard('store', this.#name, this.#signal, work);
    this.#going.add(going);
    try {
      return await going;
    } finally {
      this.#going.delete(going);
    }
  }
}
