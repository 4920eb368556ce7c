/**
 * Errors a person can act on. Every known failure is a BatError: a code that never changes its meaning,
 * a sentence, a hint what to do. Anything else that is thrown is a bug in bat and is shown as one.
 * Needs nothing of Node: what reads the format throws it in a browser, too.
 */

/** Every code, and the exit code of a command that ends with it. The table of docs/errors.md. */
export const exitCodes = {
  PLAN_INVALID: 2,
  PLAN_NOT_FOUND: 2,
  USAGE: 2,
  SECRET_UNAVAILABLE: 2,
  SOURCE_MISSING: 1,
  SOURCE_UNREADABLE: 3,
  COMMAND_FAILED: 1,
  SNAPSHOT_NOT_FOUND: 10,
  NOT_FOUND: 10,
  NOTHING_STORED: 10,
  PLAN_LOCKED: 11,
  KEY_MISSING: 12,
  KEY_WRONG: 12,
  TARGET_UNREACHABLE: 1,
  TARGET_CHANGED: 1,
  STORE_SHARED: 1,
  TARGET_FULL: 1,
  TARGET_DENIED: 1,
  TARGET_FAILED: 1,
  OBJECT_MISSING: 1,
  OBJECT_DAMAGED: 1,
  OBJECT_COLD: 1,
  MANIFEST_FORGED: 1,
  MANIFEST_ROLLED_BACK: 1,
  MANIFEST_CUT_OFF: 1,
  THAW_PENDING: 75,
  FORMAT_UNSUPPORTED: 1,
  CATALOG_DAMAGED: 1,
  STATE_FAILED: 1,
  VERIFY_FAILED: 1,
  RESTORE_REFUSED: 1,
  RESTORE_INCOMPLETE: 1,
  PUSH_INCOMPLETE: 1,
  DISK_FAILED: 1,
  LISTEN_FAILED: 1,
  DELETION_REFUSED: 1,
  MIRROR_INCOMPLETE: 1,
  TARGETS_INCOMPLETE: 4,
  INTERRUPTED: 130,
} as const;

export type ErrorCode = keyof typeof exitCodes;

export interface ErrorDetails {
  /** What the person can do about it. */
  hint?: string;
  cause?: unknown;
  /** True if the same call may succeed later: a dropped line, a busy disk. Only such errors are retried. */
  transient?: boolean;
  /** Milliseconds that the other side asks for before the call is tried again. */
  retryAfter?: number;
  /** The plan line, file, object or target that it is about. */
  subject?: string;
}

export class BatError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly transient: boolean;
  readonly retryAfter: number | undefined;
  readonly subject: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'BatError';
    this.code = code;
    this.hint = details.hint;
    this.transient = details.transient ?? false;
    this.retryAfter = details.retryAfter;
    this.subject = details.subject;
  }

  get exitCode(): number {
    return exitCodes[this.code];
  }
}
