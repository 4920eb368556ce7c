/** What the page shows of backups at a glance. What is not known is null, and never made up. */

export type BackupKind = 'plan' | 'store';

export interface Problem {
  message: string;
  hint?: string;
}

export interface Overview {
  /** `plan`: one of this machine, known by its catalog. `store`: what a bat elsewhere keeps here, known by what lies there. */
  kind: BackupKind;
  name: string;
  /** Why little or nothing is known. */
  problem: Problem | null;
  /** Null where none is known. */
  lastRun: RunFacts | null;
  /** Snapshots that are kept; null where that is not known. */
  snapshots: number | null;
  /** When the newest of them was taken, ISO 8601. */
  newest: string | null;
  targets: TargetOverview[];
  calendar: Calendar;
  /** Of a store: who writes to it, by `bat.json`. */
  writers: { host: string; since: string; lastRun: string | null }[];
  /** Of a store: its signed lists. */
  lists: ListFacts[];
}

export interface RunFacts {
  id: string;
  /** ISO 8601, UTC. */
  started: string;
  ended: string | null;
  /** `known`: that it began, and no more. */
  outcome: Outcome | 'known';
}

/** `unfinished`: it was killed, or still runs. `partly`: some files could not be read, or some targets did not get it. */
export type Outcome = 'done' | 'partly' | 'failed' | 'unfinished';

export interface TargetOverview {
  id: string;
  type: string;
  /** Empty where the plan lacks a variable that says it. */
  location: string;
  objects: number | null;
  bytes: number | null;
  verify: { time: string; how: 'listed' | 'checksum' | 'decoded'; damaged: number } | null;
  drill: { time: string; isOk: boolean; files: number; failures: number } | null;
}

export interface ListFacts {
  /** Short name of the signer. */
  signer: string;
  time: string;
  serial: number;
  manifests: number;
  isGenuine: boolean;
}

/** A year, by days of the server's own time. */
export interface Calendar {
  /** Of runs with how they ended, or only of snapshots, where nobody wrote down the runs. */
  of: 'runs' | 'snapshots';
  /** `2026-11-20`; the first and the last day. */
  from: string;
  to: string;
  /** Days on which there was something, in their order. `outcome`: the worst of the day; null where it is not known. */
  days: { day: string; count: number; outcome: Outcome | null }[];
}

export interface SnapshotFacts {
  id: string;
  source: string;
  /** ISO 8601, UTC. */
  time: string;
  files: number | null;
  bytes: number | null;
  /** Ids of targets that hold it; null where that is not known. */
  targets: string[] | null;
  tags: readonly string[] | null;
  protected: boolean | null;
}
