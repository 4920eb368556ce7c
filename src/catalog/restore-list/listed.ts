/** What a restore's list speaks of: entries, chunks, ranges, volumes. */
import type { Entry } from '../../core/entry.ts';

/**
 * `unselected`: not asked for. `wanted`: to be restored. `kept`: what is there already stays. `failed`: refused, or went
 * wrong. `parent`: not asked for, but a folder above something that is. `twice`: one manifest has the path twice.
 */
export type ListedState = 'unselected' | 'wanted' | 'kept' | 'failed' | 'parent' | 'twice';

export interface ListedChunk {
  /** As `addVolume` returned it. */
  volume: number;
  offset: number;
  length: number;
  sha256: Buffer;
}

export interface ListedEntry extends Entry {
  id: number;
  snapshot: number;
  state: ListedState;
  /** Of a file. */
  sha256: Buffer | null;
  /** How many chunks a file has. */
  parts: number;
}

/** Bytes of a volume that are wanted once, by any number of files. */
export interface ListedRange {
  offset: number;
  length: number;
}

/** One place that wants a chunk: `position` in the file `entry`. */
export interface ListedUse extends ListedRange {
  sha256: Buffer;
  position: number;
  entry: ListedEntry;
}

/** A chunk of a file that is read in the order of the file. */
export interface OrderedChunk extends ListedChunk {
  /** Of its file; the files are counted from 1 on. */
  turn: number;
  entry: number;
  /** In the file. */
  position: number;
  /** Of the place: 0 where it was found first. */
  rank: number;
  /** Why it is to be had nowhere; `volume` is then the last place it was looked for, or 0. */
  problem: string | null;
}

/** Whether a volume can be read, as its target said. */
export type ThawState = 'readable' | 'thawing' | 'cold';

export interface NewVolume {
  /** Kept for the caller. */
  layout: string;
  /** Bytes as it is stored. */
  size: number;
  storageClass?: string | undefined;
}

export interface ListedVolume {
  id: number;
  name: string;
  layout: string;
  storageClass: string | null;
}

export interface UnreadableVolumes {
  thaw: 'thawing' | 'cold';
  storageClass: string;
  objects: number;
  bytes: number;
}

export interface ListTotals {
  files: number;
  bytes: number;
}
