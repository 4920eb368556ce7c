/** How a file is told from a changed one without reading it. */
import type { BigIntStats } from 'node:fs';

const NANOSECONDS = 1_000_000_000n;
/** FAT keeps times in steps of two seconds, the coarsest there is. */
const COARSEST_CLOCK = 2n * NANOSECONDS;

/**
 * Size, mtime, ctime and inode of a file in one text. Empty where a later change might not show: on a file system that
 * keeps whole seconds only, a file that changed this very moment can change again without a new time.
 */
export function stampOf(stat: BigIntStats): string {
  const coarse = stat.ctimeNs % NANOSECONDS === 0n && stat.mtimeNs % NANOSECONDS === 0n;
  if (coarse) {
    const age = BigInt(Date.now()) * 1_000_000n - stat.ctimeNs;
    if (age > -COARSEST_CLOCK && age < COARSEST_CLOCK) return '';
  }
  return `${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}:${stat.ino}`;
}
