/**
 * A folder of this machine that is filled: a disk, a share. The files lie there under their own names, with their times. What is known of them is a hash table
 * as a server has one, in the user's state folder: what was changed there by hand is noticed, and only that is read again.
 */
import { existsSync, mkdtempSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { takeLock, type Lock } from '../../catalog/lock.ts';
import type { FileThere, MirrorFile, MirrorMove } from '../../catalog/mirror-lists.ts';
import { BatError, type ErrorCode } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import { makeFolder } from '../../core/make-folder.ts';
import { LibraryError } from '../../library/errors.ts';
import { Library } from '../../library/library.ts';
import { uploadsName } from '../../library/names.ts';
import { asideBelow, FileChanged, FileRefused, type MirrorPlace } from './place.ts';
import { mirrorState, nameOf } from './waiting.ts';

export interface FolderPlaceOptions {
  /** Absolute. */
  path: string;
  environment: NodeJS.ProcessEnv;
  dryRun: boolean;
  time: Date;
  emit: Emit;
  signal: AbortSignal;
}

/** Its name in its own library. */
const id = 'mirror';
const parallel = 4;

export class FolderPlace implements MirrorPlace {
  readonly shown: string;
  readonly identity: string;
  readonly prefix = '';
  readonly parallel = parallel;
  readonly #options: FolderPlaceOptions;
  /** Null in a dry run to a folder that is not there yet. */
  readonly #library: Library | null;
  readonly #leave: () => void;

  private constructor(options: FolderPlaceOptions, library: Library | null, leave: () => void) {
    this.shown = options.path;
    this.identity = options.path;
    this.#options = options;
    this.#library = library;
    this.#leave = leave;
  }

  /** Makes the folder, but none above it: what is missing there is rather a disk that is not mounted. Throws TARGET_UNREACHABLE, PLAN_LOCKED, STATE_FAILED. */
  static async open(options: FolderPlaceOptions): Promise<FolderPlace> {
    const { path, dryRun, emit } = options;
    const isThere = isFolder(path);
    if (!isThere && !isFolder(dirname(path))) {
      throw new BatError('TARGET_UNREACHABLE', `The folder ${path} is not there, and neither is ${dirname(path)}.`, { hint: `Is the disk mounted? If the folder is to be a new one, make its parent first: mkdir -p ${dirname(path)}`, subject: path });
    }
    if (!isThere && dryRun) return new FolderPlace(options, null, () => {});
    try {
      if (!isThere) makeFolder(path);
      const { state, leave } = stateOf(options);
      try {
        const library = await Library.open({ folders: [{ id, path }], state, log: (message) => emit({ type: 'issue', issue: { kind: 'note', path, message } }) });
        return new FolderPlace(options, library, leave);
      } catch (error) {
        leave();
        throw error;
      }
    } catch (error) {
      throw explain(error, path);
    }
  }

  async look({ begin, have }: { begin(): void; have(file: FileThere): void }): Promise<void> {
    begin();
    const library = this.#library;
    if (!library) return;
    await this.#told(async () => {
      const { notes } = await library.sync();
      for (const message of notes) this.#options.emit({ type: 'issue', issue: { kind: 'note', path: this.shown, message } });
      for await (const { path, size, sha256 } of library.each(id)) {
        this.#options.signal.throwIfAborted();
        if (sha256 !== undefined) have({ path: path.slice(id.length + 1), size, sha256 });
      }
    });
  }

  asideOf(path: string, attempt: number): string {
    return asideBelow(path, 0, this.#options.time, attempt);
  }

  async move({ from, to, sha256 }: MirrorMove): Promise<void> {
    await this.#told(() => this.#library!.move(own(from), own(to), { sha256 }));
  }

  async copy({ from, to, sha256 }: MirrorMove): Promise<void> {
    await this.#told(() => this.#library!.copy(own(from), own(to), { sha256 }));
  }

  async send({ path, size, mtime, sha256 }: MirrorFile, pieces: (offset: number) => AsyncIterable<Uint8Array>): Promise<void> {
    const { signal } = this.#options;
    await this.#told(() => this.#library!.place(own(path), pieces(0), { hash: { algorithm: 'sha256', hex: sha256 }, size, mtime, evenIfKnown: true, exactName: true, signal }));
  }

  async remove({ path, sha256 }: { path: string; sha256: string }): Promise<void> {
    await this.#told(async () => {
      try {
        await this.#library!.remove(own(path), { sha256 });
      } catch (error) {
        if (!(error instanceof LibraryError) || error.code !== 'NOT_FOUND') throw error;
      }
    });
  }

  async tidy(folders: Iterable<string>): Promise<void> {
    const kept = new Set<string>();
    for (const folder of folders) {
      for (let path = folder; path !== '' && !kept.has(path); path = path.slice(0, Math.max(0, path.lastIndexOf('/')))) {
        if (!(await this.#removeFolder(path))) kept.add(path);
      }
    }
  }

  async settle(): Promise<void> {
    // Each file was flushed before it was counted.
  }

  async close(): Promise<void> {
    try {
      await this.#library?.close();
    } finally {
      this.#leave();
    }
  }

  async #removeFolder(path: string): Promise<boolean> {
    try {
      await this.#library!.remove(`${own(path)}/`);
      return true;
    } catch (error) {
      if (!(error instanceof LibraryError)) throw explain(error, this.shown);
      return error.code === 'NOT_FOUND';
    }
  }

  async #told<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#options.signal.throwIfAborted();
      throw explain(error, this.shown);
    }
  }
}

