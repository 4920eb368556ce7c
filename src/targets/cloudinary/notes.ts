/**
 * Which objects in parts are being written or removed, noted in one asset for each machine and catalog: what a killed run leaves behind is
 * found by it. Listings would not do: they cost calls that are counted, and show new assets late.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { BatError } from '../../core/errors.ts';
import { readAgain } from '../../core/read-again.ts';
import { decodeSummed, encodeSummed } from '../../core/summed-json.ts';
import { md5Of } from './api.ts';
import type { Gone } from './cleanup.ts';
import type { CloudinaryStore } from './store.ts';

/** Parts that may lie there, and that nobody needs unless the list of the object's parts names them. */
export interface Note {
  name: string;
  stem: string;
  /** How many numbers in a row may be free before one that is not. */
  gap: number;
  /** They are being removed: so many of them. */
  drop?: number;
}

/** Notes are renewed when they get older than that, so those that are much older are of nobody who is still at it. */
const RENEWED_AFTER = 6 * 3_600_000;
export const ABANDONED_AFTER = 24 * 3_600_000;

export class Notes {
  readonly #store: CloudinaryStore;
  /** The same after a restart: what was under way at a power cut is found by it. */
  readonly #who: string;
  /** Of this process, by stem. */
  readonly #own = new Map<string, Note>();
  /** By stem: what of the parts that are to be removed is gone. */
  readonly #gone = new Map<string, Gone>();
  /** What runs before this one left, not looked after yet; null until it was asked for. */
  #inherited: readonly Note[] | null = null;
  #version = 0;
  #writtenVersion = 0;
  #writtenAt = 0;
  #writing: Promise<void> = Promise.resolve();

  /** `writer`: as the context of a target has it. */
  constructor(store: CloudinaryStore, writer = '') {
    this.#store = store;
    this.#who = createHash('sha256').update([hostname(), machineId(), writer].join('\n')).digest('hex').slice(0, 12);
  }

  /** Where the notes of this machine and catalog lie. */
  get publicId(): string {
    return `${this.#store.notesPrefix}${this.#who}.json`;
  }

  isOwn(stem: string): boolean {
    return this.#own.has(stem);
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
    this.#own.set(note.stem, note);
    this.#version++;
    await unlessAborted(this.#flush(), signal);
  }

  /** The note is no longer needed. That it may stay is no failure: it does no harm, and a sweep removes it. */
  async remove(stem: string, signal?: AbortSignal): Promise<void> {
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
  async left(): Promise<readonly Note[]> {
    this.#inherited = ((await readNotes(this.#store, this.publicId))?.notes ?? []).filter((note) => !this.#own.has(note.stem));
    return this.#inherited;
  }

  /** All of that has been looked after. */
  async settle(): Promise<void> {
    if (this.#inherited && this.#inherited.length > 0) {
      this.#inherited = [];
      this.#version++;
      await this.#flush();
    }
    this.#gone.clear();
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
    const notes = [...this.#inherited!, ...this.#own.values()];
    if (notes.length === 0) await this.#store.api.destroy(this.publicId);
    else await this.#upload(notes);
    this.#writtenVersion = version;
    this.#writtenAt = this.#store.now();
  }

  #upload(notes: readonly Note[]): Promise<void> {
    const bytes = encodeSummed({ host: hostname(), written: new Date(this.#store.now()).toISOString(), notes }, 1);
    return this.#store.api.upload(this.publicId, bytes, md5Of(bytes));
  }
}

/** The notes in an asset, and when they were written, in milliseconds. Null if there is none; what is damaged says nothing. */
export async function readNotes(store: CloudinaryStore, publicId: string, signal?: AbortSignal): Promise<{ notes: Note[]; written: number } | null> {
  try {
    return await readAgain(async () => {
      const bytes = await store.ranges.whole(publicId, signal);
      return bytes && decodeNotes(bytes, publicId);
    });
  } catch (error) {
    if (!(error instanceof BatError) || error.code !== 'OBJECT_DAMAGED') throw error;
    return { notes: [], written: 0 };
  }
}

function decodeNotes(bytes: Uint8Array, publicId: string): { notes: Note[]; written: number } {
  const { notes, written } = decodeSummed(bytes) ?? {};
  if (!Array.isArray(notes)) throw new BatError('OBJECT_DAMAGED', `${publicId} is damaged.`, { subject: publicId });
  return { notes: notes.filter(isNote), written: Date.parse(String(written)) || 0 };
}

function isNote(note: Partial<Note> | null): note is Note {
  return typeof note?.name === 'string' && typeof note.stem === 'string' && Number.isSafeInteger(note.gap);
}

/** What others wait for too goes on, but not for somebody who is to stop. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return work;
  work.catch(() => {});
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  try {
    await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Not every system has one; the name alone must do there. */
function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    return '';
  }
}
