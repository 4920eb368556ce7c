/** What the main thread and the reading thread say to each other. Many files in one text: a message an entry would cost more than the read. */
import { ReadProblem, type FileToRead, type Reading } from './reading.ts';

export type ToThread =
  /** Read these small files whole into one slot. */
  | { type: 'files'; job: number; files: string }
  /** Read this file chunk by chunk. `hashed`: with the hash of each chunk. */
  | { type: 'large'; job: number; file: string; hashed: boolean }
  /** Nobody waits for the rest of this large file. */
  | { type: 'cancel'; job: number }
  /** The slot may be filled again. */
  | { type: 'free'; slot: number };

export type FromThread = FilesRead | ChunksRead | { type: 'bug'; error: Error };

/** The files are the pieces of the slot, in the order in which they were asked for. */
export interface FilesRead {
  type: 'files';
  job: number;
  slot: number;
  /** By index: each file that is not simply as it was selected. `unread`: those before it have grown, and left no room for it. */
  odd: Map<number, Outcome | 'unread'>;
}

/** The next chunks of a large file are the pieces of the slot; the last message of a file has its `end`. */
export interface ChunksRead {
  type: 'chunks';
  job: number;
  slot: number;
  count: number;
  end?: Outcome;
}

/** The hash as hex: the bytes of a small Buffer would take the whole slab that Node cut it from along. */
export type OddReading = { reading: Omit<Reading, 'sha256'> & { sha256: string } };
export type Problem = { problem: Pick<ReadProblem, 'kind' | 'message'> };
export type Outcome = OddReading | Problem;

/** Neither a path nor a stamp can hold this. */
const between = '\0';
const fields = 4;

export function packFiles(files: readonly FileToRead[]): string {
  return files.map(({ absolute, entry, stamp, followed }) => [absolute, entry.size, stamp, followed ? 'followed' : ''].join(between)).join(between);
}

export function unpackFiles(text: string): FileToRead[] {
  const words = text.split(between);
  return Array.from({ length: words.length / fields }, (_, index) => {
    const at = index * fields;
    return { absolute: words[at]!, entry: { size: Number(words[at + 1]) }, stamp: words[at + 2]!, followed: words[at + 3] !== '' };
  });
}

export function problemOf({ problem }: Problem): ReadProblem {
  return new ReadProblem(problem.kind, problem.message);
}

export function readingOf({ reading }: OddReading): Reading {
  return { ...reading, sha256: Buffer.from(reading.sha256, 'hex') };
}
