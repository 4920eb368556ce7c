/** What a mirror is asked for, and what it came to. */
import { BatError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import type { ServerAddress } from './address.ts';

export interface SideOptions {
  /** As `bat serve token` printed it; null for a server without users. */
  token: string | null;
  /** The file of a certificate that is trusted; null for those of the system. */
  ca: string | null;
}

export interface MirrorOptions {
  from: SideOptions & { address: ServerAddress };
  /** `address`: as it was written: of a server, or of a target. */
  to: SideOptions & { address: string };
  delete: boolean;
  /** Milliseconds that a file waits for its removal. */
  grace: number;
  /** Removes also where the other side lacks most of what it had. */
  forceDelete: boolean;
  /** Milliseconds to go on trying while a side does not answer; Infinity for ever. */
  retryFor: number;
  dryRun: boolean;
  environment: NodeJS.ProcessEnv;
  /** What counts as now. */
  time?: Date;
  emit: Emit;
  /** What is done at the moment, in a few words. */
  say(text: string): void;
  tell(action: MirrorAction): void;
  signal: AbortSignal;
}

/**
 * What was done with one file, or would be. `aside`: an old content gives way to a new one. `wait`: it is gone on the other side; `until` (ISO 8601): when
 * it may be removed.
 */
export type MirrorAction =
  | { action: 'send'; path: string; bytes: number }
  | { action: 'move' | 'copy' | 'aside'; from: string; path: string; bytes: number }
  | { action: 'remove'; path: string; bytes: number }
  | { action: 'wait'; path: string; bytes: number; until: string };

export interface Tally {
  files: number;
  bytes: number;
}

export interface MirrorResult {
  from: string;
  to: string;
  dryRun: boolean;
  /** Files that lay there already as they are to be. */
  same: number;
  sent: Tally;
  moved: Tally;
  copied: Tally;
  aside: Tally;
  removed: Tally;
  /** Not removed yet; `next` (ISO 8601): when the first of them may be. */
  waiting: Tally & { next: string | null };
  /** Without `delete`: files that the other side does not have, and that stay. */
  extra: Tally;
  /** What was told as a problem of a single file. */
  failed: number;
  /** Files that changed while they were mirrored: the next mirror brings them. */
  changed: number;
  /** Files of the first server that it could not read itself. */
  unread: number;
  /** Milliseconds. */
  duration: number;
}

/** Not all of it could be done; `result` has what was. */
export class MirrorIncomplete extends BatError {
  result: MirrorResult | null = null;
}
