/** The first folder of a walk: a root itself, or for a root that is a file the folder that is made up around it. */
import { basename, dirname } from 'node:path';
import { systemCode } from '../../core/errors.ts';
import { openFolder, removeMissing, type Folder, type Surroundings } from './folder.ts';
import { rootMissing, type OpenRoot } from './roots.ts';
import { Level, Rules } from './rules.ts';
import type { StepContext } from '../step.ts';

/** Throws SOURCE_MISSING if it cannot be listed. `wasFolder`: the snapshot before had a folder here. */
export function openRootFolder(root: OpenRoot, wasFolder: boolean, context: Pick<StepContext, 'source' | 'draft' | 'issue'>): Folder {
  const { filters } = context.source;
  const around: Surroundings = { rules: new Rules(), filters, device: root.stat.dev, isMarked: false };
  if (!root.isFolder) return folderOfFile(root, wasFolder, around, context);
  const plan = Level.of(root.prefix, filters.exclude, (pattern) =>
    context.issue({ kind: 'note', message: `The pattern "${pattern}" of the plan makes no sense and has no effect.` }),
  );
  try {
    return openFolder({ path: root.prefix, absolute: root.path, wasFolder }, root.stat, { ...around, rules: new Rules(plan ? [plan] : []) }, context);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw rootMissing(context.source, root, error);
  }
}

/** What the plan names itself is never left out, and is followed if it is a symlink. */
function folderOfFile(root: OpenRoot, wasFolder: boolean, around: Surroundings, context: Pick<StepContext, 'draft'>): Folder {
  const before: Folder['before'] = wasFolder ? context.draft.previous(root.prefix) : new Map();
  const names = [basename(root.path)];
  removeMissing(root.prefix, names, before, context);
  const filters = { ...around.filters, symlinks: 'follow' as const, excludeLargerThan: null };
  return { ...around, path: root.prefix, absolute: dirname(root.path), stat: root.stat, names, next: 0, before, filters };
}
