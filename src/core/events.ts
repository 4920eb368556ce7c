/**
 * What a run says while it works. Actions, the runner and the steps emit these; the views of the cli show them
 * (a terminal, a log, JSON lines). Nothing else reaches a person while a run goes on.
 */
import type { ErrorCode } from './errors.ts';

export interface Issue {
  /** `unread`: could not be read, what was kept before stays. `changed`: changed while it was read.
   *  `vanished`: gone before it was read. `left-out`: a socket, a device. `lost`: a target does not hold any more what
   *  it held. `doubtful`: it may not be what was stored, and is taken all the same. `note`: worth knowing, harmless. */
  kind: 'unread' | 'changed' | 'vanished' | 'left-out' | 'lost' | 'doubtful' | 'note';
  path?: string;
  message: string;
}

/** Running totals of one step of one source; they only grow. */
export interface StepCounts {
  files: number;
  bytes: number;
  objects: number;
  /** What `files` and `bytes` will come to, once that is known. */
  totalFiles?: number;
  totalBytes?: number;
  /** Of `bytes` what took no time, since it was there already: no rate is made of it. */
  passedBytes?: number;
}

/** A call has failed and is tried again. Of several calls of a target that wait for the same thing, one says so. */
export interface RetryEvent {
  type: 'retry';
  target?: string;
  step?: string;
  /** A sentence. */
  message: string;
  /** The same in short, where the target is named before it. */
  reason?: string;
  /** The tries so far. */
  attempt: number;
  /** Milliseconds until the next one. */
  wait: number;
  /** Tries there can be in all, if there is such a number. */
  attempts?: number;
  /** Milliseconds that it is gone on with after that, if there is such a time. */
  left?: number;
  /** The target does not answer: all calls to it wait for this one. */
  away?: true;
  /** A person has been told already, not long ago. */
  repeated?: true;
}

/**
 * What happens. `target-waits`: transfers wait for the hours of the target, which begin at `until` (ISO 8601). `target-back`: it
 * answers again, or its hours have begun; `after` milliseconds of waiting. `pruned`: the policy was applied; `freed` are bytes by target, `later`
 * those that stay in cold storage until their minimum time is over. `prune-failed`: it could not be applied; the backup itself is done.
 */
export type BatEvent =
  | { type: 'run-start'; run: string; plan: string; time: string; sources: string[]; targets: string[] }
  | { type: 'source-start'; source: string; snapshot: string }
  | { type: 'step-progress'; source: string; step: string; counts: StepCounts }
  | { type: 'issue'; source?: string; target?: string; issue: Issue }
  | RetryEvent
  | { type: 'target-waits'; target: string; until: string }
  | { type: 'target-back'; target: string; after: number }
  | { type: 'target-failed'; target: string; code: ErrorCode; message: string; hint?: string }
  | { type: 'source-end'; source: string; snapshot: string | null; summary: SourceSummary }
  | { type: 'error'; code: ErrorCode | 'BUG'; message: string; hint?: string; source?: string }
  | { type: 'restore-progress'; files: number; totalFiles: number; bytes: number; totalBytes: number; fetched: number }
  | { type: 'push-progress'; files: number; totalFiles: number; bytes: number; totalBytes: number; passedBytes: number }
  | { type: 'mirror-progress'; files: number; totalFiles: number; bytes: number; totalBytes: number }
  | { type: 'copy-progress'; objects: number; totalObjects: number; bytes: number; totalBytes: number }
  | { type: 'thaw-requested'; target: string; tier: string; days: number; objects: number; bytes: number; until: string }
  | { type: 'thaw-waiting'; target: string; objects: number; bytes: number; wait: number }
  | { type: 'pruned'; kept: number; forgotten: number; freed: Record<string, number>; later: Record<string, number> }
  | { type: 'prune-failed'; code: ErrorCode; message: string; hint?: string }
  | { type: 'run-end'; run: string; exitCode: number; duration: number };

export interface SourceSummary {
  status: 'done' | 'unchanged' | 'partial' | 'failed';
  files: number;
  bytes: number;
  newFiles: number;
  changedFiles: number;
  removedFiles: number;
  unreadFiles: number;
  /** Bytes read from the source. */
  read: number;
  /** Bytes sent, by target. */
  stored: Record<string, number>;
  volumes: number;
  duration: number;
}

export type Emit = (event: BatEvent) => void;
