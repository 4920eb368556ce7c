/** Opens the roots of a source before anything is walked: a disk that is not mounted must not look like an empty one. */
import fs, { type BigIntStats } from 'node:fs';
import { BatError, systemReason } from '../../core/errors.ts';
import { systemPath } from '../../core/paths.ts';
import { describeSpecial } from './look.ts';
import type { Root, Source } from '../source.ts';
import type { StepContext } from '../step.ts';

export interface OpenRoot extends Root {
  /** Of what the path leads to: a root that is a symlink is followed. */
  stat: BigIntStats;
  isFolder: boolean;
}

/** Throws SOURCE_MISSING for a root that is not there, cannot be opened, or is empty and was not so before. */
export function openRoot(root: Root, context: Pick<StepContext, 'source' | 'draft' | 'allowEmpty'>): OpenRoot {
  const { source } = context;
  const path = systemPath(root.path);
  let stat: BigIntStats;
  let isEmpty = false;
  try {
    stat = fs.statSync(path, { bigint: true });
    if (stat.isDirectory()) isEmpty = isEmptyFolder(path);
    else if (stat.isFile()) fs.accessSync(path, fs.constants.R_OK);
  } catch (error) {
    throw rootMissing(source, root, error);
  }
  if (!stat.isDirectory() && !stat.isFile()) {
    throw new BatError('SOURCE_MISSING', `The source "${source.id}" cannot be read: ${root.path} is ${stat.isFIFO() ? 'a fifo' : describeSpecial(stat)}.`, {
      hint: 'Name a folder or a file in the plan; the output of a program is read with `command`.',
      subject: root.path,
    });
  }
  if (isEmpty && !context.allowEmpty && context.draft.previous(root.prefix).size > 0) {
    throw new BatError('SOURCE_MISSING', `The source "${source.id}" is empty, but it was not before: ${root.path}.`, {
      hint: 'Is the disk mounted? If the folder is meant to be empty, go on with `bat run --allow-empty`.',
      subject: root.path,
    });
  }
  return { ...root, stat, isFolder: stat.isDirectory() };
}

/**
 * Throws SOURCE_MISSING if the folder that was opened does not lie there any more: once a disk is unmounted, all of its
 * files look as if they had been removed one by one. A file may be replaced by another, but not be gone.
 */
export function checkRootStayed(root: OpenRoot, source: Source): void {
  let stat: BigIntStats;
  try {
    stat = fs.statSync(systemPath(root.path), { bigint: true });
  } catch (error) {
    throw rootMissing(source, root, error);
  }
  if (!root.isFolder || (stat.ino === root.stat.ino && stat.dev === root.stat.dev)) return;
  throw new BatError('SOURCE_MISSING', `The source "${source.id}" is not the folder any more that it was when the walk began: ${root.path}.`, {
    hint: 'Was the disk unmounted, or the folder replaced? Run it again; earlier snapshots are as they were.',
    subject: root.path,
  });
}

export function rootMissing(source: Source, root: Root, cause: unknown): BatError {
  return new BatError('SOURCE_MISSING', `The source "${source.id}" cannot be opened: ${root.path}: ${systemReason(cause)}.`, {
    hint: 'Is the disk mounted, and may this user read it? If the folder is gone for good, take it out of the plan.',
    cause,
    subject: root.path,
  });
}

function isEmptyFolder(path: string | Buffer): boolean {
  const folder = fs.opendirSync(path);
  try {
    return folder.readSync() === null;
  } finally {
    folder.closeSync();
  }
}
