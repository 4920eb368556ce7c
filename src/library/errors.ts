/** What the library refuses, with the codes that the server's answers have. Anything else it throws is a system's error or a bug. */
import { BatError, systemCode, systemReason } from '../core/errors.ts';

export type LibraryErrorCode =
  | 'NAME_REFUSED'
  | 'BAD_REQUEST'
  | 'NOT_FOUND'
  | 'EXISTS'
  | 'PRECONDITION_FAILED'
  | 'HASH_MISMATCH'
  | 'QUOTA'
  | 'DISK_FULL'
  | 'FOLDER_AWAY'
  | 'DISK_FAILED';

export class LibraryError extends Error {
  readonly code: LibraryErrorCode;
  readonly hint: string | undefined;

  constructor(code: LibraryErrorCode, message: string, details: { hint?: string; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'LibraryError';
    this.code = code;
    this.hint = details.hint;
  }
}

/** The same in the library's words where it is an error of the system; bugs and what is explained already stay as they are. `what`: "x could not be stored". */
export function explainDisk(error: unknown, what: string): unknown {
  if (error instanceof LibraryError || error instanceof BatError) return error;
  const code = systemCode(error);
  if (code === undefined) return error;
  const words = `${what}: ${systemReason(error)}.`;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new LibraryError('DISK_FULL', words, { cause: error, hint: 'Free some space on the disk of the server.' });
  if (code === 'ENAMETOOLONG' || code === 'EILSEQ' || code === 'EINVAL') return new LibraryError('NAME_REFUSED', words, { cause: error });
  return new LibraryError('DISK_FAILED', words, { cause: error });
}
