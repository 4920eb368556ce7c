/** What a snapshot holds: one entry a path. The chunks that are the bytes of a file: content.ts. */

export type EntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'fifo';

export interface Entry {
  /** Within the source, `/` between parts, no leading or trailing slash. See paths.ts for names that are not UTF-8. */
  path: string;
  type: EntryType;
  /** Permission bits only, 0 to 0o7777. */
  mode: number;
  uid: number;
  gid: number;
  /** Seconds since 1970 and nine digits of nanoseconds, `1700000000.123456789`; negative before 1970. */
  mtime: string;
  /** Bytes of a file or of the file a hard link names; 0 for anything else. */
  size: number;
  /** A symlink's target as it is stored, or the path of a hard link's first name in the same source. */
  link?: string;
  /** The file had holes; a restore leaves runs of zeros out again. */
  sparse?: boolean;
}

/** `1700000000.123456789` of nanoseconds since 1970. */
export function formatMtime(nanoseconds: bigint): string {
  const negative = nanoseconds < 0n;
  const digits = (negative ? -nanoseconds : nanoseconds).toString().padStart(10, '0');
  return `${negative ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

/** Nanoseconds since 1970 of an entry's mtime. */
export function parseMtime(mtime: string): bigint {
  const negative = mtime.startsWith('-');
  const [seconds = '0', fraction = ''] = mtime.slice(negative ? 1 : 0).split('.');
  const nanoseconds = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9));
  return negative ? -nanoseconds : nanoseconds;
}
