/** Opens a folder of the walk: the names in it that belong to the snapshot, and the rules that hold inside. */
import type { BigIntStats } from 'node:fs';
import { readIgnoreFile } from './ignore-file.ts';
import { joinName, listNames } from './listing.ts';
import { markersIn } from './markers.ts';
import { Level, type Rules } from './rules.ts';
import type { PreviousEntry } from '../../catalog/snapshot-before.ts';
import type { Filters } from '../source.ts';
import type { StepContext } from '../step.ts';

/** A folder the walk is inside of. */
export interface Folder {
  path: string;
  absolute: string;
  stat: BigIntStats;
  /** In the order of the walk; `next` is the first one that was not visited. */
  names: readonly string[];
  next: number;
  /** What was in it in the snapshot before, by name. */
  before: ReadonlyMap<string, PreviousEntry>;
  rules: Rules;
  filters: Filters;
  /** The device of the root, where the source stays on one file system. */
  device: bigint;
  /** It is marked as one that needs no backup: the folders in it are not entered. */
  isMarked: boolean;
}

/** What a folder takes over from the one it lies in. */
export type Surroundings = Pick<Folder, 'rules' | 'filters' | 'device' | 'isMarked'>;

/**
 * Throws the system's error if the folder cannot be listed; nothing has been removed then. `wasFolder`: it was one in the
 * snapshot before. A mount point (where the source stays on one file system) is opened as an empty folder.
 */
export function openFolder(
  place: { path: string; absolute: string; wasFolder: boolean },
  stat: BigIntStats,
  around: Surroundings,
  context: Pick<StepContext, 'draft' | 'issue'>,
): Folder {
  const { path, absolute } = place;
  const { filters } = around;
  const isEntered = !around.isMarked && (!filters.oneFileSystem || stat.dev === around.device);
  const all = isEntered ? listNames(absolute) : [];
  const markers = markersIn(absolute, all, filters);
  const names = markers.length > 0 ? markers : all;
  const before: Folder['before'] = place.wasFolder ? context.draft.previous(path) : new Map();
  removeMissing(path, names, before, context);
  return {
    path,
    absolute,
    stat,
    names,
    next: 0,
    before,
    rules: around.rules.inside(path, ownRules(path, absolute, all, filters, context)),
    filters,
    device: around.device,
    isMarked: markers.length > 0,
  };
}

/** Removes what was in a folder in the snapshot before and is not among its names any more. */
export function removeMissing(path: string, names: readonly string[], before: Folder['before'], context: Pick<StepContext, 'draft'>): void {
  if (before.size === 0) return;
  const present = new Set(names);
  for (const name of before.keys()) {
    if (!present.has(name)) context.draft.remove(joinName(path, name));
  }
}

/** The rules of the folder's own file. Without them more is kept than was meant, which the person must know. */
function ownRules(path: string, absolute: string, names: readonly string[], filters: Filters, context: Pick<StepContext, 'issue'>): Level | null {
  const { ignoreFile } = filters;
  if (ignoreFile === null || !names.includes(ignoreFile)) return null;
  const file = joinName(path, ignoreFile);
  const read = readIgnoreFile(absolute, ignoreFile);
  if ('problem' in read) {
    context.issue({ kind: 'unread', path: file, message: `Its patterns have no effect, so nothing of this folder is left out: ${read.problem}.` });
    return null;
  }
  return Level.of(path, read.patterns, (pattern) =>
    context.issue({ kind: 'note', path: file, message: `The pattern "${pattern}" makes no sense and has no effect.` }),
  );
}
