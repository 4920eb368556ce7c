/** What is wrong on a target. */
import type { IdSet } from '../../catalog/id-set.ts';
import type { ManifestRecord } from '../../catalog/manifests.ts';
import type { ObjectToCheck } from '../../catalog/verify-list.ts';
import { BatError } from '../../core/errors.ts';

/** What was found to be wrong on a target, for whoever is to mend it. */
export interface Damage {
  target: string;
  objects: Pick<ObjectToCheck, 'id' | 'volume' | 'name' | 'size' | 'sha256'>[];
  manifests: ManifestRecord[];
  /** Volumes that were known to be gone. */
  lacking: number[];
  /** How many other files: keys, and what marks and explains the store. */
  others: number;
  /** What marks the store is among them. */
  hasNoMarker: boolean;
  /** Chunks of which there is no sound copy in its place. */
  lost: IdSet;
}

/** What an error says of the object; null if it is the target that failed. */
export function problemOf(error: unknown): 'missing' | 'damaged' | null {
  if (!(error instanceof BatError)) return null;
  if (error.code === 'OBJECT_MISSING') return 'missing';
  return error.code === 'OBJECT_DAMAGED' ? 'damaged' : null;
}
