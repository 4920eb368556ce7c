/**
 * Walks through the folders of the library, one at a time. A walk opens no file; afterwards the rows of all that was moved, removed or changed
 * say so, and what has to be read waits for that. All folders in one go: a file may have been moved from one to another, and is only gone when it is in none.
 */
import { systemCode } from '../../core/errors.ts';
import { LibraryError } from '../errors.ts';
import type { LibraryFolder } from '../library-folder.ts';
import type { FileTable } from '../table/files.ts';
import type { Difference, WalkEnd } from '../thread/messages.ts';
import type { LibraryThread } from '../thread/thread.ts';
import type { Threads } from '../thread/threads.ts';
import { applyDifferences } from './apply.ts';
import { noCounts, type SyncCounts } from './counts.ts';
import { SharedWork } from './shared-work.ts';

const removedAtATime = 1000;

export interface WalkParts {
  table: FileTable;
  folders: ReadonlyMap<string, LibraryFolder>;
  threads: Threads;
  /** Aborted when the library is closed. */
  signal: AbortSignal;
}

export class Walks {
  readonly #parts: WalkParts;
  readonly #counts = new Map<string, SyncCounts>();
  readonly #shared = new SharedWork(() => this.#walkAll());

  constructor(parts: WalkParts) {
    this.#parts = parts;
    for (const id of parts.folders.keys()) this.#counts.set(id, noCounts());
  }

  /** What has been found out about a folder since the server started. */
  countsOf(folder: string): SyncCounts {
    return this.#counts.get(folder)!;
  }

  /** A walk that begins after this call. Throws FOLDER_AWAY for this folder; others may be away. */
  async through(folder: string): Promise<WalkEnd> {
    const end = (await this.#shared.fresh()).get(folder)!;
    if (end instanceof LibraryError) throw end;
    return end;
  }

  async #walkAll(): Promise<Map<string, WalkEnd | LibraryError>> {
    const ends = new Map<string, WalkEnd | LibraryError>();
    await this.#parts.threads.use(async (thread) => {
      for (const folder of this.#parts.folders.values()) ends.set(folder.id, await this.#walk(thread, folder));
    });
    for (const id of this.#parts.folders.keys()) await this.#removeGone(id);
    return ends;
  }

  /** Comes back with what is wrong where the folder is away. */
  async #walk(thread: LibraryThread, folder: LibraryFolder): Promise<WalkEnd | LibraryError> {
    const { table, folders, signal } = this.#parts;
    try {
      await folder.confirmPresent({ notEmpty: true });
      const roots = Object.fromEntries([...folders].map(([id, { path }]) => [id, path]));
      const take = (differences: Difference[]): void => applyDifferences(table, folder.id, differences, this.countsOf(folder.id));
      return await thread.walk({ folder: folder.id, roots, table: table.database.file }, take, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (systemCode(error) !== undefined) return folder.away('it cannot be looked through', error);
      if (error instanceof LibraryError && error.code === 'FOLDER_AWAY') return error;
      throw error;
    }
  }

  /** Some at a time, so that requests are answered in between. */
  async #removeGone(folder: string): Promise<void> {
    for (;;) {
      const { rows, removed } = this.#parts.table.removeAside(folder, removedAtATime);
      this.countsOf(folder).removed += removed;
      if (rows < removedAtATime) return;
      await new Promise(setImmediate);
    }
  }
}
