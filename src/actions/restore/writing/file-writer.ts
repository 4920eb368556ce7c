/**
 * Writes files under temporary names; one gets its own name when all of it is there and was checked. All calls are synchronous:
 * there may be a million files, and a promise for each call would cost more than the call.
 */
import fs from 'node:fs';
import { systemPath } from '../../../core/paths.ts';
import { setAttributes } from '../attributes.ts';
import { moveIntoPlace, removeTemporary } from '../temporary.ts';
import { LargeFile } from './large-file.ts';
import { wellDone, type FileEnd, type FilePiece } from './messages.ts';
import { writeBytes } from './write-bytes.ts';

/** Files in several chunks that are open at a time; the others are opened again when their next chunk comes. */
const mostOpen = 32;
const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;

export class FileWriter {
  readonly #large = new Map<number, LargeFile>();
  /** In the order of their last use. */
  readonly #open = new Set<LargeFile>();
  /** Files in several chunks that something went wrong with: further chunks are not wanted. */
  readonly #failed = new Set<number>();

  /** What became of the file; null while further chunks of it are to come, or if that was said before. Never throws. */
  write(piece: FilePiece, bytes: Uint8Array): FileEnd | null {
    if (piece.parts <= 1) return this.#writeWhole(piece, bytes);
    if (this.#failed.has(piece.id)) return null;
    try {
      return this.#writePart(piece, bytes);
    } catch (error) {
      this.drop(piece.id);
      this.#failed.add(piece.id);
      return { ...wellDone, error };
    }
  }

  /** Gives up a file that is not whole. */
  drop(id: number): void {
    const file = this.#large.get(id);
    if (!file) return;
    this.#forget(id, file);
    try {
      file.close();
    } catch {
      // It is removed in any case.
    }
    removeTemporary(file.temporary);
  }

  /** Leaves no temporary file behind. */
  end(): void {
    for (const id of this.#large.keys()) this.drop(id);
  }

  #writeWhole(piece: FilePiece, bytes: Uint8Array): FileEnd {
    const { temporary, path, sparse } = piece;
    try {
      let problem: string | null;
      const file = fs.openSync(systemPath(temporary), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      try {
        writeBytes(file, bytes, 0, sparse);
        if (sparse) fs.ftruncateSync(file, bytes.length);
        problem = setAttributes(file, piece);
      } finally {
        fs.closeSync(file);
      }
      return endOf(problem, moveIntoPlace(temporary, path));
    } catch (error) {
      removeTemporary(temporary);
      return { ...wellDone, error };
    }
  }

  #writePart(piece: FilePiece, bytes: Uint8Array): FileEnd | null {
    const file = this.#largeFile(piece);
    file.write(piece.position, bytes);
    if (!file.isComplete) return null;
    const problem = file.finish();
    const tookFolder = moveIntoPlace(file.temporary, piece.path);
    this.#forget(piece.id, file);
    return endOf(problem, tookFolder);
  }

  #largeFile(piece: FilePiece): LargeFile {
    let file = this.#large.get(piece.id);
    if (!file) {
      file = new LargeFile(piece);
      this.#large.set(piece.id, file);
    }
    if (!this.#open.delete(file)) file.open();
    this.#open.add(file);
    if (this.#open.size > mostOpen) {
      const [oldest] = this.#open;
      this.#open.delete(oldest!);
      oldest!.close();
    }
    return file;
  }

  #forget(id: number, file: LargeFile): void {
    this.#large.delete(id);
    this.#open.delete(file);
  }
}

function endOf(problem: string | null, tookFolder: boolean): FileEnd {
  return problem === null && !tookFolder ? wellDone : { problem, error: null, tookFolder };
}
