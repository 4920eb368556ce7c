/**
 * Goes through what was asked for before anything is written, and decides about each entry: to restore it, to keep what
 * is there, or to refuse it, because its path leads out, or because the snapshot contradicts itself.
 */
import fs from 'node:fs';
import type { ListedEntry, RestoreList } from '../../catalog/restore-list.ts';
import { parseMtime, type EntryType } from '../../core/entry.ts';
import { pathDanger, systemPath } from '../../core/paths.ts';
import type { Overwrite } from './contract.ts';
import { lookAt, refused, type Folders } from './folders.ts';
import { diskPath, folderOf, type Places } from './places.ts';
import type { Report } from './report.ts';

const allTypes: readonly EntryType[] = ['file', 'directory', 'symlink', 'hardlink', 'fifo'];

/** Node sets times by floating point; a restored file's time may be off by less than this. */
const timeTolerance = 1000n;
const foldersRemembered = 20_000;
const betweenPauses = 1000;

export interface Decider {
  list: RestoreList;
  places: Places;
  folders: Folders;
  report: Report;
  overwrite: Overwrite;
  sourceOf(entry: ListedEntry): string;
  signal: AbortSignal;
}

/** Afterwards, what is `wanted` in the list is what will be written. */
export async function decide(decider: Decider): Promise<void> {
  const ancestors = new Ancestors(decider.list);
  let count = 0;
  for (const entry of decider.list.entries.inOrder(allTypes, ['wanted', 'twice'])) {
    if (++count % betweenPauses === 0) {
      decider.signal.throwIfAborted();
      await new Promise(setImmediate);
    }
    try {
      check(entry, ancestors);
      if (entry.type === 'directory' && decider.places.isMadeUp(entry.snapshot, entry.path)) {
        decider.list.entries.setState(entry.id, 'kept');
      } else if (keeps(entry, decider)) {
        decider.list.entries.setState(entry.id, 'kept');
        decider.report.summary.skipped++;
      }
    } catch (error) {
      decider.list.entries.setState(entry.id, 'failed');
      decider.report.fail(decider.sourceOf(entry), entry.path, error);
    }
  }
}

/** Throws RESTORE_REFUSED for an entry that must not be restored wherever it would go. */
function check(entry: ListedEntry, ancestors: Ancestors): void {
  const danger = pathDanger(entry.path);
  if (danger) throw refused(`its path is refused: ${danger}`);
  if (entry.state === 'twice') throw refused('the snapshot has two entries of this path');
  if (entry.type === 'hardlink') {
    const linkDanger = pathDanger(entry.link ?? '');
    if (linkDanger) throw refused(`what it is a hard link to is refused: ${linkDanger}`);
  }
  if (entry.type === 'symlink' && (entry.link === undefined || entry.link === '' || entry.link.includes('\0'))) throw refused('what it points to is no path');
  const conflict = ancestors.problemOf(entry.snapshot, folderOf(entry.path));
  if (conflict) throw refused(conflict);
}

/** Whether what is on the disk stays. Throws if there can be nothing at its place. */
function keeps(entry: ListedEntry, { places, folders, overwrite }: Decider): boolean {
  const spot = places.spot(entry.snapshot, entry.path);
  if (!spot) throw refused('it belongs to none of the folders that the plan names for its source');
  if (entry.type === 'directory') {
    folders.look(spot.base, spot.relative);
    return false;
  }
  if (folders.look(spot.base, folderOf(spot.relative)) === 'absent' || overwrite === 'always') return false;
  const path = diskPath(spot);
  const there = lookAt(path);
  if (!there) return false;
  if (overwrite === 'never') return true;
  const newer = parseMtime(entry.mtime) - there.mtimeNs;
  if (overwrite === 'if-newer') return newer <= timeTolerance;
  switch (entry.type) {
    case 'file':
      return there.isFile() && there.size === BigInt(entry.size) && newer <= timeTolerance && newer >= -timeTolerance;
    case 'symlink':
      return there.isSymbolicLink() && fs.readlinkSync(systemPath(path), 'buffer').equals(Buffer.from(systemPath(entry.link!)));
    case 'fifo':
      return there.isFIFO();
    case 'hardlink':
      // Only once the file itself is in place can it be said whether this is a link to it.
      return false;
  }
}

/** Whether the entries above an entry are folders, and may be used. */
class Ancestors {
  readonly #list: RestoreList;
  readonly #problems = new Map<string, string | null>();

  constructor(list: RestoreList) {
    this.#list = list;
  }

  /** Why nothing can be below this folder, or null. Folders that were not asked for are noted as parents. */
  problemOf(snapshot: number, folder: string): string | null {
    if (folder === '') return null;
    const key = `${snapshot}/${folder}`;
    const known = this.#problems.get(key);
    if (known !== undefined) return known;
    const problem = this.problemOf(snapshot, folderOf(folder)) ?? this.#problemAt(snapshot, folder);
    if (this.#problems.size >= foldersRemembered) this.#problems.clear();
    this.#problems.set(key, problem);
    return problem;
  }

  #problemAt(snapshot: number, folder: string): string | null {
    const entry = this.#list.entries.find(snapshot, folder);
    if (!entry) return null;
    if (entry.state === 'twice') return `the snapshot has two entries of the path ${folder}`;
    if (entry.type !== 'directory') return `the snapshot has ${folder} as a ${entry.type}, not as a folder`;
    if (entry.state === 'failed') return `its folder ${folder} cannot be restored`;
    if (entry.state === 'unselected') this.#list.entries.setState(entry.id, 'parent');
    return null;
  }
}
