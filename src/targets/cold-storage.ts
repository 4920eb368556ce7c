/**
 * Cold storage: classes whose objects must be thawed, that is copied to where they can be read, before they are read. A
 * target that has such classes offers this beside the contract of target.ts. It keeps no state of its own: whether an
 * object is cold, thawing or readable is asked of the store each time, so that a restore goes on from another machine.
 */

/** From the cheapest to the fastest. */
export const thawTiers = ['bulk', 'standard', 'expedited'] as const;

/** How long a thawed copy stays unless somebody says otherwise. */
export const usualThawDays = 7;

export type ThawTier = (typeof thawTiers)[number];

/** How long a thaw takes, in milliseconds, as the store promises. */
export interface TierTime {
  tier: ThawTier;
  least: number;
  most: number;
}

export type ObjectState =
  /** Reading it works now. `until`: only so long, since what is read is a thawed copy. */
  | { is: 'readable'; until?: Date }
  /** Asked for, and not ready yet. */
  | { is: 'thawing'; storageClass: string }
  | { is: 'cold'; storageClass: string };

export interface ThawOptions {
  tier: ThawTier;
  /** How long the thawed copy stays. */
  days: number;
  /** As `state` gave it. */
  storageClass: string;
  signal?: AbortSignal | undefined;
}

export interface ColdStorage {
  /** Whether objects of this class have to be thawed. Classes that are cheap to keep and dear to read, but read at once, are not cold. */
  isCold(storageClass: string): boolean;
  /** The tiers of a cold class, the cheapest first; empty for any other class. */
  tiers(storageClass: string): readonly TierTime[];
  /** Throws OBJECT_MISSING if there is no such object. */
  state(name: string, signal?: AbortSignal): Promise<ObjectState>;
  /** Asks for a thaw. No error if it was asked for before, or the object is readable: its copy then stays for `days` from now. */
  thaw(name: string, options: ThawOptions): Promise<void>;
}
