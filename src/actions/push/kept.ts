/** What the server acknowledges. */
import { BatError } from '../../core/errors.ts';

/** The server has it, flushed. `stored`: by this call, under this path; else the content lay there already. */
export interface Kept {
  stored: boolean;
  /** Null where this user may not know. */
  path: string | null;
}

/** The server says what it has kept: anything else than what was sent is no acknowledgement. Throws TARGET_FAILED. */
export function confirmHash(sha256: unknown, file: { absolute: string; sha256: string }): void {
  if (sha256 === file.sha256) return;
  throw new BatError('TARGET_FAILED', `The server does not say of ${file.absolute} that it has kept what was sent.`, { hint: 'Is it a bat server that answers, of this version or a newer one?', subject: file.absolute });
}

/** Of an answer whose hash is confirmed. */
export function keptBy({ stored, path }: { stored?: unknown; path?: unknown }): Kept {
  return { stored: stored === true, path: typeof path === 'string' ? path : null };
}

/** A path in a header, percent-encoded; null for what is none. */
export function pathIn(header: string | string[] | undefined): string | null {
  try {
    return typeof header === 'string' ? decodeURIComponent(header) : null;
  } catch {
    return null;
  }
}

/** `1700000000.123456789`. */
export function secondsOf(nanoseconds: bigint): string {
  const [sign, value] = nanoseconds < 0n ? ['-', -nanoseconds] : ['', nanoseconds];
  return `${sign}${value / 1_000_000_000n}.${String(value % 1_000_000_000n).padStart(9, '0')}`;
}
