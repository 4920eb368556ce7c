/** What a prune would do, before anything is done. */
import type { AliveChunks, LostFiles } from '../../catalog/alive-chunks.ts';
import type { Snapshot } from '../../catalog/snapshots.ts';
import type { BatError } from '../../core/errors.ts';
import type { Rewrite } from './rewrite.ts';

/** What becomes of one target. Bytes are those that it stores. */
export interface TargetPrune {
  target: string;
  /** Why nothing is done there now: it is not in reach, or another catalog writes there. What goes from it goes once it can. */
  refused: BatError | null;
  /** Names of manifests of forgotten snapshots. */
  manifests: readonly string[];
  /** Ids of the kept snapshots whose manifests are written again. */
  rewritten: readonly string[];
  /** Volumes, or files, that are removed. */
  objects: number;
  /** Of these and of the manifests. */
  bytes: number;
  /** A target that only copies fill is not there: what lies there and is to go waits for it. That is no failure. */
  away: Away | null;
  /** What nothing needs and is left for now: its storage class has a least time that is paid for in any case. */
  putOff: PutOff | null;
}

export interface Away {
  /** Snapshots that are forgotten and still lie there, with what only they need. */
  snapshots: number;
  why: BatError;
}

export interface PutOff {
  objects: number;
  bytes: number;
  /** When the first and the last of them may go. */
  from: Date;
  until: Date;
  /** What removing all of them now would cost for nothing; null where the prices of the target do not say. */
  cost: number | null;
  /** ISO 4217. */
  currency: string;
}

/** Volumes that are mostly dead: what is alive of them is read from the source again, and they go after that. */
export interface Compaction {
  volumes: number;
  /** Bytes of the sources that the next run reads and stores again. */
  again: number;
  /** Bytes of the sources that these volumes hold and nothing needs. */
  dead: number;
}

export interface PruneOptions {
  /** Removes also what has to be paid for in any case. */
  early?: boolean;
  /** The only target that something is removed from: one that only copies fill. */
  only?: string;
}

export interface PrunePlan {
  /** Oldest first. */
  forget: readonly Snapshot[];
  lost: LostFiles;
  /** In the order of the plan. */
  targets: readonly TargetPrune[];
  compaction: Compaction;
  /** For `carryOutPrune`. */
  work: PruneWork;
}

export interface PruneWork {
  options: PruneOptions;
  chunks: AliveChunks;
  /** On the targets that uploads store to. */
  rewrites: readonly Rewrite[];
  /** Ids of the volumes that go from these. */
  leaving: readonly number[];
  /** Those of them that a target which only copies fill still has a use for. */
  staying: readonly number[];
  /** What is done on each of those targets that is there. */
  copies: readonly { target: string; leaving: readonly number[]; rewrites: readonly Rewrite[] }[];
  /** Ids of the volumes that are to be stored again. */
  draining: readonly number[];
}
