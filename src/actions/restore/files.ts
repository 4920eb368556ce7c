/** Has files written and keeps the books: what is there, what failed, and why. */
import type { ListedEntry, ListedUse, RestoreList } from '../../catalog/restore-list.ts';
import { BatError, systemCode } from '../../core/errors.ts';
import { diskFailed, type Folders } from './folders.ts';
import { diskPath, type Places } from './places.ts';
import { Stopped, type Report } from './report.ts';
import { temporaryFor } from './temporary.ts';
import type { FileEnd, FilePiece } from './writing/messages.ts';
import { WriteBehind } from './writing/write-behind.ts';

export interface Surroundings {
  list: RestoreList;
  places: Places;
  folders: Folders;
  report: Report;
  sourceOf(entry: ListedEntry): string;
  signal: AbortSignal;
}

/** A full disk: whatever comes next would fail likewise. */
const fullDisk: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);
const noBytes = new Uint8Array(0);

export class Files {
  readonly #around: Surroundings;
  readonly #writing: WriteBehind<ListedEntry>;
  /** Of files in several chunks: the temporary names of those that are begun. */
  readonly #begun = new Map<number, string>();
  /** Files in several chunks that something went wrong with: further chunks are not wanted. */
  readonly #givenUp = new Set<number>();
  #stopped: Stopped | null = null;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#writing = new WriteBehind(around.list.entries.totals(), (entry, end) => this.#ended(entry, end));
  }

  /** A chunk for one of its places. Throws Stopped if the disk is full. No promise where nothing is waited for: there may be a million files. */
  write({ entry, position }: ListedUse, bytes: Uint8Array): Promise<void> | void {
    return this.#write(entry, position, bytes);
  }

  /** A file that has no bytes. Throws Stopped. */
  writeEmpty(entry: ListedEntry): Promise<void> | void {
    return this.#write(entry, 0, noBytes);
  }

  /** A file that will not get all of its chunks. */
  async giveUp(entry: ListedEntry, reason: string): Promise<void> {
    await this.settle();
    if (this.#givenUp.has(entry.id)) return;
    this.#writing.drop(entry.id);
    this.#fail(entry, new BatError('OBJECT_DAMAGED', reason));
  }

  /** Comes back when all files that are whole have their names. Throws Stopped. */
  async settle(): Promise<void> {
    await this.#writing.settle();
    this.#throwIfStopped();
  }

  /** Leaves no temporary file behind. */
  async end(): Promise<void> {
    await this.#writing.end();
  }

  #write(entry: ListedEntry, position: number, bytes: Uint8Array): Promise<void> | void {
    this.#throwIfStopped();
    if (this.#givenUp.has(entry.id)) return undefined;
    let piece: FilePiece;
    try {
      piece = this.#pieceOf(entry, position, bytes.length);
    } catch (error) {
      this.#fail(entry, error);
      return undefined;
    }
    const writing = this.#writing.write(piece, bytes, entry);
    this.#throwIfStopped();
    return writing;
  }

  /** Makes the folder that it goes into. */
  #pieceOf(entry: ListedEntry, position: number, length: number): FilePiece {
    const { id, mode, uid, gid, mtime, size, sparse = false, sha256, parts } = entry;
    const spot = this.#around.places.spot(entry.snapshot, entry.path)!;
    let temporary = this.#begun.get(id);
    if (temporary === undefined) {
      this.#around.folders.makeFor(spot);
      temporary = temporaryFor(spot);
      if (parts > 1) this.#begun.set(id, temporary);
    }
    const whole = parts > 1 ? sha256!.toString('hex') : null;
    return { id, temporary, path: diskPath(spot), mode, uid, gid, mtime, size, sparse, sha256: whole, parts, position, length };
  }

  #ended(entry: ListedEntry, { error, problem, tookFolder }: FileEnd): void {
    const { report, sourceOf, folders } = this.#around;
    this.#begun.delete(entry.id);
    if (tookFolder) folders.forget();
    if (error !== null) return this.#fail(entry, error);
    report.wrote(1, entry.size);
    if (problem !== null) report.fail(sourceOf(entry), entry.path, new BatError('DISK_FAILED', problem));
  }

  #fail(entry: ListedEntry, error: unknown): void {
    const { list, report, sourceOf } = this.#around;
    if (fullDisk.has(systemCode(error) ?? '')) this.#stopped ??= new Stopped(error);
    // What was under way on the full disk may fail as well; that it is full is said once.
    if (this.#stopped) return;
    list.entries.setState(entry.id, 'failed');
    if (entry.parts > 1) this.#givenUp.add(entry.id);
    report.fail(sourceOf(entry), entry.path, diskFailed(error, 'it cannot be written'));
  }

  #throwIfStopped(): void {
    if (this.#stopped) throw this.#stopped;
  }
}
