/**
 * The folders of somebody's own files that the server keeps. What lies in them is the truth, and people change it by hand as they like; the hash
 * table is what is known of it. Nothing here ever replaces a file.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { makeFolder as makeFolderNow } from '../core/make-folder.ts';
import { bytesOf } from './bytes-of.ts';
import { Claims } from './claims.ts';
import type { ContentHash } from './content-hash.ts';
import { disk as realDisk, type LibraryDisk } from './disk.ts';
import { explainDisk, LibraryError } from './errors.ts';
import { fold } from './fold.ts';
import { FolderHolder } from './held-folder.ts';
import { KeyedLock } from '../core/keyed-lock.ts';
import { LibraryFolder } from './library-folder.ts';
import { Listings } from './listing.ts';
import { formatLibraryPath, parseLibraryPath, parseNewPath, type LibraryPath } from './names.ts';
import { noFileButFolder, openFile } from './open-file.ts';
import { kindOf, move, type Spot } from './placing/move.ts';
import { knownOf, place, type PlacingParts } from './placing/place.ts';
import { remove } from './placing/remove.ts';
import { sweepIncoming } from './placing/sweep.ts';
import { Space, type Admission, type AdmitOptions } from './space.ts';
import { FolderSync } from './sync/folder-sync.ts';
import { Regularly } from './sync/regularly.ts';
import { Walks } from './sync/walks.ts';
import { TableDatabase } from './table/database.ts';
import { FileTable, type FilePlace, type FileRow } from './table/files.ts';
import { Threads } from './thread/threads.ts';
import type { FinishedFile, FolderChoice, FolderState, Giver, IfStill, Known, LibraryOptions, Listing, OpenFile, Placed, PlaceOptions, SyncOptions, SyncReport, TableFile } from './types.ts';

const anywhere: FolderChoice = () => true;
const rowsAtATime = 1000;
/** Rows that a search looks at before others get their turn. */
const searchedAtATime = 20_000;
/** What an empty folder takes of a disk. */
const folderSize = 4096;
/** Each word is looked for in each row, while nobody else gets an answer. */
const mostWords = 32;

export class Library {
  readonly #disk: LibraryDisk;
  readonly #table: FileTable;
  readonly #folders = new Map<string, LibraryFolder>();
  readonly #syncs = new Map<string, FolderSync>();
  readonly #claims: Claims;
  readonly #space: Space;
  readonly #listings: Listings;
  readonly #locks = new KeyedLock();
  readonly #threads = new Threads();
  readonly #owner: string;
  readonly #log: (line: string) => void;
  readonly #closing = new AbortController();
  /** What was told of a folder at the start: the first look at it need not say it again. */
  readonly #told = new Map<string, string>();
  #regularly: Regularly | null = null;

  private constructor({ folders, keepFree = 0, log = () => {} }: LibraryOptions, database: TableDatabase, disk: LibraryDisk) {
    this.#disk = disk;
    this.#log = log;
    this.#table = new FileTable(database);
    const holder = new FolderHolder(disk);
    for (const settings of folders) this.#folders.set(settings.id, new LibraryFolder(settings, disk, holder, this.#table));
    const { signal } = this.#closing;
    const walks = new Walks({ table: this.#table, folders: this.#folders, threads: this.#threads, signal });
    for (const folder of this.#folders.values()) {
      this.#syncs.set(folder.id, new FolderSync({ table: this.#table, walks, locks: this.#locks, threads: this.#threads, log, signal }, folder));
    }
    this.#claims = new Claims(disk, this.#table, this.#folders, async (folder) => void (await walks.through(folder)));
    this.#listings = new Listings(disk, this.#table);
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
        library.#told.set(folder.id, error.message);
      }
    }
    return library;
  }

