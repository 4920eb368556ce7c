/**
 * Which objects in parts are being written or removed, noted in one asset for each machine and catalog: what a killed run leaves behind is
 * found by it. Listings would not do: they cost calls that are counted, and show new assets late.
 */
import { md5Of } from './api.ts';
import type { Gone } from './cleanup.ts';
import { encodeNotes, ownerOf, readNotes, type Note, type NoteFile } from './note-file.ts';
import type { CloudinaryStore } from './store.ts';
import { unlessAborted } from './unless-aborted.ts';

/** Notes are renewed when they get older than that, so those that are much older are of nobody who is still at it. */
const RENEWED_AFTER = 6 * 3_600_000;
export const ABANDONED_AFTER = 24 * 3_600_000;

export class Notes {
  readonly #store: CloudinaryStore;
  readonly #owner: string;
  /** Of this process, by stem. */
  readonly #own = new Map<string, Note>();
  /** By stem: what of the parts that are to be removed is gone. */
  readonly #gone = new Map<string, Gone>();
  /** What runs before this one left, and nobody has looked after yet or is to; null until it was asked for. */
  #inherited: readonly Note[] | null = null;
  #version = 0;
  #writtenVersion = 0;
  #writtenAt = 0;
  #writing: Promise<void> = Promise.resolve();

  /** `writer`: as the context of a target has it. */
  constructor(store: CloudinaryStore, writer = '') {
    this.#store = store;
    this.#owner = ownerOf(writer);
  }

  /** Where the notes of this machine and catalog lie. */
  get publicId(): string {
    return `${this.#store.notesPrefix}${this.#owner}.json`;
  }

  /** Whether parts of this stem may lie there that are not of this upload. */
  async isTaken(stem: string, upload: string): Promise<boolean> {
    return (await this.#all()).some((note) => note.stem === stem && note.upload !== upload);
  }

  /** What an upload noted, in this process or in one before it. */
  async find(name: string, upload: string): Promise<Note | null> {
    return (await this.#all()).find((note) => note.name === name && note.upload === upload) ?? null;
  }

  /** What this process began to remove of an object and has not done with. */
  dropsOf(name: string): Note[] {
    return [...this.#own.values()].filter((note) => note.name === name && note.drop !== undefined);
  }

  goneOf(stem: string): Gone {
    const gone = this.#gone.get(stem) ?? new Map<number, boolean>();
    this.#gone.set(stem, gone);
    return gone;
  }

  /** Returns when the note is stored. */
  async add(note: Note, signal: AbortSignal | undefined): Promise<void> {
    this.#disinherit(note.stem);
    this.#own.set(note.stem, note);
    this.#version++;
    await unlessAborted(this.#flush(), signal);
  }

  /** The note is no longer needed. That it may stay is no failure: it does no harm, and a sweep removes it. */
  async remove(stem: string, signal?: AbortSignal): Promise<void> {
    this.#disinherit(stem);
    this.#own.delete(stem);
    this.#gone.delete(stem);
    this.#version++;
    await unlessAborted(this.#flush().catch(() => {}), signal);
  }

  /** Shows others that this machine is still at it. */
  async renew(signal: AbortSignal | undefined): Promise<void> {
    if (this.#store.now() - this.#writtenAt < RENEWED_AFTER) return;
    this.#version++;
    await unlessAborted(this.#flush(), signal);
  }

  /** What earlier runs of this machine and catalog left. */
  async left(): Promise<NoteFile> {
    const { notes, written } = (await readNotes(this.#store, this.publicId)) ?? { notes: [], written: 0 };
    this.#inherited = notes.filter((note) => !this.#own.has(note.stem));
    return { notes: this.#inherited, written };
  }

  /** All of that has been looked after but what is `kept`, for an upload that is to be taken up. */
  async settle(kept: readonly Note[]): Promise<void> {
    if (this.#inherited && this.#inherited.length > 0) {
      this.#inherited = kept;
      this.#version++;
      await this.#flush();
    }
    this.#gone.clear();
  }

  async #all(): Promise<Note[]> {
    if (!this.#inherited) await this.left();
    return [...this.#inherited!, ...this.#own.values()];
  }

  #disinherit(stem: string): void {
    this.#inherited &&= this.#inherited.filter((note) => note.stem !== stem);
  }

  /** One write at a time; those that come meanwhile are done together. Not stopped by a signal: others wait for it too. */
  #flush(): Promise<void> {
    const wanted = this.#version;
    this.#writing = this.#writing.catch(() => {}).then(() => (this.#writtenVersion >= wanted ? undefined : this.#write()));
    return this.#writing;
  }

  async #write(): Promise<void> {
    if (!this.#inherited) await this.left();
    const version = this.#version;
    const notes = await this.#all();
    const written = this.#store.now();
    const bytes = encodeNotes({ notes, written });
    if (notes.length === 0) await this.#store.api.destroy(this.publicId);
    else await this.#store.api.upload(this.publicId, bytes, md5Of(bytes));
    this.#writtenVersion = version;
    this.#writtenAt = written;
  }
}
