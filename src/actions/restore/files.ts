/** Writes files under temporary names; one gets its own name when all of it is there and was checked. */
import fs from 'node:fs';
import type { ListedEntry, ListedUse, RestoreList } from '../../catalog/restore-list.ts';
import { BatError, systemCode } from '../../core/errors.ts';
import { systemPath } from '../../core/paths.ts';
import { setAttributes } from './attributes.ts';
import { diskFailed, type Folders } from './folders.ts';
import { LargeFile } from './large-file.ts';
import { diskPath, type Places, type Spot } from './places.ts';
import { Stopped, type Report } from './report.ts';
import { moveIntoPlace, removeTemporary, temporaryFor } from './temporary.ts';
import { writeBytes } from './write-bytes.ts';

export interface Surroundings {
  list: RestoreList;
  places: Places;
  folders: Folders;
  report: Report;
  sourceOf(entry: ListedEntry): string;
  signal: AbortSignal;
}

/** Files in several chunks that are open at a time; the others are opened again when their next chunk comes. */
const mostOpen = 32;
/** A full disk: whatever comes next would fail likewise. */
const fullDisk: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);
const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;

export class Files {
  readonly #around: Surroundings;
  readonly #large = new Map<number, LargeFile>();
  /** In the order of their last use. */
  readonly #open = new Set<LargeFile>();
  /** Files in several chunks that something went wrong with: further chunks are not wanted. */
  readonly #givenUp = new Set<number>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** A chunk for one of its places. Throws Stopped if the disk is full. */
  async write(use: ListedUse, bytes: Uint8Array): Promise<void> {
    if (use.entry.parts === 1) this.writeWhole(use.entry, bytes);
    else if (!this.#givenUp.has(use.entry.id)) await this.#attempt(use.entry, () => this.#writePart(use, bytes));
  }

  /** A file whose bytes are all at hand: without a promise, since there may be a million of them. */
  writeWhole(entry: ListedEntry, bytes: Uint8Array): void {
    const spot = this.#spot(entry);
    const temporary = temporaryFor(spot);
    let problem: string | null;
    try {
      this.#around.folders.makeFor(spot);
      const file = fs.openSync(systemPath(temporary), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      try {
        writeBytes(file, bytes, 0, entry.sparse === true);
        if (entry.sparse) fs.ftruncateSync(file, bytes.length);
        problem = setAttributes(file, entry);
      } finally {
        fs.closeSync(file);
      }
      this.#moveIntoPlace(temporary, spot);
    } catch (error) {
      removeTemporary(temporary);
      this.#fail(entry, error);
      return;
    }
    this.#done(entry, problem);
  }

  /** A file that will not get all of its chunks. */
  async giveUp(entry: ListedEntry, reason: string): Promise<void> {
    if (this.#givenUp.has(entry.id)) return;
    await this.#drop(entry.id);
    this.#fail(entry, new BatError('OBJECT_DAMAGED', reason));
  }

  /** Leaves no temporary file behind. */
  async abort(): Promise<void> {
    for (const id of this.#large.keys()) await this.#drop(id);
  }

  async #writePart(use: ListedUse, bytes: Uint8Array): Promise<void> {
    const file = await this.#largeFile(use.entry);
    await file.write(use.position, bytes);
    if (!file.isComplete) return;
    const spot = this.#spot(use.entry);
    const problem = await file.finish();
    this.#forget(use.entry.id, file);
    try {
      this.#moveIntoPlace(file.temporary, spot);
    } catch (error) {
      removeTemporary(file.temporary);
      throw error;
    }
    this.#done(use.entry, problem);
  }

  async #largeFile(entry: ListedEntry): Promise<LargeFile> {
    let file = this.#large.get(entry.id);
    if (!file) {
      const spot = this.#spot(entry);
      this.#around.folders.makeFor(spot);
      file = new LargeFile(entry, temporaryFor(spot));
      this.#large.set(entry.id, file);
    }
    if (!this.#open.delete(file)) await file.open();
    this.#open.add(file);
    if (this.#open.size > mostOpen) {
      const [oldest] = this.#open;
      this.#open.delete(oldest!);
      await oldest!.close();
    }
    return file;
  }

  async #attempt(entry: ListedEntry, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      await this.#drop(entry.id);
      this.#fail(entry, error);
    }
  }

  async #drop(id: number): Promise<void> {
    const file = this.#large.get(id);
    if (!file) return;
    this.#forget(id, file);
    await file.close().catch(() => undefined);
    removeTemporary(file.temporary);
  }

  #forget(id: number, file: LargeFile): void {
    this.#large.delete(id);
    this.#open.delete(file);
  }

  #moveIntoPlace(temporary: string, spot: Spot): void {
    if (moveIntoPlace(temporary, diskPath(spot))) this.#around.folders.forget();
  }

  #spot(entry: ListedEntry): Spot {
    return this.#around.places.spot(entry.snapshot, entry.path)!;
  }

  #done(entry: ListedEntry, problem: string | null): void {
    const { report, sourceOf } = this.#around;
    report.wrote(1, entry.size);
    if (problem) report.fail(sourceOf(entry), entry.path, new BatError('DISK_FAILED', problem));
  }

  #fail(entry: ListedEntry, error: unknown): void {
    const { list, report, sourceOf } = this.#around;
    if (fullDisk.has(systemCode(error) ?? '')) throw new Stopped(error);
    const known = diskFailed(error, 'it cannot be written');
    list.entries.setState(entry.id, 'failed');
    if (entry.parts > 1) this.#givenUp.add(entry.id);
    report.fail(sourceOf(entry), entry.path, known);
  }
}
