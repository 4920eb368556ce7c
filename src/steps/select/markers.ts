/**
 * Folders that say of themselves that they need no backup. Such a folder is kept, and the file that marks it, but nothing
 * else in it: a restore brings back a folder that still says what it is.
 */
import fs from 'node:fs';
import { systemPath } from '../../core/paths.ts';
import { joinName } from './listing.ts';
import type { Filters } from '../source.ts';

const CACHE_TAG = 'CACHEDIR.TAG';
/** How a valid tag begins, by the Cache Directory Tagging Specification. */
const CACHE_SIGNATURE = 'Signature: 8a477f597d28d172789f06886806bc55';

/** The names that mark the folder, or an empty list if it is an ordinary one. */
export function markersIn(absolute: string, names: readonly string[], filters: Filters): string[] {
  const markers = filters.excludeIfPresent.filter((marker) => names.includes(marker));
  if (filters.excludeCaches && names.includes(CACHE_TAG) && isCacheTag(joinName(absolute, CACHE_TAG))) markers.push(CACHE_TAG);
  return markers.length === 0 ? markers : names.filter((name) => markers.includes(name));
}

/** A tag that cannot be read is none: rather a cache too much than a folder too little. */
function isCacheTag(absolute: string): boolean {
  let file: number;
  try {
    file = fs.openSync(systemPath(absolute), fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
  } catch {
    return false;
  }
  try {
    const head = Buffer.alloc(CACHE_SIGNATURE.length);
    const length = fs.readSync(file, head, 0, head.length, 0);
    return head.toString('latin1', 0, length) === CACHE_SIGNATURE;
  } catch {
    return false;
  } finally {
    fs.closeSync(file);
  }
}
