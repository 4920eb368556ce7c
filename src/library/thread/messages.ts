/** What the server and the library's thread say to each other. The thread reads the disk and the table and changes neither. */
import type { FileMarks } from '../stamp.ts';
import type { Hashes } from '../table/files.ts';

export interface WalkJob {
  type: 'walk';
  folder: string;
  /** Of all folders, by their ids: a file may have come from another one. */
  roots: Record<string, string>;
  /** The file of the hash table. */
  table: string;
}

export interface HashJob {
  type: 'hash';
  /** Their folder. */
  root: string;
  files: FileToHash[];
}

export interface FileToHash {
  id: number;
  /** Within the folder. */
  path: string;
  /** As it must be, or it is left for the next walk. */
  stamp: string;
}

export type ToThread = WalkJob | HashJob | { type: 'next' };

/** What a walk found to be other than the table says. `id` and `stamp` are of a row as the walk saw it, `place` is where in the folder. */
export type Difference =
  | { kind: 'new'; place: PlaceIn; marks: FileMarks }
  /** Another name of a file that the table knows under a name that is gone. */
  | { kind: 'moved'; id: number; stamp: string; place: PlaceIn; marks: FileMarks }
  /** Another name of a file that keeps the one that it has: a hard link. */
  | { kind: 'linked'; place: PlaceIn; marks: FileMarks }
  /** The same file, of which something was changed. */
  | { kind: 'changed'; id: number; stamp: string; marks: FileMarks }
  /** Another file of the same name. The one that was there may have another name by now. */
  | { kind: 'replaced'; id: number; stamp: string; place: PlaceIn; marks: FileMarks }
  | { kind: 'gone'; id: number; stamp: string; place: PlaceIn };

export interface PlaceIn {
  directory: string;
  name: string;
}

export interface WalkEnd {
  skipped: number;
  /** Paths within the folder; its top, '', where there are too many. */
  unseen: string[];
  notes: string[];
}

export type HashOutcome =
  | { id: number; stamp: string; hashes: Hashes }
  /** It is not what it was when it was found: the next walk sees to it. */
  | { id: number; stale: true }
  | { id: number; problem: string };

export type FromThread =
  | { type: 'differences'; differences: Difference[] }
  | { type: 'walked'; end: WalkEnd }
  | { type: 'hashed'; outcomes: HashOutcome[] }
  | { type: 'failed'; code: string | undefined; message: string }
  | { type: 'bug'; error: Error };
