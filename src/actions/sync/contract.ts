/** What a sync is asked, and what it tells. */
import type { BatError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import type { Plan } from '../../plan/plan.ts';
import type { KeyInputs } from '../store.ts';
import type { ImportProgress } from './import-manifests.ts';

export interface SyncOptions {
  plan: Plan;
  /** The id of the only target to look at; all of them if it is undefined. */
  only?: string | undefined;
  /** Called once at the most, and only if manifests are to be read. */
  keys: () => Promise<KeyInputs>;
  /** Snapshots that the catalog does not know come into it. */
  adopt: boolean;
  /** Objects that no manifest speaks of are removed. */
  removeOrphans: boolean;
  /** Manifests that are doubtful are taken all the same, with a warning, and pinned. */
  accept: boolean;
  /** Names of machines that will never write there again. */
  retired: readonly string[];
  /** Nothing is changed, neither here nor there. */
  dryRun: boolean;
  environment: NodeJS.ProcessEnv;
  emit: Emit;
  onProgress: (progress: ImportProgress) => void;
  signal: AbortSignal;
}

export interface SyncObject {
  name: string;
  /** Bytes there; of what is gone, bytes that were there. */
  size: number;
  /** `foreign`: bat made nothing of that name. */
  kind: 'manifest' | 'object' | 'foreign';
  /** `gone`: not counted on any more. `unknown`: left as it is. */
  state: 'gone' | 'unknown' | 'adopted' | 'removed';
  /** A sentence, without its full stop. */
  why: string;
}

export interface SyncTarget {
  target: string;
  location: string;
  /** It could not be looked at. */
  problem?: BatError;
  /** What the catalog knows to be there now. */
  snapshots: number;
  /** Snapshots that were forgotten and still lie there: a prune that reaches the target removes them. */
  deleted: number;
  objects: number;
  bytes: number;
  found: SyncObject[];
}

/** What was read of manifests. */
export interface SyncRead {
  snapshots: number;
  manifests: number;
  bytes: number;
  entries: number;
  /** Manifests that cannot be read: their snapshots are not in the catalog, unless another target gave them. */
  unreadable: { name: string; targets: string[]; error: BatError }[];
}

export interface SyncReport {
  plan: string;
  /** There was no catalog, or it was damaged: it was made anew. */
  rebuilt: boolean;
  /** Where the damaged one is now. */
  damagedCatalog: string | null;
  read: SyncRead | null;
  targets: SyncTarget[];
  /** Milliseconds. */
  duration: number;
  exitCode: number;
}
