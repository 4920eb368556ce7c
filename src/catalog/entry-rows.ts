/** A row of the table `entries`, with the path of its directory, as an entry. */
import type { Entry, EntryType } from '../core/entry.ts';
import { asBuffer, fromName, joinPath, unpackIds } from './columns.ts';
import type { Row } from './catalog.ts';

/** An entry with what the catalog knows of its content: chunk ids, and the hash where there is not just one chunk. */
export interface CatalogEntry {
  entry: Entry;
  chunks: number[];
  sha256: Buffer | null;
}

/** Of `entries e` and `directories d`. */
export const entryColumns = 'd.path AS directory, e.name, e.type, e.mode, e.uid, e.gid, e.mtime, e.size, e.link, e.sparse, e.sha256, e.chunks';

export function toEntry(row: Row): CatalogEntry {
  const entry: Entry = {
    path: joinPath(fromName(row['directory']), fromName(row['name'])),
    type: row['type'] as EntryType,
    mode: row['mode'] as number,
    uid: row['uid'] as number,
    gid: row['gid'] as number,
    mtime: row['mtime'] as string,
    size: row['size'] as number,
  };
  if (row['link'] !== null) entry.link = fromName(row['link']);
  if (row['sparse'] === 1) entry.sparse = true;
  return { entry, chunks: unpackIds(row['chunks']), sha256: row['sha256'] === null ? null : asBuffer(row['sha256']) };
}
