/** Takes up uploads that another process of this machine and catalog began. */
import type { OpenOptions, ResumedUpload } from '../target.ts';
import { FinishedUpload } from './finished-upload.ts';
import { isStemOf, MOST_PARTS, partName } from './names.ts';
import type { Note } from './note-file.ts';
import type { Notes } from './notes.ts';
import type { Part } from './parts-list.ts';
import type { CloudinaryStore } from './store.ts';
import { CloudinaryUpload } from './upload.ts';
import { UploadParts } from './upload-parts.ts';

const AT_A_TIME = 8;

type Answer = Awaited<ReturnType<CloudinaryStore['ranges']['describe']>>;

export class Resumer {
  readonly #store: CloudinaryStore;
  readonly #notes: Notes;
  /** By stem, then number: what was answered. When it fails in the middle, the next try goes on from there. */
  readonly #asked = new Map<string, Map<number, Answer>>();

  constructor(store: CloudinaryStore, notes: Notes) {
    this.#store = store;
    this.#notes = notes;
  }

  /** Null if no note speaks of it and the object is not the one that it made. */
  async resume(name: string, id: string, options: OpenOptions): Promise<ResumedUpload | null> {
    const { partSize, signal } = options;
    // First, also for an object that is whole: only notes that were read can be written without this one.
    const note = await this.#notes.find(name, id);
    const list = await this.#store.partsToDrop(name, signal);
    if (list?.upload === id) {
      return { upload: new FinishedUpload(this.#store, this.#notes, { name, id, list, options }), parts: this.#asSent(list.parts.entries(), partSize) };
    }
    // Parts of an object are never written over.
    if (!note || !isStemOf(note.stem, name) || note.stem === list?.stem) return null;
    // Others see by it, before anything is asked, that these parts are not to be swept away.
    await this.#notes.add(note, signal);
    const { present, parts } = await this.#findParts(note, signal);
    const begun = { stem: note.stem, parts: new UploadParts(parts, present) };
    return { upload: new CloudinaryUpload(this.#store, this.#notes, { name, id, options, begun }), parts: this.#asSent(parts, partSize) };
  }

  /** Asks for one number after the other, by downloads, which are not counted. A part counts only if the service tells its MD5. */
  async #findParts({ stem, gap }: Note, signal: AbortSignal | undefined): Promise<{ present: number[]; parts: Map<number, Part> }> {
    const asked = this.#asked.get(stem) ?? new Map<number, Answer>();
    this.#asked.set(stem, asked);
    let last = -1;
    for (let first = 0; first < MOST_PARTS && first <= last + gap; first += AT_A_TIME) {
      const numbers = Array.from({ length: Math.min(AT_A_TIME, MOST_PARTS - first) }, (_, index) => first + index);
      const answers = await Promise.allSettled(numbers.map((number) => this.#ask(asked, stem, number, signal)));
      for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
      last = numbers.findLast((number) => asked.get(number)) ?? last;
    }
    this.#asked.delete(stem);
    const found = [...asked].flatMap(([number, answer]) => (answer ? [{ number, ...answer }] : []));
    return {
      present: found.map(({ number }) => number),
      parts: new Map(found.flatMap(({ number, size, md5 }) => (md5 === null ? [] : [[number, { size, md5 }]]))),
    };
  }

  async #ask(asked: Map<number, Answer>, stem: string, number: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (!asked.has(number)) asked.set(number, await this.#store.ranges.describe(this.#store.publicId(partName(stem, number)), signal));
  }

  /** As the sender counts them. Where one of its parts is several assets, the upload compares each of these when the part comes. */
  #asSent(parts: Iterable<[number, Part]>, partSize: number): ResumedUpload['parts'] {
    if (partSize > this.#store.assetSize) return new Map();
    return new Map([...parts].map(([index, { size, md5 }]) => [index, { size, checksum: `md5:${md5}` }]));
  }
}
