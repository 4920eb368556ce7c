/** What a bench found. Times are milliseconds, rates bytes a second. */
import type { Issue } from '../../core/events.ts';
import { BatError, type ErrorCode } from '../../core/errors.ts';
import type { Amount } from './measured-seams.ts';
import type { StepTimes } from './step-clock.ts';

export interface BenchReport {
  plan: string;
  machine: Machine;
  sources: BenchSource[];
  /** From the first byte to the last, over all sources. */
  wall: number;
  /** Read from the sources. */
  bytes: number;
  files: number;
  use: Use;
  steps: BenchStep[];
  /** With an upload alone. */
  targets: BenchTarget[];
  /** Null if nothing was read. */
  verdict: Verdict | null;
  /** Sentences: what was left out, and why a figure may mislead. */
  notes: string[];
}

export interface Machine {
  processor: string;
  cores: number;
  /** Bytes that the process may use. */
  memory: number;
  system: string;
  node: string;
  bat: string;
}

export interface BenchSource {
  source: string;
  files: number;
  bytes: number;
  /** Nothing of it was left unread. */
  isWhole: boolean;
  wall: number;
  issues: Issue[];
  error?: Failure;
}

export interface Failure {
  code: ErrorCode;
  message: string;
  hint?: string;
}

/** Throws what is no known failure. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof BatError)) throw error;
  const { code, message, hint } = error;
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}

/** Of the whole process while the sources were read. What a system does not tell is null. */
export interface Use {
  user: number;
  system: number;
  /** The share of the time in which the main thread had something to do, 0 to 1. */
  mainLoop: number;
  threads: ThreadUse | null;
  /** Bytes at the most. */
  peakMemory: number;
  /** What other programs took meanwhile of all cores, 0 to 1. */
  others: number | null;
  io: InputOutput | null;
}

/** Time on the processor, user and system. */
export interface ThreadUse {
  main: number;
  /** Compresses, and reads and writes where that is not waited for. */
  pool: number;
  /** Reads and hashes files; it has ended with each source. */
  reading: number;
  /** Of the runtime: the collector, the compiler. */
  runtime: number;
}

/** Bytes. Those of the disk did not come from, or stay in, the cache of the system. */
export interface InputOutput {
  read: number;
  readFromDisk: number;
  written: number;
  writtenToDisk: number;
}

export interface BenchStep {
  step: string;
  kind: string;
  /** Compression alone. */
  codec?: string;
  level?: number;
  /** Ids of what an upload stores to. */
  targets?: readonly string[];
  taken: Amount;
  given: Amount;
  /** Summed over the sources. */
  times: StepTimes;
  /** Of the wall, 0 to 1. */
  share: number;
  /** Of the bytes that pass through it, while it works; null where none do. */
  rate: number | null;
}

export interface BenchTarget {
  target: string;
  location: string;
  sent: number;
  up: number | null;
  down: number | null;
  /** The median time that it takes to store an object of a kibibyte. */
  smallObject: number | null;
  /** What the plan itself limits it to, as the plan says it. */
  limits: string[];
  leftBehind: readonly string[];
  error?: Failure;
}

export interface Verdict {
  /** The id of a step, or of a target. */
  bottleneck: string;
  kind: 'step' | 'target';
  /** Of the wall, 0 to 1; of a target as the run would be with it. */
  share: number;
  /** The rate at which a run would go through its sources. */
  rate: number;
  /** A sentence. */
  message: string;
  /** What can be done about it, a sentence each. */
  advice: string[];
}
