/** A line of a list of files, wherever the list comes from. */
import type { Entry, Found } from '../api/library.ts';

export interface Row {
  /** In the library; without a slash at its end. */
  path: string;
  name: string;
  type: 'file' | 'folder';
  size: number;
  /** Milliseconds since 1970; null for what has none. */
  time: number | null;
  /** In hex; null where the server has not read it. */
  sha256: string | null;
}

export type SortKey = 'name' | 'size' | 'time';
export interface Order {
  key: SortKey;
  descending: boolean;
}

export const rowOfEntry = (folder: string, { name, type, size, mtime, sha256 }: Entry): Row => ({ path: `${folder}/${name}`, name, type, size, time: Number(mtime) * 1000, sha256: sha256 ?? null });
export const rowOfFound = ({ path, size, mtime, sha256 }: Found): Row => ({ path, name: nameOf(path), type: 'file', size, time: Number(mtime) * 1000, sha256: sha256 ?? null });

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

const names = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Folders first, by name where sizes or times are the same. */
export function sorted(rows: readonly Row[], { key, descending }: Order): Row[] {
  const by: Record<SortKey, (one: Row, other: Row) => number> = {
    name: () => 0,
    size: (one, other) => one.size - other.size,
    time: (one, other) => (one.time ?? 0) - (other.time ?? 0),
  };
  const sign = descending ? -1 : 1;
  return rows.toSorted((one, other) => {
    if (one.type !== other.type) return one.type === 'folder' ? -1 : 1;
    return sign * (by[key](one, other) || names.compare(one.name, other.name));
  });
}

const dates = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
export const formatTime = (time: number | null): string => (time === null || Number.isNaN(time) ? '' : dates.format(time));
