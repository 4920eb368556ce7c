/** The words in which the rest of the server speaks with the library. Every `path` is `<folder>/<path in it>`, with `/` between parts. */
import type { FileHandle } from 'node:fs/promises';
import type { ContentHash } from './content-hash.ts';

/** A folder of somebody's own files that the server keeps. */
export interface FolderSettings {
  id: string;
  /** Absolute. */
  path: string;
  /** The most bytes that its files may take together. */
  quota?: number;
}

export interface LibraryOptions {
  folders: readonly FolderSettings[];
  /** The server's own folder: the hash table and the thumbnails lie there. It is made when missing. */
  state: string;
  /** Bytes that always stay free on a disk that uploads go to. */
  keepFree?: number;
  /** Told what the person who runs the server should know: a damaged file, a table that had to be made anew. */
  log?: (line: string) => void;
}

/** Who adds something, and how much may be theirs in the whole library. */
export interface Giver {
  name: string;
  quota?: number;
}

/** Says of a folder's id whether it counts: what a user may not use must not be told to them, nor hold their files. */
export type FolderChoice = (folder: string) => boolean;

export interface PlaceOptions {
  /** What the content must have. A mismatch leaves nothing behind. */
  hash?: ContentHash;
  /** Seconds since 1970 with up to nine digits behind the point, for the placed file. */
  mtime?: string;
  /** Bytes, where they are known beforehand: a shorter or longer content is refused, and quotas are looked at first. */
  size?: number;
  giver?: Giver;
  /** Where content that is there already makes a duplicate of this one; anywhere if not given. */
  within?: FolderChoice;
  /** True: an exact copy is stored even where the content lies somewhere else already (a mirror does so). */
  evenIfKnown?: boolean;
  /** True: EXISTS where the name is taken, in place of another name. */
  exactName?: boolean;
  signal?: AbortSignal;
}

/** A whole, closed file in `uploadsFolder` of the folder that it is to be placed in. It is gone when `place` comes back, or throws. */
export interface FinishedFile {
  file: string;
}

export interface Known {
  path: string;
  size: number;
  sha256: string;
  md5: string;
}

/** `stored`: under this path, which has a number in it if the name was taken. Otherwise the content lies there already. */
export type Placed = Known & { stored: boolean };

export interface SyncReport {
  added: number;
  renamed: number;
  removed: number;
  changed: number;
  unchanged: number;
  /** Read again, and other bytes though size and times are as they were. */
  damaged: number;
  /** Opened and read from beginning to end: what was new or changed, and no others. */
  read: number;
  /** All that the table has now. */
  files: number;
  /** What could not be kept true: names that are not UTF-8, files or folders that could not be read. */
  skipped: number;
  /** Files and folders (`photos/2024`) that could not be looked at, or into: nobody knows whether anything is there. All of a folder where there are too many. */
  unseen: string[];
  /** Some of what was skipped or damaged, in words. */
  notes: string[];
}

export interface SyncOptions {
  /** By their ids; all if not given. */
  folders?: readonly string[];
  /** Read every file again, to find those that the disk has damaged. */
  reread?: boolean;
}

export interface ListedEntry {
  name: string;
  type: 'file' | 'folder';
  /** Bytes; 0 for a folder. */
  size: number;
  /** Seconds since 1970 with nine digits behind the point. */
  mtime: string;
  /** Where the table has it and the file is as it was when that was read. */
  sha256?: string;
}

export interface Listing {
  path: string;
  entries: ListedEntry[];
  /** Where the next page begins: give it as `after`. */
  next?: string;
}

/** A row of the hash table. */
export interface TableFile {
  path: string;
  size: number;
  mtime: string;
  /** Both missing until the file was read. */
  sha256?: string;
  md5?: string;
  /** The disk has changed its bytes: the hashes are those of what is left. */
  damaged?: true;
}

/** A file that is only changed if it still is the one that somebody has seen. */
export interface IfStill {
  /** SHA-256 in hex. Else PRECONDITION_FAILED is thrown. */
  sha256?: string;
}

export interface FolderState {
  id: string;
  path: string;
  quota?: number;
  files: number;
  /** Of all its files. */
  bytes: number;
}

/** A file that is open to be read. Whoever opened it closes the handle. */
export interface OpenFile {
  handle: FileHandle;
  size: number;
  /** Seconds since 1970 with nine digits behind the point. */
  mtime: string;
  /** Another one after every change. */
  stamp: string;
  /** Where the table has it for the file as it is. */
  sha256?: string;
  /** True if nobody wrote to the file since it was opened. */
  isAsOpened(): Promise<boolean>;
}