  /** Breaks off what runs by itself; what a caller waits for throws. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new LibraryError('FOLDER_AWAY', 'The library is being closed.'));
    await this.#regularly?.stop();
    await this.#threads.close();
    this.#table.database.close();
  }

  /** Looks through everything now, and then so often, until it is closed. What fails is told to `log`. */
  keepTrue(milliseconds: number): void {
    this.#regularly = new Regularly(milliseconds, async () => {
      for (const id of this.#folders.keys()) {
        try {
          const { damaged, notes } = await this.sync({ folders: [id] });
          if (damaged > 0) this.#log(`${damaged} files of the folder "${id}" are damaged.`);
          for (const note of notes) this.#log(note);
        } catch (error) {
          if (this.#closing.signal.aborted) return;
          if (this.#told.get(id) === (error as Error).message) continue;
          this.#log(`The folder "${id}" could not be looked through: ${(error as Error).message}`);
        } finally {
          this.#told.delete(id);
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
    if (path.endsWith('/')) throw new LibraryError('NAME_REFUSED', `The name ${JSON.stringify(path)} is refused: it is a folder's.`);
    const { folder, parts } = parseNewPath(path);
    return place(this.#placing, this.#folder(folder), parts, content, options);
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
  async sync({ folders = [...this.#folders.keys()], reread = false }: SyncOptions = {}): Promise<SyncReport> {
    const sum: SyncReport = { added: 0, renamed: 0, removed: 0, changed: 0, unchanged: 0, damaged: 0, read: 0, files: 0, skipped: 0, unseen: [], notes: [] };
    const reports = await Promise.allSettled(folders.map((id) => this.#syncs.get(this.#folder(id).id)!.sync(reread)));
    for (const ended of reports) {
      if (ended.status === 'rejected') throw ended.reason;
      const report = ended.value;
      for (const key of ['added', 'renamed', 'removed', 'changed', 'unchanged', 'damaged', 'read', 'files', 'skipped'] as const) sum[key] += report[key];
      sum.unseen.push(...report.unseen);
      sum.notes.push(...report.notes);
    }
    return sum;
  }

  /** A directory as it is on the disk now. Throws NAME_REFUSED, NOT_FOUND, FOLDER_AWAY. */
  async list(path: string, { after, limit }: { after?: string; limit: number }): Promise<Listing> {
    const { folder, parts } = this.locate(path);
    return this.#attempt(folder, `${path} could not be listed`, () => this.#listings.list(this.#folder(folder), parts, { limit, ...(after !== undefined && { after }) }));
  }

  /** Throws NAME_REFUSED, NOT_FOUND for what is no file, FOLDER_AWAY. The caller closes its handle. */
  async openFile(path: string): Promise<OpenFile> {
    const { folder, parts } = this.locate(path);
    if (parts.length === 0) throw noFileButFolder(folder);
    return this.#attempt(folder, `${path} could not be opened`, () => openFile(this.#disk, this.#table, this.#folder(folder), parts));
  }

  /** A file or a folder, never onto something. Throws NAME_REFUSED, NOT_FOUND, EXISTS, PRECONDITION_FAILED, QUOTA, DISK_FULL, FOLDER_AWAY. */
  async move(from: string, to: string, still: IfStill = {}): Promise<void> {
    const source = this.#spot(parseLibraryPath(from), from);
    const target = this.#spot(parseNewPath(to), to);
    await this.#attempt(target.folder.id, `${from} could not be moved`, async () => {
      await source.folder.confirmPresent();
      await this.#confirmKind(from, source);
      await move(this.#placing, source, target, this.#confirmStill(from, still));
    });
  }

  /** A second file with the content of the first, under exactly that name. Throws as `move` does. */
  async copy(from: string, to: string, options: { giver?: Giver } & IfStill = {}): Promise<void> {
    const opened = await this.openFile(from);
    try {
      if (options.sha256 !== undefined && opened.sha256 !== options.sha256) throw changed(from);
      const { size, mtime } = opened;
      await this.place(to, bytesOf(opened.handle), { size, mtime, evenIfKnown: true, exactName: true, ...(options.giver && { giver: options.giver }), ...(opened.sha256 !== undefined && { hash: { algorithm: 'sha256', hex: opened.sha256 } }) });
    } finally {
      await opened.handle.close();
    }
  }

  /** A file, or a folder: with all that is in it if `recursive`, else only an empty one. Returns how many files went. Throws NAME_REFUSED, NOT_FOUND, EXISTS, PRECONDITION_FAILED, FOLDER_AWAY. */
  async remove(path: string, { recursive = false, ...still }: { recursive?: boolean } & IfStill = {}): Promise<number> {
    const spot = this.#spot(parseLibraryPath(path), path);
    return this.#attempt(spot.folder.id, `${path} could not be removed`, async () => {
      await this.#confirmKind(path, spot);
      return remove(this.#placing, spot, recursive, this.#confirmStill(path, still));
    });
  }

  /** And those above it. Nothing happens if it is there. Throws NAME_REFUSED, EXISTS where a file is in the way, DISK_FULL, FOLDER_AWAY. */
  async makeFolder(path: string): Promise<void> {
    const { folder, parts } = parseNewPath(path);
    await this.#attempt(folder, `${path} could not be made`, async () => {
      await this.#space.confirmRoom(this.#folder(folder), parts.length * folderSize);
      const held = await this.#folder(folder).hold(parts, true);
      await held.close();
    });
  }

  /** Files with all words of the text in their paths, without regard to case and accents. Throws BAD_REQUEST for too many words. */
  async search(text: string, { within = anywhere, limit }: { within?: FolderChoice; limit: number }): Promise<TableFile[]> {
    const words = [...new Set(fold(text).split(/\s+/))].filter((word) => word !== '');
    if (words.length > mostWords) throw new LibraryError('BAD_REQUEST', `These are ${words.length} words to look for, and ${mostWords} are the most.`);
    const folders = [...this.#folders.keys()].filter((id) => within(id));
    const found: TableFile[] = [];
    if (words.length === 0 || folders.length === 0) return found;
    for (let last: number | null = 0; found.length < limit; ) {
      const page = this.#table.search(folders, words, last, searchedAtATime);
      if (page.last === null) break;
      found.push(...page.rows.map(tableFileOf));
      last = page.last;
      await new Promise(setImmediate);
    }
    return found.slice(0, limit);
  }

  /** The hash table of a folder, by directory and then by name, both in the order of their bytes. What changes meanwhile may be in it or not. */
  async *each(folder: string): AsyncGenerator<TableFile> {
    for (let place: FilePlace = { folder: this.#folder(folder).id, directory: '', name: '' }; ; ) {
      const rows = this.#table.after(place, rowsAtATime);
      yield* rows.map(tableFileOf);
      if (rows.length < rowsAtATime) return;
      place = rows.at(-1)!;
      await new Promise(setImmediate);
    }
  }

  get #placing(): PlacingParts {
    return { disk: this.#disk, table: this.#table, claims: this.#claims, space: this.#space, locks: this.#locks, owner: this.#owner };
  }

  /** Against the disk, too: the table may be behind. */
  #confirmStill(path: string, { sha256 }: IfStill): ((row: FileRow | null) => Promise<void>) | undefined {
    if (sha256 === undefined) return undefined;
    return async (row) => {
      if (row?.sha256 !== sha256 || !(await this.#claims.isTrue(row))) throw changed(path);
    };
  }

  /** A slash at the end means a folder: a file that took its place meanwhile is not what was meant. Throws NOT_FOUND. */
  async #confirmKind(path: string, spot: Spot): Promise<void> {
    if (path.endsWith('/') && (await kindOf(this.#placing, spot)) === 'file') throw new LibraryError('NOT_FOUND', `There is no folder ${path.slice(0, -1)}: it is a file.`);
  }

  #spot({ folder, parts }: LibraryPath, path: string): Spot {
    if (parts.length === 0) throw new LibraryError('NAME_REFUSED', `${path} is a whole folder of the library.`, { hint: 'Those are kept in the settings of the server.' });
    return { folder: this.#folder(folder), parts };
  }

  /** Errors in the library's words; that the folder itself is gone is found out before they are. */
  async #attempt<T>(folder: string, failure: string, work: () => Promise<T>): Promise<T> {
    await this.#folder(folder).confirmPresent();
    try {
      return await work();
    } catch (error) {
      throw explainDisk(error, failure);
    }
  }

  #folder(id: string): LibraryFolder {
    const folder = this.#folders.get(id);
    if (!folder) throw new LibraryError('NOT_FOUND', `There is no folder ${JSON.stringify(id)} in the library.`, { hint: 'GET /files lists them.' });
    return folder;
  }
}

function tableFileOf({ folder, directory, name, size, mtime, sha256, md5, was }: FileRow): TableFile {
  return { path: formatLibraryPath(folder, directory, name), size, mtime, ...(sha256 !== null && md5 !== null && { sha256, md5, ...(was !== null && { damaged: true }) }) };
}

function changed(path: string): LibraryError {
  return new LibraryError('PRECONDITION_FAILED', `${path} is not the file any more that was meant.`, { hint: 'Look at it again.' });
}

function ownerOf(database: TableDatabase): string {
  database.run('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING', 'owner', randomBytes(6).toString('base64url'));
  return database.get('SELECT value FROM meta WHERE key = ?', 'owner')!['value'] as string;
}
