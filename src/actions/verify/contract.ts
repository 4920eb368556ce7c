/** What a verify is asked, and what it finds. */
import type { CheckHow } from '../../catalog/checks.ts';
import type { BatError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import type { Plan } from '../../plan/plan.ts';
import type { KeyInputs } from '../store.ts';
import type { Amount } from './amount.ts';

export interface VerifyOptions {
  plan: Plan;
  /** Ids of the targets to look at; empty for all. */
  targets: readonly string[];
  /** Only what the snapshots of these sources need; empty for everything. */
  sources: readonly string[];
  amount: Amount;
  /** What was read is decoded, too; null to compare it with what was stored and no more. */
  keys: KeyInputs | null;
  /** Takes the plan's lock, and mends what can be mended. The plan's secrets have been put in. */
  repair: boolean;
  environment: NodeJS.ProcessEnv;
  emit: Emit;
  tell: TellVerify;
  signal: AbortSignal;
}

/** `object`: a volume, or a file that is an object of its own. `help`: what restores without bat need. `list`: the signed one. */
export type StoredKind = 'object' | 'manifest' | 'key' | 'marker' | 'list' | 'help';

/**
 * `missing`: not there. `lacking`: not there, and that was known before. `size`: cut off, or of another size. `damaged`: other bytes.
 * `replaced`: the bytes of something else that bat stored. `unreadable`: the bytes that were stored, and they do not decode.
 * Of a manifest that is not the one that was written: `forged`, by what its signature says; `rolled-back`, an older one; `cut-off`.
 */
export type Problem = 'missing' | 'lacking' | 'size' | 'damaged' | 'replaced' | 'unreadable' | 'forged' | 'rolled-back' | 'cut-off';

export interface Finding {
  target: string;
  kind: StoredKind;
  name: string;
  problem: Problem;
  /** What is wrong, to be put behind the name: `is not there`. */
  message: string;
  /** Other targets that hold the same. */
  elsewhere: string[];
  /** Of a manifest: the snapshots that cannot be restored from there without it. */
  snapshots?: string[];
}

/** A version of a file of which some bytes cannot be had from these targets. */
export interface LostFile {
  source: string;
  path: string;
  /** Bytes of the whole file. */
  size: number;
  targets: string[];
  /** The first and the last snapshot that it is in, and how many those are. */
  first: string;
  last: string;
  snapshots: number;
  /** It is in the newest snapshot of its source: most likely the disk still has it. */
  isLatest: boolean;
}

export interface TargetVerified {
  target: string;
  location: string;
  /** Volumes and files that it should hold, and their bytes. */
  objects: number;
  bytes: number;
  manifests: number;
  /** Objects that were read, and their bytes. */
  readObjects: number;
  readBytes: number;
  /** How the ones that were read were checked; `listed` if none was. */
  how: CheckHow;
  /** Objects that were to be read and lie in cold storage. */
  cold: number;
  /** Objects that were read and that none of the keys opens. */
  withoutKey: number;
  /** Objects, manifests and other files that are not what they should be. */
  damaged: number;
  /** Manifests there that the catalog does not know. */
  unknown: number;
  /** Since when every object there has been read once, ISO 8601; null if that cannot be said. */
  readSince: string | null;
  /** It could not be looked at to the end. */
  failure: BatError | null;
  /** Milliseconds. */
  duration: number;
}

export type VerifyEvent =
  | { type: 'target'; target: string; location: string; objects: number; bytes: number }
  | { type: 'listing'; target: string; objects: number }
  | { type: 'reading'; target: string; objects: number; bytes: number; totalObjects: number; totalBytes: number }
  | { type: 'finding'; finding: Finding }
  | { type: 'file'; file: LostFile }
  | { type: 'mended'; target: string; name: string; how: 'copied' | 'written'; from?: string }
  | { type: 'target-summary'; summary: TargetVerified };

export type TellVerify = (event: VerifyEvent) => void;

export interface VerifyReport {
  targets: TargetVerified[];
  /** Of all targets. */
  damaged: number;
  /** Versions of files that suffer. */
  files: number;
  /** One of them is in the newest snapshot of its source: most likely the disk still has it. */
  isInNewest: boolean;
  /** Some of it may be had from another target, or has only now come to light. */
  isMendable: boolean;
  /** What became of it, where it was to be mended: of what was damaged, so much is sound now. */
  repair: { healed: number } | null;
  /** Milliseconds. */
  duration: number;
}
