/**
 * The folders of somebody's own files that the server keeps. What lies in them is the truth, and people change it by hand as they like; the hash
 * table is what is known of it. Nothing here ever replaces a file.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { makeFolder as makeFolderNow } from '../core/make-folder.ts';
import { Claims } from './claims.ts';
import type { ContentHash } from './content-hash.ts';
import { disk as realDisk, type LibraryDisk } from './disk.ts';
import { LibraryError } from './errors.ts';
import { FolderHolder } from './held-folder.ts';
import { KeyedLocks } from './keyed-locks.ts';
import { LibraryFolder } from './library-folder.ts';
import { parseLibraryPath, parseNewPath, type LibraryPath } from './names.ts';
import { knownOf, place } from './placing/place.ts';
import { sweepIncoming } from './placing/sweep.ts';
import { Space, type Admission, type AdmitOptions } from './space.ts';
import { FolderSync } from './sync/folder-sync.ts';
import { Regularly } from './sync/regularly.ts';
import { Walks } from './sync/walks.ts';
import { TableDatabase } from './table/database.ts';
import { FileTable } from './table/files.ts';
import type { FinishedFile, FolderChoice, FolderState, Known, LibraryOptions, Placed, PlaceOptions, SyncOptions, SyncReport } from './types.ts';

const anywhere: FolderChoice = () => true;

export class Library {
  readonly #disk: LibraryDisk;
  readonly #table: FileTable;
  readonly #folders = new Map<string, LibraryFolder>();
  readonly #syncs = new Map<string, FolderSync>();
  readonly #claims: Claims;
  readonly #space: Space;
  readonly #locks = new KeyedLocks();
  readonly #owner: string;
  readonly #log: (line: string) => void;
  readonly #closing = new AbortController();
  #regularly: Regularly | null = null;

  private constructor({ folders, keepFree = 0, log = () => {} }: LibraryOptions, database: TableDatabase, disk: LibraryDisk) {
    this.#disk = disk;
    this.#log = log;
    this.#table = new FileTable(database);
    const holder = new FolderHolder(disk);
    for (const settings of folders) this.#folders.set(settings.id, new LibraryFolder(settings, disk, holder, this.#table));
    const { signal } = this.#closing;
    const walks = new Walks({ table: this.#table, folders: this.#folders, signal });
    for (const folder of this.#folders.values()) {
      this.#syncs.set(folder.id, new FolderSync({ table: this.#table, walks, locks: this.#locks, log, signal }, folder));
    }
    this.#claims = new Claims(disk, this.#table, this.#folders, async (folder) => void (await walks.through(folder)));
    this.#space = new Space(disk, this.#table, keepFree);
    this.#owner = ownerOf(database);
  }

  /** Removes what a killed server left half received. A folder that is away is told to `log`. Throws STATE_FAILED. `disk` is for tests. */
  static async open(options: LibraryOptions, disk: LibraryDisk = realDisk): Promise<Library> {
    makeFolderNow(options.state, 0o700);
    const library = new Library(options, TableDatabase.open(join(options.state, 'hashes.sqlite'), options.log ?? (() => {})), disk);
    for (const folder of library.#folders.values()) {
      try {
        await folder.confirmPresent();
        await sweepIncoming(disk, folder, library.#owner);
      } catch (error) {
        if (!(error instanceof LibraryError)) throw error;
        library.#log(`${error.message} ${error.hint ?? ''}`);
      }
    }
    return library;
  }

  /** Breaks off what runs by itself; what a caller waits for throws. */
  async close(): Promise<void> {
    this.#closing.abort(new LibraryError('FOLDER_AWAY', 'The library is being closed.'));
    await this.#regularly?.stop();
    this.#table.database.close();
  }

  /** Looks through everything now, and then so often, until it is closed. What fails is told to `log`. */
  keepTrue(milliseconds: number): void {
    this.#regularly = new Regularly(milliseconds, async () => {
      for (const id of this.#folders.keys()) {
        try {
          const { damaged, notes } = await this.sync({ folder: id });
          if (damaged > 0) this.#log(`${damaged} files of the folder "${id}" are damaged.`);
          for (const note of notes) this.#log(note);
        } catch (error) {
          if (this.#closing.signal.aborted) return;
          this.#log(`The folder "${id}" could not be looked through: ${(error as Error).message}`);
        }
      }
    });
  }

  folders(): FolderState[] {
    return [...this.#folders.values()].map(({ id, path, quota }) => Object.assign({ id, path }, quota === undefined ? {} : { quota }, this.#table.amount({ folder: id })));
  }

  /** The folder of a path, and what the path names in it. Throws NAME_REFUSED, NOT_FOUND. */
  locate(path: string): LibraryPath {
    const parsed = parseLibraryPath(path);
    this.#folder(parsed.folder);
    return parsed;
  }

  /** Where uploads for that folder grow, on the disk that they stay on. Throws NOT_FOUND, FOLDER_AWAY. */
  async uploadsFolder(folder: string): Promise<string> {
    await this.#folder(folder).confirmPresent();
    return this.#folder(folder).uploads;
  }

  /** Room for an upload that somebody else writes. Throws NOT_FOUND, QUOTA, DISK_FULL. */
  async admit(folder: string, options: AdmitOptions): Promise<Admission> {
    return this.#space.admit(this.#folder(folder), options);
  }

  /**
   * Puts a file into the library: under this path, or under a free name beside it, unless the content is there already. Comes back when
   * that will survive a power cut. Bytes are read to their end, or not at all where `hash` is known. A finished file is
   * gone afterwards, but for failures that may pass (FOLDER_AWAY, DISK_FULL, DISK_FAILED). Throws NAME_REFUSED, NOT_FOUND, BAD_REQUEST (not as
   * many bytes as announced), HASH_MISMATCH, QUOTA, DISK_FULL, DISK_FAILED, FOLDER_AWAY, EXISTS (with `exactName`).
   */
  async place(path: string, content: AsyncIterable<Uint8Array> | FinishedFile, options: PlaceOptions = {}): Promise<Placed> {
    const { folder, parts } = parseNewPath(path);
    const shared = { disk: this.#disk, table: this.#table, claims: this.#claims, space: this.#space, locks: this.#locks, owner: this.#owner };
    return place(shared, this.#folder(folder), parts, content, options);
  }

  /** A file that has this content now, looked at on the disk; or null. Throws FOLDER_AWAY where only a folder that is away may have it. */
  async find(hash: ContentHash, within: FolderChoice = anywhere): Promise<Known | null> {
    const row = await this.#claims.find(hash, within);
    return row && knownOf(row);
  }

  /** The same for many at once, in their order. */
  async check(hashes: readonly ContentHash[], within: FolderChoice = anywhere): Promise<(Known | null)[]> {
    return (await this.#claims.findAll(hashes, within)).map((row) => row && knownOf(row));
  }

  /** Comes back when all that lay there at the call is in the table. Throws NOT_FOUND, FOLDER_AWAY. */
  async sync({ folder, reread = false }: SyncOptions = {}): Promise<SyncReport> {
    const ids = folder === undefined ? [...this.#folders.keys()] : [this.#folder(folder).id];
    const sum: SyncReport = { added: 0, renamed: 0, removed: 0, changed: 0, unchanged: 0, damaged: 0, files: 0, skipped: 0, notes: [] };
    const reports = await Promise.allSettled(ids.map((id) => this.#syncs.get(id)!.sync(reread)));
    for (const ended of reports) {
      if (ended.status === 'rejected') throw ended.reason;
      const report = ended.value;
      for (const key of ['added', 'renamed', 'removed', 'changed', 'unchanged', 'damaged', 'files', 'skipped'] as const) sum[key] += report[key];
      sum.notes.push(...report.notes);
    }
    return sum;
  }

  #folder(id: string): LibraryFolder {
    const folder = this.#folders.get(id);
    if (!folder) throw new LibraryError('NOT_FOUND', `There is no folder ${JSON.stringify(id)} in the library.`, { hint: 'GET /files lists them.' });
    return folder;
  }
}

function ownerOf(database: TableDatabase): string {
  database.run('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING', 'owner', randomBytes(6).toString('base64url'));
  return database.get('SELECT value FROM meta WHERE key = ?', 'owner')!['value'] as string;
}
