/**
 * A target that is filled: a bucket, an account. Each file is an object under its own path, or under a name made of its content where the target does not
 * take that path, or has something else there. Objects stay under the name they were stored by: a move is a line of the index.
 */
import { createHash } from 'node:crypto';
import type { FileThere, MirrorFile, MirrorMove } from '../../catalog/mirror-lists.ts';
import { MirrorIndex, type IndexedFile } from '../../catalog/mirror-index.ts';
import { BatError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import { formatCount } from '../../core/units.ts';
import type { Target } from '../../targets/target.ts';
import { IndexJournal, ownFolder, readIndex, writeIndex } from './index-object.ts';
import { asideBelow, FileChanged, type MirrorPlace } from './place.ts';

export interface TargetPlaceOptions {
  target: Target;
  shown: string;
  identity: string;
  /** Where changes of the index are noted until it is written. */
  journal: string;
  dryRun: boolean;
  time: Date;
  emit: Emit;
  signal: AbortSignal;
}

/** Bytes that are fetched at a time to find out what an object holds. */
const BLOCK = 4 * 2 ** 20;

export class TargetPlace implements MirrorPlace {
  readonly shown: string;
  readonly identity: string;
  readonly prefix = '';
  readonly #options: TargetPlaceOptions;
  readonly #index = new MirrorIndex();
  readonly #journal: IndexJournal;
  /** Names that something is being stored under just now. */
  readonly #taken = new Set<string>();
  #isChanged = false;

  constructor(options: TargetPlaceOptions) {
    this.shown = options.shown;
    this.identity = options.identity;
    this.#options = options;
    this.#journal = new IndexJournal(options.journal);
  }

  get parallel(): number {
    return this.#options.target.capabilities.parallel;
  }

  async look({ begin, have }: { begin(): void; have(file: FileThere): void }): Promise<void> {
    const { target, dryRun, emit, signal } = this.#options;
    begin();
    if (!(await this.#connect())) return;
    if (!dryRun) await target.sweep({ signal });
    const id = await readIndex(target, this.#index, signal);
    this.#isChanged = await this.#journal.replay(id, this.#index);
    for await (const { name, size } of target.list('', signal)) this.#index.listed(name, size);
    const missing = this.#index.dropMissing();
    if (missing > 0) {
      this.#isChanged = true;
      emit({ type: 'issue', target: target.id, issue: { kind: 'lost', message: `${formatCount(missing, 'file')} that the index names ${missing === 1 ? 'is' : 'are'} not there any more, or not in full: what is still wanted of them is sent again.` } });
    }
    for (const { path, size, sha256 } of this.#index.all()) have({ path, size, sha256 });
  }

  asideOf(path: string, attempt: number): string {
    return asideBelow(path, 0, this.#options.time, attempt);
  }

  async move({ from, to }: MirrorMove): Promise<void> {
    const file = this.#found(from);
    this.#put({ ...file, path: to });
    this.#drop(from);
  }

  async copy({ from, to }: MirrorMove): Promise<void> {
    this.#put({ ...this.#found(from), path: to });
  }

  async send(file: MirrorFile, pieces: (offset: number) => AsyncIterable<Uint8Array>): Promise<void> {
    const { object, isThere } = await this.#nameFor(file);
    this.#taken.add(object);
    try {
      if (!isThere) await this.#store(object, file, pieces(0));
      this.#index.listed(object, file.size);
      this.#put({ ...file, object });
    } finally {
      this.#taken.delete(object);
    }
  }

  /** The object goes before its line: a line without an object is noticed, and an object without a line is not. */
  async remove({ path }: { path: string }): Promise<void> {
    const { target, signal } = this.#options;
    const file = this.#index.find(path);
    if (!file) return;
    this.#index.drop(path);
    try {
      if (!this.#index.isUsed(file.object)) await target.remove(file.object, signal);
    } catch (error) {
      this.#index.put(file);
      throw error;
    }
    this.#drop(path);
  }

  async tidy(): Promise<void> {
    // Folders are only parts of names.
  }

  /** Until then, what was stored is known to this machine by its journal. */
  async settle(): Promise<void> {
    const { target, time, dryRun, signal } = this.#options;
    if (dryRun || !this.#isChanged) return;
    const id = await writeIndex(target, this.#index, time, signal);
    await this.#journal.forget(id);
    this.#isChanged = false;
  }

  async close(): Promise<void> {
    this.#index.close();
    await this.#options.target.close();
  }

  /** False in a dry run to a place where nothing is yet. */
  async #connect(): Promise<boolean> {
    const { target, dryRun, signal } = this.#options;
    try {
      await target.connect({ create: !dryRun, signal });
      return true;
    } catch (error) {
      if (dryRun && error instanceof BatError && error.code === 'NOTHING_STORED') return false;
      throw error;
    }
  }

  /** Its own path, unless something else lies there or is about to. What nobody knows here is never written over. */
  async #nameFor(file: MirrorFile): Promise<{ object: string; isThere: boolean }> {
    const { path, sha256 } = file;
    const byContent = `${ownFolder}files/${sha256}`;
    const mayHaveOwn = !path.startsWith(ownFolder) && this.#options.target.acceptsName(path) && !this.#taken.has(path) && !this.#index.isUsed(path);
    if (mayHaveOwn && this.#index.sizeOf(path) === null) return { object: path, isThere: false };
    if (mayHaveOwn && (await this.#isThere(path, file))) return { object: path, isThere: true };
    return { object: byContent, isThere: await this.#isThere(byContent, file) };
  }

  /** What lies there without a line in the index may be what a killed mirror stored: then it is not sent again. */
  async #isThere(object: string, { size, sha256 }: MirrorFile): Promise<boolean> {
    const { target, signal } = this.#options;
    if (this.#index.sizeOf(object) !== size) return false;
    const hash = createHash('sha256');
    try {
      for (let offset = 0; offset < size; offset += BLOCK) hash.update(await target.read(object, offset, Math.min(BLOCK, size - offset), signal));
    } catch (error) {
      if (error instanceof BatError && ['OBJECT_MISSING', 'OBJECT_DAMAGED', 'OBJECT_COLD'].includes(error.code)) return false;
      throw error;
    }
    return hash.digest('hex') === sha256;
  }

  async #store(object: string, { size }: MirrorFile, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const { target, signal } = this.#options;
    const { partSize: least, mostParts } = target.capabilities;
    const partSize = mostParts === undefined ? least : Math.max(least, Math.ceil(size / mostParts));
    if (size <= partSize) {
      const all: Uint8Array[] = [];
      for await (const piece of pieces) all.push(piece);
      await target.put(object, Buffer.concat(all), { temperature: 'cold', signal });
      return;
    }
    const upload = await target.open(object, { temperature: 'cold', partSize, signal });
    try {
      let index = 0;
      for await (const part of inParts(pieces, partSize)) await upload.write(index++, part);
      // The pieces have thrown before this if they were not what they should be.
      await upload.finish(size);
    } catch (error) {
      await upload.abort();
      throw error;
    }
  }

  #found(path: string): IndexedFile {
    const file = this.#index.find(path);
    if (!file) throw new FileChanged(`${path} is not on ${this.shown} any more`);
    return file;
  }

  #put(file: IndexedFile): void {
    const { path, object, size, mtime, sha256 } = file;
    this.#journal.put({ path, object, size, mtime, sha256 });
    this.#index.put(file);
    this.#isChanged = true;
  }

  #drop(path: string): void {
    this.#journal.drop(path);
    this.#index.drop(path);
    this.#isChanged = true;
  }
}

/** Each of `size` bytes but the last. */
async function* inParts(pieces: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let part = Buffer.allocUnsafe(size);
  let filled = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const taken = Math.min(piece.length - at, size - filled);
      part.set(piece.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < size) continue;
      yield part;
      // It may still be on its way.
      part = Buffer.allocUnsafe(size);
      filled = 0;
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}
