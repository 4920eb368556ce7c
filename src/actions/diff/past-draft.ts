/** What a walk of the disk is held against: one snapshot, whichever it is. What is gone is put on the list. */
import type { Catalog } from '../../catalog/catalog.ts';
import { Contents } from '../../catalog/contents.ts';
import type { DifferenceList, Side } from '../../catalog/difference-list.ts';
import type { Draft } from '../../catalog/draft.ts';
import type { CatalogEntry } from '../../catalog/entry-rows.ts';
import type { PreviousEntry } from '../../catalog/snapshot-before.ts';
import type { Snapshot } from '../../catalog/snapshots.ts';
import { Versions } from '../../catalog/versions.ts';

export class PastDraft implements Draft {
  readonly #snapshot: Snapshot;
  readonly #list: DifferenceList;
  readonly #versions: Versions;
  readonly #contents: Contents;
  /** Of the folder that is walked and those above it, by path and name. */
  readonly #open = new Map<string, Map<string, CatalogEntry>>();

  constructor(catalog: Catalog, snapshot: Snapshot, list: DifferenceList) {
    this.#snapshot = snapshot;
    this.#list = list;
    this.#versions = new Versions(catalog);
    this.#contents = new Contents(catalog);
  }

  previous(directory: string): Map<string, PreviousEntry> {
    for (const known of this.#open.keys()) if (known !== '' && known !== directory && !directory.startsWith(`${known}/`)) this.#open.delete(known);
    const found = new Map<string, CatalogEntry>();
    for (const version of this.#versions.inDirectory(this.#snapshot.source, directory, this.#snapshot.number)) found.set(nameOf(version.entry.path), version);
    this.#open.set(directory, found);
    return new Map([...found].map(([name, { entry }]) => [name, toPrevious(entry)]));
  }

  /** What the snapshot has at a path in a folder that is open, or null. */
  before(path: string): CatalogEntry | null {
    const name = nameOf(path);
    return this.#open.get(path.slice(0, Math.max(0, path.length - name.length - 1)))?.get(name) ?? null;
  }

  /** With its hash, which takes a look of its own. */
  sideOf(found: CatalogEntry): Side {
    const holder = this.#contents.holderOf(this.#snapshot.source, found, this.#snapshot.number);
    return { entry: found.entry, sha256: holder && this.#contents.hashOf(holder) };
  }

  hadEntries(): boolean {
    return this.#snapshot.files > 0;
  }

  remove(path: string): void {
    const { source, number } = this.#snapshot;
    const version = this.#versions.at(source, path, number);
    if (!version) return;
    const gone = [version];
    for (let next = gone.pop(); next; next = gone.pop()) {
      this.#list.put(next.entry.path, this.sideOf(next), null);
      if (next.entry.type === 'directory') for (const inside of this.#versions.inDirectory(source, next.entry.path, number)) gone.push(inside);
    }
  }

  put(): void {
    // Nothing is kept.
  }

  adopt(): boolean {
    return false;
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Without a stamp, so that the walk gives everything: of what a stamp holds only a part belongs to a snapshot. */
function toPrevious({ type, mode, uid, gid, mtime, size, link }: CatalogEntry['entry']): PreviousEntry {
  return { type, stamp: '', mode, uid, gid, mtime, size, link: link ?? null };
}