function own(path: string): string {
  return `${id}/${path}`;
}

/** Where its hash table lies, and how it is let go of. A dry run leaves nothing behind in a folder that no mirror has filled yet. */
function stateOf({ path, environment, dryRun }: FolderPlaceOptions): { state: string; leave: () => void } {
  const isFirst = !existsSync(join(path, uploadsName));
  if (dryRun && isFirst) {
    const state = mkdtempSync(join(tmpdir(), 'bat-mirror-'));
    return {
      state,
      leave: () => {
        rmSync(state, { recursive: true, force: true });
        if (existsSync(join(path, uploadsName))) rmdirSync(join(path, uploadsName));
      },
    };
  }
  const state = join(mirrorState(environment), `folder-${nameOf(path)}`);
  const lock = holdFolder(state, path);
  return { state, leave: () => lock.release() };
}

function holdFolder(state: string, path: string): Lock {
  try {
    return takeLock(join(state, 'lock.db'), 'mirror');
  } catch (error) {
    if (!(error instanceof BatError) || error.code !== 'PLAN_LOCKED') throw error;
    throw new BatError('PLAN_LOCKED', `Another bat mirrors to ${path} just now.`, { hint: 'Wait until it is done, or stop it; its lock goes with it.', cause: error, subject: path });
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

const codes: Partial<Record<LibraryError['code'], ErrorCode>> = { FOLDER_AWAY: 'TARGET_UNREACHABLE', DISK_FULL: 'TARGET_FULL', QUOTA: 'TARGET_FULL', DISK_FAILED: 'DISK_FAILED' };

/** A refusal of the library as what it means for the mirror: the end of it, or the end of one file. */
function explain(error: unknown, path: string): unknown {
  if (!(error instanceof LibraryError)) return error;
  const code = codes[error.code];
  const message = error.message.replaceAll(`${id}/`, `${path}/`).replaceAll(`"${id}"`, path);
  if (code !== undefined) return new BatError(code, message, { cause: error, subject: path, ...(error.hint === undefined ? {} : { hint: error.hint }) });
  const isOther = error.code === 'HASH_MISMATCH' || error.code === 'BAD_REQUEST' || error.code === 'NOT_FOUND' || (error.code as string) === 'PRECONDITION_FAILED';
  return isOther ? new FileChanged(message.replace(/\.$/, '')) : new FileRefused(message);
}
