/** What a drill is asked for, and what it answers. */
import type { DrillTotals, Sample } from '../../catalog/drill-list.ts';
import type { Emit } from '../../core/events.ts';
import type { Plan } from '../../plan/plan.ts';
import { Incomplete } from '../incomplete.ts';
import type { KeyInputs } from '../store.ts';
import type { ThawPolicy } from '../restore.ts';
import type { Trust } from '../store/trust.ts';

export interface DrillOptions {
  plan: Plan;
  /** The target; null for the one whose last drill is the longest ago. */
  from: string | null;
  sample: Sample;
  /** The same seed chooses the same files of the same snapshots. */
  seed: number;
  /** Where the report goes: a folder, absolute; null for none. */
  report: string | null;
  /** Where files are restored to for a while: a folder that is there. */
  scratch: string;
  keys: KeyInputs;
  /** Null to leave out what is in cold storage. */
  thaw: ThawPolicy | null;
  environment: NodeJS.ProcessEnv;
  emit: Emit;
  signal: AbortSignal;
}

/** With who may have written what is tried. */
export type TrustingOptions = DrillOptions & { trust: Trust };

export type { DrillTotals, Sample };

export interface DrillFailure {
  snapshot: string;
  /** `<source>/<path>`; empty if the whole snapshot could not be read. */
  path: string;
  message: string;
}

export interface DrillReport {
  plan: string;
  target: string;
  location: string;
  host: string;
  /** Of bat, Node and the system. */
  versions: Record<string, string>;
  /** ISO 8601, UTC. */
  time: string;
  sample: Sample;
  seed: number;
  isOk: boolean;
  /** On the target, and those whose files could be chosen. */
  snapshots: { stored: number; looked: number };
  /** Distinct contents in the snapshots that were looked at, and the objects they lie in. */
  there: DrillTotals;
  tried: DrillTotals;
  /** In cold storage, and left out. */
  cold: DrillTotals;
  /** Files that came back with the bytes that were recorded. */
  cameBack: number;
  /** Of these: the file is still on the disk as it was, and was compared; it changed since or is gone; it could not be read, so that nobody can say. */
  live: { compared: number; changed: number; unread: number };
  failures: DrillFailure[];
  /** The first of those that came back and could not be compared, a thousand at most. They say nothing about the backup. */
  notCompared: DrillFailure[];
  /** Bytes read from the target for files, and how long that took in milliseconds. */
  fetched: number;
  restoring: number;
  /** Milliseconds, of all of it. */
  duration: number;
  full: FullRestore | null;
}

/** What bringing back the last snapshot of every source would take. */
export interface FullRestore {
  files: number;
  bytes: number;
  fetched: number;
  /** Milliseconds, at the rate of this drill, without the thaw; null if nothing was fetched. */
  duration: number | null;
  /** Empty where no prices are known. The cheapest first. */
  prices: { tier: string | null; ready: number; cost: number | null }[];
  currency: string | null;
  asOf: string | null;
}

export interface DrillResult {
  report: DrillReport;
  /** The files of the report. */
  files: string[];
}

/** Thrown where not everything came back. */
export class DrillFailed extends Incomplete<DrillResult> {}
