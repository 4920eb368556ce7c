/** A place that a mirror fills: a server, a folder, a target. What each of them does durably when it has come back is said here once. */
import type { FileThere, MirrorFile, MirrorMove } from '../../catalog/mirror-lists.ts';

export interface MirrorPlace {
  /** Where it is, for a person, without secrets. */
  readonly shown: string;
  /** The same for the same place, and for no other. It may hold secrets. */
  readonly identity: string;
  /** Stands before every path that is filled: empty, or a folder with a slash at its end. */
  readonly prefix: string;
  /** Files at a time that serve it well. */
  readonly parallel: number;
  /**
   * Brings its hash table up to date and gives all of it. `begin` is called before the first file, and again if the listing broke off and
   * begins anew. `folders`: those of the other side, where all of them are mirrored; null where it is one place.
   */
  look(options: { begin(): void; have(file: FileThere): void; folders: readonly string[] | null }): Promise<void>;
  /** Where a file is laid aside: a new name for each `attempt` from 1 on, which differs from the one before in its topmost folder. */
  asideOf(path: string, attempt: number): string;
  /** Never onto something. Throws FileChanged if something else lies at `from`. */
  move(move: MirrorMove): Promise<void>;
  /** The content once more, under another name. As `move`. */
  copy(move: MirrorMove): Promise<void>;
  /** `pieces` may be asked for again. It is stored only if all of them have the hash. */
  send(file: MirrorFile, pieces: (offset: number) => AsyncIterable<Uint8Array>): Promise<void>;
  /** Removing what is not there is no error. Throws FileChanged if something else lies there. */
  remove(file: { path: string; sha256: string }): Promise<void>;
  /** Folders that may be empty now are removed if they are; of each also those above it. */
  tidy(folders: Iterable<string>): Promise<void>;
  /** At the end: writes down what it has to. What was done before is not lost without it. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** A file is not what the table said: the next mirror sees what it is now. */
export class FileChanged extends Error {
  override readonly name = 'FileChanged';
}

/** The place does not take this one file: its message is a sentence. */
export class FileRefused extends Error {
  override readonly name = 'FileRefused';
}

/** Where old contents wait that a new one took the name of. */
const waitingFolder = 'mirror-waiting';

/** `mirror-waiting/20261120-190822/…` below the first `depth` folders of a path. */
export function asideBelow(path: string, depth: number, time: Date, attempt: number): string {
  const parts = path.split('/');
  const stamp = time.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  return [...parts.slice(0, depth), attempt === 1 ? waitingFolder : `${waitingFolder} (${attempt})`, stamp, ...parts.slice(depth)].join('/');
}

/** Whether a mirror laid it aside. */
export function isAside(path: string): boolean {
  return /(^|\/)mirror-waiting( \(\d+\))?\/\d{8}-\d{6}\//.test(path);
}
