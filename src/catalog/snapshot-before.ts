/** The latest snapshot of a source as the catalog has it, directory by directory: what a walk is compared with. */
import type { EntryType } from '../core/entry.ts';
import type { Catalog } from './catalog.ts';
import { fromName, toName, unpackIds } from './columns.ts';

/** An entry of the snapshot before, as far as it matters for finding out whether it changed. */
export interface PreviousEntry {
  type: EntryType;
  /** Empty if the entry must be read again whatever the disk says: a target lost some of it. */
  stamp: string;
  mode: number;
  uid: number;
  gid: number;
  mtime: string;
  size: number;
  link: string | null;
}

export class SnapshotBefore {
  readonly #catalog: Catalog;
  readonly #source: string;
  /** The usual case, in which no chunk of an unchanged file need be looked at. */
  readonly #allUsable: boolean;

  constructor(catalog: Catalog, source: string) {
    this.#catalog = catalog;
    this.#source = source;
    this.#allUsable = catalog.get('SELECT 1 FROM volumes v WHERE NOT EXISTS (SELECT 1 FROM usable u WHERE u.volume = v.id) LIMIT 1') === undefined;
  }

  previous(directory: string): Map<string, PreviousEntry> {
    const rows = this.#catalog.lists(
      `SELECT e.name, e.type, e.stamp, e.mode, e.uid, e.gid, e.mtime, e.size, e.link, ${this.#allUsable ? 'NULL' : 'e.chunks'}
       FROM directories d JOIN entries e ON e.directory = d.id WHERE d.source = ? AND d.path = ? AND e.until IS NULL`,
      this.#source,
      toName(directory),
    );
    const entries = new Map<string, PreviousEntry>();
    for (const [name, type, stamp, mode, uid, gid, mtime, size, link, chunks] of rows) {
      const isComplete = chunks === null || this.areUsable(unpackIds(chunks));
      entries.set(fromName(name), {
        type: type as EntryType,
        stamp: isComplete ? (stamp as string) : '',
        mode: mode as number,
        uid: uid as number,
        gid: gid as number,
        mtime: mtime as string,
        size: size as number,
        link: link === null ? null : fromName(link),
      });
    }
    return entries;
  }

  /** The names below a path; none if it is no directory. */
  childrenOf(path: string): string[] {
    const sql = 'SELECT e.name FROM directories d JOIN entries e ON e.directory = d.id WHERE d.source = ? AND d.path = ? AND e.until IS NULL';
    return this.#catalog.all(sql, this.#source, toName(path)).map((row) => fromName(row['name']));
  }

  typeOf(directory: string, name: string): EntryType | null {
    const sql = 'SELECT e.type FROM directories d JOIN entries e ON e.directory = d.id WHERE d.source = ? AND d.path = ? AND e.name = ? AND e.until IS NULL';
    return (this.#catalog.get(sql, this.#source, toName(directory), toName(name))?.['type'] as EntryType | undefined) ?? null;
  }

  hadEntries(): boolean {
    const sql = 'SELECT 1 FROM directories d JOIN entries e ON e.directory = d.id WHERE d.source = ? AND e.until IS NULL LIMIT 1';
    return this.#catalog.get(sql, this.#source) !== undefined;
  }

  /** True if each of these chunks lies in a volume that counts as there. */
  areUsable(chunks: readonly number[]): boolean {
    const sql = 'SELECT 1 FROM places p JOIN usable u ON u.volume = p.volume WHERE p.chunk = ? LIMIT 1';
    return chunks.every((chunk) => this.#catalog.get(sql, chunk) !== undefined);
  }
}
