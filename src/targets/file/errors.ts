/** What the system says about a file, as an error of a target: what it means for the run, and what to do. */
import type { ErrorCode } from '../../core/errors.ts';
import { BatError, systemCode, systemReason } from '../../core/errors.ts';

/** What was done when it failed, for the sentence: `Target "usb" could not store volumes/1.tar: …`. */
export interface Attempt {
  target: string;
  /** The folder of the objects. */
  location: string;
  /** A verb: store, read, remove. */
  doing: string;
  /** The object, or what else it was done to. */
  what: string;
}

interface Meaning {
  code: ErrorCode;
  transient?: true;
  hint: (location: string) => string;
}

const full: Meaning = {
  code: 'TARGET_FULL',
  hint: (location) => `Make room on the disk that holds ${location}, or keep fewer snapshots in the plan's retention, and run bat again.`,
};
const tooLarge: Meaning = {
  code: 'TARGET_FULL',
  hint: () => 'Set a smaller `volume` in the tar step, or use a file system that takes larger files: FAT ends at 4 GiB.',
};
const denied: Meaning = {
  code: 'TARGET_DENIED',
  hint: (location) => `Give the user that runs bat the rights to ${location}, or run bat as the user that owns it.`,
};
const readOnly: Meaning = {
  code: 'TARGET_DENIED',
  hint: (location) => `Mount the disk that holds ${location} for writing. A disk that became read-only by itself may be damaged: check it.`,
};
const gone: Meaning = {
  code: 'TARGET_UNREACHABLE',
  hint: (location) => `Plug the disk in or mount it, so that ${location} is there, and run bat again.`,
};
const passing: Meaning = {
  code: 'TARGET_FAILED',
  transient: true,
  hint: (location) => `If it fails again, check the disk, its cable, or the network share that holds ${location}.`,
};
const conflict: Meaning = {
  code: 'TARGET_FAILED',
  hint: (location) => `Look into ${location}: a file stands where a folder is needed, or the other way round. Move it away.`,
};
const other: Meaning = {
  code: 'TARGET_FAILED',
  hint: (location) => `Check the disk or the network share that holds ${location}.`,
};

const meanings: Record<string, Meaning> = {
  ENOSPC: full, EDQUOT: full, EFBIG: tooLarge,
  EACCES: denied, EPERM: denied, EROFS: readOnly,
  ENODEV: gone, ENXIO: gone, ENOTCONN: gone,
  EIO: passing, ESTALE: passing, ETIMEDOUT: passing, EBUSY: passing, EAGAIN: passing, EINTR: passing,
  EMFILE: passing, ENFILE: passing, ENOMEM: passing,
  ENETDOWN: passing, ENETUNREACH: passing, ENETRESET: passing, EHOSTDOWN: passing, EHOSTUNREACH: passing,
  ECONNRESET: passing, ECONNABORTED: passing, ECONNREFUSED: passing, EREMOTEIO: passing,
  ENOTDIR: conflict, EISDIR: conflict, EEXIST: conflict, ENOTEMPTY: conflict, ELOOP: conflict,
};

/** The BatError for a system error; anything else, such as a reason to stop, comes back as it is. */
export function explain(error: unknown, attempt: Attempt): unknown {
  const code = systemCode(error);
  if (error instanceof BatError || code === undefined) return error;
  const meaning = meanings[code] ?? other;
  return new BatError(meaning.code, `Target "${attempt.target}" could not ${attempt.doing} ${attempt.what}: ${systemReason(error)}.`, {
    hint: meaning.hint(attempt.location),
    cause: error,
    transient: meaning.transient ?? false,
    subject: attempt.location,
  });
}

/** The folder itself is no longer there: a disk was unplugged, or a share unmounted. */
export function unreachable(attempt: Attempt, cause: unknown): BatError {
  return new BatError('TARGET_UNREACHABLE', `Target "${attempt.target}" could not ${attempt.doing} ${attempt.what}: the folder ${attempt.location} is gone.`, {
    hint: gone.hint(attempt.location),
    cause,
    subject: attempt.location,
  });
}
