/** What a copy is asked for, and what it answers. */
import type { ErrorCode } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Lane } from '../../steps/step.ts';
import { Incomplete } from '../incomplete.ts';

export interface CopyOptions {
  plan: Plan;
  /** Ids of targets of the plan. */
  from: string;
  to: string;
  /** Ids or their beginnings, `latest`, or times: see store/choose.ts. Everything if it is empty. */
  snapshots: readonly string[];
  /** Only these sources; all if it is empty. */
  sources: readonly string[];
  /** Sends what the other target holds, too. */
  all: boolean;
  /** Removes from the other target what was forgotten since it was there last. */
  prune: boolean;
  /** It is meant that the other target is empty, or another one than before. */
  newTarget: boolean;
  /** Says what would be copied, by what the catalog knows. */
  dryRun: boolean;
  emit: Emit;
  signal: AbortSignal;
}

export interface CopyLane {
  /** How what is stored on the second target looks; for one that no upload stores to, as on the first. */
  own: Lane;
  /** False for a target that no upload stores to: whatever the other one holds may lie there. */
  isPlanned: boolean;
}

export interface CopyResult {
  from: string;
  to: string;
  dryRun: boolean;
  sources: CopiedSource[];
  /** Volumes and files that were copied; in a dry run, those that would be. */
  objects: number;
  manifests: number;
  /** Of both. */
  bytes: number;
  /** Snapshots that were forgotten and lie on the other target still. */
  deleted: number;
  /** What was removed from it, where that was asked for: snapshots, and bytes in all. */
  pruned: { snapshots: number; bytes: number } | null;
  /** Snapshots that the other target does not hold whole now, oldest first. */
  left: LeftSnapshot[];
  /** Objects that could not be copied: the first of them. */
  failures: CopyFailure[];
  /** All of them. */
  failed: number;
  /** Milliseconds. */
  duration: number;
}

/** Snapshots of a source, by what became of them. */
export interface CopiedSource {
  source: string;
  copied: number;
  /** The other target held them before. */
  there: number;
  left: number;
}

export interface LeftSnapshot {
  snapshot: string;
  reason: string;
}

export interface CopyFailure {
  object: string;
  code: ErrorCode;
  message: string;
}

/** Thrown at the end of a copy that could not copy everything. */
export class CopyIncomplete extends Incomplete<CopyResult> {}
