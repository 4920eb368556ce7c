/** Finds out what lies at a path: an entry's type, its metadata, where a symlink leads. */
import fs, { type BigIntStats } from 'node:fs';
import { decodePath, systemPath } from '../../core/paths.ts';
import { systemCode, systemReason } from '../../core/errors.ts';
import type { Filters } from '../source.ts';

/** What was found. `note` says why a symlink that should be followed is kept as a link. */
export interface Found {
  type: 'file' | 'directory' | 'symlink' | 'fifo' | 'special';
  stat: BigIntStats;
  link?: string;
  /** It was reached through a symlink. */
  followed?: boolean;
  note?: string;
}

/** Throws the system's error where nothing can be found out. `isOpen` tells a folder that the walk is inside of. */
export function lookAt(absolute: string, symlinks: Filters['symlinks'], isOpen: (stat: BigIntStats) => boolean): Found {
  const path = systemPath(absolute);
  const stat = fs.lstatSync(path, { bigint: true });
  if (!stat.isSymbolicLink()) return { type: typeOf(stat), stat };
  if (symlinks === 'skip') return { type: 'symlink', stat };
  const link = (note?: string): Found => ({
    type: 'symlink',
    stat,
    link: decodePath(fs.readlinkSync(path, { encoding: 'buffer' })),
    ...(note && { note }),
  });
  if (symlinks === 'keep') return link();

  let named: BigIntStats;
  try {
    named = fs.statSync(path, { bigint: true });
  } catch (error) {
    const reason = systemCode(error) === 'ENOENT' ? 'what it names is not there' : systemReason(error);
    return link(`This symlink cannot be followed and is kept as a link: ${reason}.`);
  }
  if (named.isDirectory() && isOpen(named)) {
    return link('This symlink leads back to a folder that it lies in and is kept as a link.');
  }
  return { type: typeOf(named), stat: named, followed: true };
}

/** A person's words for what is neither a file, a folder, a link nor a fifo. */
export function describeSpecial(stat: BigIntStats): string {
  if (stat.isSocket()) return 'a socket';
  if (stat.isBlockDevice()) return 'a block device';
  if (stat.isCharacterDevice()) return 'a character device';
  return 'of a kind that is not known';
}

function typeOf(stat: BigIntStats): 'file' | 'directory' | 'fifo' | 'special' {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  return stat.isFIFO() ? 'fifo' : 'special';
}
