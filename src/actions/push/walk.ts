/** Goes through a folder that is pushed and finds its files, in the order of their names. */
import type { FoundFile } from '../../catalog/push-list.ts';
import { BatError, systemCode, systemReason } from '../../core/errors.ts';
import type { Issue } from '../../core/events.ts';
import { joinName, listNames } from '../../steps/select/listing.ts';
import { lookAt, type Found } from '../../steps/select/look.ts';
import { Level, Rules } from '../../steps/select/rules.ts';
import { stampOf } from '../../steps/shared/stamp.ts';
import { checkRootStayed, type PushRoot } from './roots.ts';
import type { Skipped } from './tally.ts';

/** As it lies on the disk. */
export interface WalkedFile extends FoundFile {
  /** Milliseconds since 1970: when it was last changed in any way. */
  ctimeMs: number;
}

export interface WalkContext {
  rules: Rules;
  skipped: Skipped;
  issue(issue: Issue): void;
}

interface OpenFolder {
  /** Below the root; empty for the root itself. */
  path: string;
  absolute: string;
  names: readonly string[];
  next: number;
}

/** The patterns of `--exclude`. Throws USAGE for one that makes no sense. */
export function excludeRules(patterns: readonly string[]): Rules {
  const level = Level.of('', patterns, (pattern) => {
    throw new BatError('USAGE', `The pattern "${pattern}" makes no sense.`, { hint: 'Patterns are written as in a .gitignore file.' });
  });
  return new Rules(level ? [level] : []);
}

/**
 * One item for each name that was looked at: a file, or null. What cannot be looked at is told and passed over. Throws SOURCE_MISSING if
 * the root is not there any more at the end.
 */
export function* walk(root: PushRoot, context: WalkContext): Generator<WalkedFile | null> {
  if (root.isFolder) yield* below(root, context);
  else yield wholeRoot(root);
  checkRootStayed(root);
}

function* below(root: PushRoot, context: WalkContext): Generator<WalkedFile | null> {
  const open: OpenFolder[] = [];
  const enter = (path: string, absolute: string): void => {
    const names = attempt(absolute, 'This folder could not be listed, and nothing in it was sent', context, () => listNames(absolute));
    if (names) open.push({ path, absolute, names, next: 0 });
  };
  enter('', root.path);
  for (let folder = open.at(-1); folder; folder = open.at(-1)) {
    const name = folder.names[folder.next++];
    if (name === undefined) {
      open.pop();
      continue;
    }
    const path = joinName(folder.path, name);
    const absolute = joinName(folder.absolute, name);
    if (!name.isWellFormed()) {
      if (!context.rules.excludes(path, false)) context.issue({ kind: 'unread', path: absolute, message: 'Its name is not UTF-8, and no library holds such a name: it was not sent.' });
      yield null;
      continue;
    }
    const found = attempt(absolute, 'This could not be looked at', context, () => lookAt(absolute, 'skip', () => false));
    if (found?.type === 'directory' && !context.rules.excludes(path, true)) enter(path, absolute);
    yield found && fileOf(root, path, absolute, found, context);
  }
}

/** A root that is a file. */
export function wholeRoot({ path, prefix, stat }: PushRoot): WalkedFile {
  return { absolute: path, name: prefix, size: Number(stat.size), stamp: stampOf(stat), ctimeMs: Number(stat.ctimeMs) };
}

/** What was found as a file to push; null for everything else, which is counted. */
export function fileOf(root: PushRoot, path: string, absolute: string, { type, stat }: Pick<Found, 'type' | 'stat'>, context: Pick<WalkContext, 'rules' | 'skipped'>): WalkedFile | null {
  if (type === 'directory' || context.rules.excludes(path, false)) return null;
  if (type === 'symlink') context.skipped.symlinks++;
  else if (type !== 'file') context.skipped.special++;
  else return { absolute, name: `${root.prefix}/${path}`, size: Number(stat.size), stamp: stampOf(stat), ctimeMs: Number(stat.ctimeMs) };
  return null;
}

function attempt<T>(absolute: string, what: string, { issue }: WalkContext, work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    // Gone since its folder was listed: there is nothing to send.
    if (code !== 'ENOENT') issue({ kind: 'unread', path: absolute, message: `${what}: ${systemReason(error)}.` });
    return null;
  }
}
