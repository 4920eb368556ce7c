/** A row of the table `entries`, with the path of its directory, as an entry. */
import type { Entry, EntryType } from '../core/entry.ts';
import { asBuffer, fromName, joinPath, unpackIds } from './columns.ts';
import type { List } from './catalog.ts';

/** An entry with what the catalog knows of its content: chunk ids, and the hash where there is not just one chunk. */
export interface CatalogEntry {
  entry: Entry;
  chunks: number[];
  sha256: Buffer | null;
}

/** Of `entries e` and `directories d`: what `toEntry` takes, in this order. */
export const entryColumns = 'd.path, e.name, e.type, e.mode, e.uid, e.gid, e.mtime, e.size, e.link, e.sparse, e.sha256, e.chunks';
export const entryColumnCount = 12;

/** `from`: where the columns of the entry begin. */
export function toEntry(columns: List, from = 0): CatalogEntry {
  const link = columns[from + 8];
  const sha256 = columns[from + 10];
  const entry: Entry = {
    path: joinPath(fromName(columns[from]), fromName(columns[from + 1])),
    type: columns[from + 2] as EntryType,
    mode: columns[from + 3] as number,
    uid: columns[from + 4] as number,
    gid: columns[from + 5] as number,
    mtime: columns[from + 6] as string,
    size: columns[from + 7] as number,
  };
  if (link !== null) entry.link = fromName(link);
  if (columns[from + 9] === 1) entry.sparse = true;
  return { entry, chunks: unpackIds(columns[from + 11]), sha256: sha256 === null ? null : asBuffer(sha256) };
}
