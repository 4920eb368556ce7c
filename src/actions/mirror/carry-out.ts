/** Carries out what the comparison of two hash tables came to. Whatever is killed when, the next comparison goes on from what there is. */
import type { MirrorFile, MirrorLists, MirrorMove } from '../../catalog/mirror-lists.ts';
import { BatError } from '../../core/errors.ts';
import { inParallel } from '../../core/in-parallel.ts';
import { isRefusal } from '../../targets/http/answers.ts';
import type { MirrorOptions, MirrorResult, Tally } from './contract.ts';
import { FileChanged, FileRefused, type MirrorPlace } from './place.ts';
import type { MirrorSource } from './source.ts';

export interface CarryOutContext {
  options: MirrorOptions;
  source: MirrorSource;
  place: MirrorPlace;
  lists: MirrorLists;
  result: MirrorResult;
}

/** Tries of one file whose bytes were not what they should be: on the way, they may be damaged by chance. */
const mostReads = 3;

export class CarryOut {
  readonly #context: CarryOutContext;
  /** Folders that may be empty now. */
  readonly #left = new Set<string>();
  readonly #total: Tally;
  #done: Tally = { files: 0, bytes: 0 };

  constructor(context: CarryOutContext) {
    this.#context = context;
    this.#total = context.lists.toSend();
  }

  /** What lies in the way first, then moves, then what is sent, then what is there once more under another name. */
  async fill(): Promise<void> {
    const { lists, result, place, options } = this.#context;
    await this.#each(lists.asides(), place.parallel, (move) => this.#move(move, 'aside', move.isKept ? result.aside : null));
    await this.#each(lists.moves(1), place.parallel, (move) => this.#move(move, 'move', result.moved));
    // A folder may have to go before a file can take its name.
    await this.#tidy();
    await this.#each(lists.moves(2), place.parallel, (move) => this.#move(move, 'move', result.moved));
    this.#progress();
    await this.#each(lists.sends(), place.parallel, (file) => this.#send(file));
    await this.#each(lists.copies(), place.parallel, async (move) => {
      if (!options.dryRun) await place.copy(move);
      this.#count(result.copied, move.size);
      options.tell({ action: 'copy', from: move.from, path: move.to, bytes: move.size });
    });
  }

  async remove(files: Iterable<{ path: string; size: number; sha256: string }>): Promise<void> {
    const { place, result, options } = this.#context;
    await this.#each(files, place.parallel, async (file) => {
      if (!options.dryRun) await place.remove(file);
      this.#leave(file.path);
      this.#count(result.removed, file.size);
      options.tell({ action: 'remove', path: file.path, bytes: file.size });
    });
    await this.#tidy();
  }

  async #move(move: MirrorMove, action: 'move' | 'aside', tally: Tally | null): Promise<void> {
    const { place, options } = this.#context;
    if (!options.dryRun) await place.move(move);
    this.#leave(move.from);
    // What is only laid aside for a moment is told when it has come to where it goes.
    if (!tally) return;
    this.#count(tally, move.size);
    options.tell({ action, from: move.from, path: move.to, bytes: move.size });
  }

  async #send(file: MirrorFile): Promise<void> {
    const { source, place, options, result } = this.#context;
    if (!options.dryRun) {
      const below = { ...file, path: file.path.slice(place.prefix.length) };
      let counted = 0;
      const pieces = async function* (this: CarryOut, offset: number): AsyncGenerator<Uint8Array> {
        this.#more(0, offset - counted);
        counted = offset;
        for await (const piece of source.read(below, offset)) {
          yield piece;
          counted += piece.length;
          this.#more(0, piece.length);
        }
      }.bind(this);
      try {
        for (let reads = 1; ; reads++) {
          try {
            await place.send(file, pieces);
            break;
          } catch (error) {
            if (!(error instanceof FileChanged) || reads >= mostReads) throw error;
          }
        }
      } catch (error) {
        this.#more(1, file.size - counted);
        throw error;
      }
      this.#more(1, file.size - counted);
    }
    this.#count(result.sent, file.size);
    options.tell({ action: 'send', path: file.path, bytes: file.size });
  }

  /** What concerns one file alone is told and counted; anything else ends the mirror. */
  async #each<T extends { path: string } | MirrorMove>(items: Iterable<T>, limit: number, work: (item: T) => Promise<void>): Promise<void> {
    const { options, result } = this.#context;
    await inParallel(items, limit, async (item) => {
      options.signal.throwIfAborted();
      try {
        await work(item);
      } catch (error) {
        options.signal.throwIfAborted();
        const message = ownProblem(error);
        if (message === null) throw error;
        if (error instanceof FileChanged) result.changed++;
        else result.failed++;
        options.emit({ type: 'issue', issue: { kind: error instanceof FileChanged ? 'changed' : 'unread', path: 'path' in item ? item.path : item.to, message } });
      }
    });
  }

  async #tidy(): Promise<void> {
    const { place, options } = this.#context;
    const folders = [...this.#left];
    this.#left.clear();
    if (!options.dryRun) await place.tidy(folders);
  }

  #leave(path: string): void {
    if (path.includes('/')) this.#left.add(path.slice(0, path.lastIndexOf('/')));
  }

  #count(tally: Tally, bytes: number): void {
    tally.files++;
    tally.bytes += bytes;
  }

  #more(files: number, bytes: number): void {
    this.#done = { files: this.#done.files + files, bytes: this.#done.bytes + bytes };
    this.#progress();
  }

  #progress(): void {
    const { options } = this.#context;
    if (!options.dryRun) options.emit({ type: 'mirror-progress', ...this.#done, totalFiles: this.#total.files, totalBytes: this.#total.bytes });
  }
}

/** Why one file could not be done, where the next one may; else null. */
function ownProblem(error: unknown): string | null {
  if (error instanceof FileChanged) return `It was left as it is: ${error.message}.`;
  if (error instanceof FileRefused) return error.message;
  if (!(error instanceof BatError)) return null;
  if (isRefusal(error, 'NOT_FOUND', 'NAME_REFUSED', 'EXISTS', 'TOO_LARGE', 'BAD_REQUEST', 'HASH_MISMATCH')) return error.message;
  return error.code === 'OBJECT_MISSING' || error.code === 'OBJECT_DAMAGED' || error.code === 'OBJECT_COLD' ? error.message : null;
}
