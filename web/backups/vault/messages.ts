/** What the page and the worker that reads backups say to each other. */
import type { ErrorCode } from '../../../src/core/bat-error.ts';
import type { EntryType } from '../../../src/core/entry.ts';
import type { GivenKeys } from './open-keys.ts';
import type { PlaceName } from './backup-place.ts';

export type Question =
  /** Keys stay in the worker, and go with it. */
  | { type: 'unlock'; place: PlaceName; given: GivenKeys }
  /** One snapshot is open at a time. */
  | { type: 'open'; place: PlaceName; snapshot: string }
  | { type: 'list'; folder: string; from: number; count: number }
  | { type: 'search'; words: string; most: number }
  | { type: 'read'; path: string };

export interface Answers {
  /** The public halves of the keys. */
  unlock: string[];
  open: OpenedSnapshot;
  list: Listed;
  search: Listed;
  /** After the last piece: all that came is the file. */
  read: null;
}

/** To the worker. `more`: of a file another piece is wanted. */
export type ToWorker = { id: number; question: Question } | { id: number; more: true } | { id: number; cancel: true };

/** From the worker. */
export type FromWorker =
  | { id: number; value: unknown }
  | { id: number; problem: VaultProblem }
  | { id: number; progress: OpenProgress }
  | { id: number; piece: Uint8Array<ArrayBuffer> };

export interface VaultProblem {
  /** Null for what is a bug. */
  code: ErrorCode | 'CANCELLED' | null;
  message: string;
  hint: string | null;
}

export interface OpenProgress {
  bytes: number;
  entries: number;
}

export interface OpenedSnapshot {
  id: string;
  source: string;
  /** ISO 8601, UTC. */
  time: string;
  host: string;
  /** Where it was read. */
  target: string;
  away: { id: string; message: string }[];
  files: number;
  bytes: number;
  /** Short names of the signers whose signatures hold, of all manifests that were read; empty if none is signed. */
  signedBy: string[];
  /** Manifests without a signature among them. */
  unsigned: number;
  /** What is doubtful about the store, in sentences. */
  doubts: string[];
  /** Entries that are left out since their paths lead out. */
  dangerous: number;
}

export interface Listed {
  entries: ListedEntry[];
  /** In the folder, or found. */
  total: number;
}

export interface ListedEntry {
  /** Lone surrogates stand for bytes that are not UTF-8. */
  name: string;
  path: string;
  type: EntryType | 'folder';
  /** Of a folder: all that is below it. */
  size: number;
  files: number;
  /** Seconds since 1970; null for a folder that has no entry itself. */
  mtime: number | null;
  link: string | null;
  /** Why it cannot be restored. */
  refused: string | null;
}
