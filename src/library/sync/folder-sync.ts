/** Keeps the rows of one folder true: a walk, then what is new or changed is read, which may take hours at the first time. */
import type { KeyedLock } from '../../core/keyed-lock.ts';
import type { LibraryFolder } from '../library-folder.ts';
import { formatLibraryPath } from '../names.ts';
import type { FileRow, FileTable } from '../table/files.ts';
import type { Threads } from '../thread/threads.ts';
import type { SyncReport } from '../types.ts';
import type { SyncCounts } from './counts.ts';
import { SharedWork } from './shared-work.ts';
import type { Walks } from './walks.ts';

/** Files that change while they are read are looked at again so often. */
const rounds = 3;
const filesAtATime = 200;
const bytesAtATime = 64 * 1024 * 1024;
const mostNotes = 20;

export interface SyncParts {
  table: FileTable;
  walks: Walks;
  locks: KeyedLock;
  threads: Threads;
  log: (line: string) => void;
  /** Aborted when the library is closed. */
  signal: AbortSignal;
}

export class FolderSync {
  readonly #parts: SyncParts;
  readonly #folder: LibraryFolder;
  readonly #counts: SyncCounts;
  readonly #syncs = new SharedWork(() => this.#sync(false));
  readonly #rereads = new SharedWork(() => this.#sync(true));

  constructor(parts: SyncParts, folder: LibraryFolder) {
    this.#parts = parts;
    this.#folder = folder;
    this.#counts = parts.walks.countsOf(folder.id);
  }

  /** All that lay there at the call is in the table, and read, afterwards. `reread`: what was read before, too. Throws FOLDER_AWAY. */
  async sync(reread: boolean): Promise<SyncReport> {
    return reread ? this.#rereads.fresh() : this.#syncs.fresh();
  }

  async #sync(reread: boolean): Promise<SyncReport> {
    const before = { ...this.#counts };
    const { id } = this.#folder;
    let skipped = 0;
    let unseen: string[] = [];
    let notes: string[] = [];
    for (let round = 1, isDone = false; !isDone && round <= rounds; round++) {
      const walk = await this.#parts.walks.through(id);
      const read = await this.#read(reread && round === 1);
      skipped = walk.skipped + read.skipped;
      unseen = walk.unseen.map((path) => formatLibraryPath(id, path));
      notes = [...walk.notes, ...read.notes];
      isDone = read.stale === 0;
      if (!isDone && round === rounds) {
        skipped += read.stale;
        notes.push(`${read.stale} files of "${id}" changed while they were read; the next sync reads them again.`);
      }
    }
    const difference = (kind: keyof SyncCounts): number => this.#counts[kind] - before[kind];
    const counts: SyncCounts = { added: difference('added'), renamed: difference('renamed'), removed: difference('removed'), changed: difference('changed'), damaged: difference('damaged'), read: difference('read') };
    const { files } = this.#parts.table.amount({ folder: id });
    const unread = this.#parts.table.countUnread(id);
    const unchanged = Math.max(0, files - unread - counts.added - counts.renamed - counts.changed - counts.damaged);
    return { ...counts, unchanged, files, skipped, unseen, notes: notes.slice(0, mostNotes) };
  }

  async #read(again: boolean): Promise<{ skipped: number; stale: number; notes: string[] }> {
    const { table, locks, threads, signal } = this.#parts;
    const found = { skipped: 0, stale: 0, notes: [] as string[] };
    for (let last = 0; ; ) {
      const rows = upTo(table.toRead(this.#folder.id, last, again, filesAtATime));
      if (rows.length === 0) return found;
      last = rows.at(-1)!.id;
      const files = rows.map(({ id, directory, name, stamp }) => ({ id, stamp, path: directory === '' ? name : `${directory}/${name}` }));
      // The folders take turns, so that one that takes hours lets the others come through.
      const outcomes = await locks.hold('reading', () => threads.use((thread) => thread.hash(this.#folder.path, files, signal)));
      this.#counts.read += outcomes.filter((outcome) => !('stale' in outcome)).length;
      table.database.atOnce(() => {
        for (const [index, outcome] of outcomes.entries()) {
          if ('stale' in outcome) found.stale++;
          else if ('problem' in outcome) this.#note(found, `${this.#folder.id}/${files[index]!.path} could not be read: ${outcome.problem}.`);
          else this.#keep(rows[index]!, outcome.hashes);
        }
      });
    }
  }

  #keep(row: FileRow, hashes: { sha256: string; md5: string }): void {
    const { table, log } = this.#parts;
    if (row.sha256 === hashes.sha256) return;
    // What was damaged, and has now been read as it was before, is whole.
    const before = row.sha256 === null ? null : row.was ?? row.sha256;
    if (!table.setHashes(row.id, row.stamp, hashes, before === hashes.sha256 ? null : before)) return;
    if (before === hashes.sha256) {
      this.#counts.changed++;
    } else if (row.sha256 !== null) {
      this.#counts.damaged++;
      log(`${this.#folder.id}/${row.directory === '' ? '' : `${row.directory}/`}${row.name} is damaged: its size and times are as they were, and its bytes are not (SHA-256 ${row.sha256} before).`);
    } else if (row.was === null) {
      this.#counts.added++;
    } else if (row.was !== hashes.sha256) {
      this.#counts.changed++;
    }
  }

  #note(found: { skipped: number; notes: string[] }, note: string): void {
    found.skipped++;
    if (found.notes.length < mostNotes) found.notes.push(note);
  }
}

/** The first of them, as many as the thread should have at a time: what it was told in between waits so long. */
function upTo(rows: FileRow[]): FileRow[] {
  let bytes = 0;
  const end = rows.findIndex(({ size }) => (bytes += size) > bytesAtATime);
  return end < 0 ? rows : rows.slice(0, Math.max(1, end));
}
