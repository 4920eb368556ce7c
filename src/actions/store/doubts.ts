/** What is done about what may not be as it was written. */
import type { BatError } from '../../core/errors.ts';
import type { Pins } from '../../runner/pins.ts';
import type { Target } from '../../targets/target.ts';

export interface Doubts {
  readonly pins: Pins;
  /** What is doubtful is taken all the same, with a warning, and pinned. */
  readonly accept: boolean;
  /** Who may have written; null if nobody is known yet: then who has is pinned. */
  readonly signers: ReadonlySet<string> | null;
  /** Throws the error, or where it is accepted says it as a warning. */
  doubt(target: Target, error: BatError): void;
  /** Trusts a signer from now on, and says so. */
  admit(target: Target, signer: string): void;
}

export const acceptHint = 'Restore from another target, or add --accept to take what is there.';
