/**
 * Goes through what was asked for before anything is written, and refuses what must not be: because its path leads out, or
 * because the snapshot contradicts itself.
 */
import type { ListedEntry, RestoreList } from '../../catalog/restore-list.ts';
import type { EntryType } from '../../core/entry.ts';
import { pathDanger } from '../../core/paths.ts';
import { refused } from './folders.ts';
import { folderOf } from './places.ts';
import type { Report } from './report.ts';

export interface Checking {
  list: RestoreList;
  report: Report;
  sourceOf(entry: ListedEntry): string;
  signal: AbortSignal;
}

const allTypes: readonly EntryType[] = ['file', 'directory', 'symlink', 'hardlink', 'fifo'];
const foldersRemembered = 20_000;
const betweenPauses = 1000;

/** `decide`: what becomes of an entry that may be written; what it throws is said, and the entry has failed. Folders above what is wanted become parents. */
export async function checkEntries({ list, report, sourceOf, signal }: Checking, decide: (entry: ListedEntry) => 'wanted' | 'kept'): Promise<void> {
  const ancestors = new Ancestors(list);
  let count = 0;
  for (const entry of list.entries.inOrder(allTypes, ['wanted', 'twice'])) {
    if (++count % betweenPauses === 0) {
      signal.throwIfAborted();
      await new Promise(setImmediate);
    }
    try {
      check(entry, ancestors);
      if (decide(entry) === 'kept') list.entries.setState(entry.id, 'kept');
    } catch (error) {
      list.entries.setState(entry.id, 'failed');
      report.fail(sourceOf(entry), entry.path, error);
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
