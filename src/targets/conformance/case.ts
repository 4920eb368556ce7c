/**
 * The contract of a target as questions that can be put to any target: the tests put them to every kind (test/conformance), and
 * `bat targets check` puts them to a user's own. Each is asked over an empty place.
 */
import type { Target, TargetCapabilities } from '../target.ts';

export interface Case {
  /** `objects/replace`: for programs, so it never changes its meaning. */
  id: string;
  /** What a target does that passes: `replaces an object, …`. */
  title: string;
  /** What to do about a target that does otherwise, where its own error does not say it. */
  hint: string;
  /** Nothing else needs to be asked where this fails. */
  essential?: true;
  /** It sends many megabytes or objects: a check leaves it out unless all is wanted. */
  large?: true;
  /** Bytes sent, where they are more than some kilobytes. */
  sends?(capabilities: TargetCapabilities, scale: Scale): number;
  /**
   * Throws a BatError that says what was expected and what was found instead, or what the target itself threw.
   * `not-offered`: the contract leaves it to the target, and this one has nothing of the kind.
   */
  run(bench: Bench): Promise<void | 'not-offered'>;
}

export interface CaseGroup {
  name: string;
  cases: readonly Case[];
}

export interface Scale {
  /** Objects in the long listing: better more than a page of the target's. */
  manyObjects: number;
  /** Bytes. */
  largeObject: number;
}

/** What a case works on. */
export interface Bench {
  /** Connected, and empty. */
  readonly target: Target;
  readonly scale: Scale;
  /** A listing may show a change only after a while, and is asked again until then. */
  readonly listsLate: boolean;
  /** Unfinished uploads vanish by themselves or cannot be seen: `sweep` may find nothing. */
  readonly forgetsUploads: boolean;
  readonly signal?: AbortSignal;
  /** A second instance over the same place, as another process would have; not connected yet. */
  again(): Promise<Target>;
  /** The names of all that is there, sorted: as much of it as can be told. */
  everything(): Promise<string[]>;
}
