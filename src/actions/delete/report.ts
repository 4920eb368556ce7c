/** What a delete takes away, for the person who is asked and for programs. */
import type { Snapshot } from '../../catalog/snapshots.ts';
import type { LostFiles } from '../../catalog/alive-chunks.ts';
import type { Compaction, TargetPrune } from '../../runner/prune/prune-plan.ts';

/** A version of a file that would be gone from everywhere. */
export interface GoneFile {
  source: string;
  path: string;
  size: number;
  /** How many snapshots have it that stay. */
  snapshots: number;
}

export interface SnapshotsReport {
  snapshots: readonly Snapshot[];
  lost: LostFiles;
  targets: readonly TargetPrune[];
  compaction: Compaction;
}

export interface ObjectsReport {
  /** `targets`: those that it goes from. `stays`: those that hold it and cannot be reached now. `elsewhere`: some target has what is in it afterwards. */
  objects: { name: string; size: number; targets: string[]; stays: string[]; elsewhere: boolean }[];
  /** Versions of files that no target can give any more, and their bytes. */
  files: number;
  bytes: number;
  /** Ids of the snapshots that these files are in. */
  snapshots: string[];
}
