/** A draft that only counts: what a dry run sees instead of the catalog's own. */
import type { Entry, EntryType } from '../core/entry.ts';
import type { Catalog } from './catalog.ts';
import { joinPath, splitPath } from './columns.ts';
import type { Draft } from './draft.ts';
import { SnapshotBefore, type PreviousEntry } from './snapshot-before.ts';

export class DryDraft implements Draft {
  readonly #before: SnapshotBefore;
  newFiles = 0;
  changedFiles = 0;
  removedFiles = 0;

  constructor(catalog: Catalog, source: string) {
    this.#before = new SnapshotBefore(catalog, source);
  }

  previous(directory: string): Map<string, PreviousEntry> {
    return this.#before.previous(directory);
  }

  hadEntries(): boolean {
    return this.#before.hadEntries();
  }

  /** Counts what was selected. `before`: there was a file of this path. */
  select(entry: Entry, before: boolean): void {
    if (!isFile(entry.type)) return;
    if (before) this.changedFiles++;
    else this.newFiles++;
  }

  put(): void {}

  remove(path: string): void {
    const type = this.#before.typeOf(...splitPath(path));
    if (type !== null && isFile(type)) this.removedFiles++;
    for (const child of this.#before.childrenOf(path)) this.remove(joinPath(path, child));
  }

  adopt(): boolean {
    return false;
  }
}

function isFile(type: EntryType): boolean {
  return type === 'file' || type === 'hardlink';
}
