/** What a restore is asked for, and what it answers. */
import { BatError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import type { Root } from '../../steps/source.ts';
import type { ThawTier } from '../../targets/cold-storage.ts';
import type { Target } from '../../targets/target.ts';
import { Incomplete } from '../incomplete.ts';
import type { KeyInputs } from '../store/keys.ts';
import type { Trust } from '../store/trust.ts';

/**
 * What becomes of a file that is there already. `if-changed`: written if its size or time differs from the snapshot's.
 * `if-newer`: written if the snapshot's is newer. Folders only ever get their attributes.
 */
export type Overwrite = 'always' | 'if-changed' | 'if-newer' | 'never';

export type Destination =
  /** `perSource`: each source in a folder of its own name below `path`; without it there may be only one source. */
  | { kind: 'folder'; path: string; perSource: boolean }
  /** Back to where the sources are read from: their roots as the plan has them, by source. */
  | { kind: 'in-place'; roots: ReadonlyMap<string, readonly Root[]> };

export interface RestoreOptions {
  plan: string;
  /** In the order of preference: what one cannot give is taken from the next that has the same snapshot. */
  targets: readonly Target[];
  /** Ids of targets that the plan has, too, and that are not to be asked. */
  passedBy?: readonly string[];
  /** `latest`, an id or the beginning of one, or a time: see store/choose.ts. */
  snapshot: string;
  /** Only these sources; all if it is empty. */
  sources?: readonly string[];
  /** Paths (each with everything below it) and globs, of `<path>` or `<source>/<path>`; everything if it is empty. */
  patterns?: readonly string[];
  destination: Destination;
  overwrite: Overwrite;
  /** Reads the manifests, looks at the destination, and says what would be done. */
  dryRun: boolean;
  keys: KeyInputs;
  thaw: ThawPolicy;
  /** Who may have written what is restored; without it only signatures are checked, by whomever they are. */
  trust?: Trust | undefined;
  emit: Emit;
  signal: AbortSignal;
}

/** What becomes of objects that lie in cold storage. */
export interface ThawPolicy {
  /** How long what is thawed is to stay readable. */
  days: number;
  /** Called once for a target, before anything is asked of it that costs money. May throw, and then nothing is thawed. */
  choose(this: void, offer: ThawOffer): Promise<ThawTier>;
  /** Comes back after so many milliseconds, for a restore that waits for the thaw; null for one that ends with THAW_PENDING. */
  pause: ((this: void, milliseconds: number) => Promise<void>) | null;
  now(this: void): Date;
}

/** What has to be thawed on one target, and what that takes. */
export interface ThawOffer {
  target: string;
  storageClasses: string[];
  /** Objects to be thawed, as wholes. */
  objects: number;
  bytes: number;
  /** More of them that were asked for before and are not ready. */
  thawing: number;
  days: number;
  /** The cheapest first; those that every class in question has. */
  tiers: OfferedTier[];
  /** Where `cost` is from; null where nothing is known of prices. */
  prices: { currency: string; asOf: string; region: string } | null;
}

export interface OfferedTier {
  tier: ThawTier;
  /** Milliseconds. */
  least: number;
  most: number;
  /** Of the thaw, the thawed copies and the download, in the currency of the prices; null if it is not known. */
  cost: number | null;
}

export interface RestoreFailure {
  /** `<source>/<path>` */
  path: string;
  message: string;
}

export interface RestoreSummary {
  snapshots: { id: string; source: string; target: string }[];
  /** Files and hard links written; in a dry run, to be written. */
  files: number;
  bytes: number;
  /** Bytes read from the targets, manifests left out; in a dry run, those that would be. */
  fetched: number;
  /** Objects that these lie in. */
  objects: number;
  /** Of a dry run: what would be read of each target. */
  reads: { target: string; objects: number; reads: number; bytes: number }[];
  /** Entries that were there and stay, by `overwrite`. */
  skipped: number;
  /** Entries that could not be restored, or not with all of their attributes. */
  failed: number;
  /** The first of them, a thousand at most. */
  failures: RestoreFailure[];
  /** Paths and globs that were asked for and that nothing stored matches. */
  unmatched: string[];
  /** Of a dry run: what lies in cold storage. */
  cold: ThawOffer[];
  /** Milliseconds. */
  duration: number;
}

/** Thrown at the end of a restore that could not bring everything back. */
export class RestoreIncomplete extends Incomplete<RestoreSummary> {}

/** Thrown when objects are being thawed: the same restore is to be called again. */
export class ThawPending extends BatError {
  /** When all of them are readable at the latest. */
  readonly until: Date;

  constructor(message: string, until: Date, hint: string) {
    super('THAW_PENDING', message, { hint });
    this.name = 'ThawPending';
    this.until = until;
  }
}
