/** In what two entries differ that stand for the same path, or the same file. */
import type { Side } from '../../catalog/difference-list.ts';
import type { Entry } from '../../core/entry.ts';

export type Aspect = 'type' | 'content' | 'link' | 'mode' | 'owner' | 'time';

export type Kind = 'added' | 'removed' | 'renamed' | 'changed' | 'metadata';

/** Empty if nothing does that a restore would bring back. Where a hash is not known, another size or time stands for another content. */
export function whatChanged(before: Side, after: Side): Aspect[] {
  const [old, now] = [before.entry, after.entry];
  const aspects: Aspect[] = [];
  if (familyOf(old) !== familyOf(now)) aspects.push('type');
  else if (familyOf(old) === 'file' && hasOtherContent(before, after)) aspects.push('content');
  if (old.link !== now.link) aspects.push('link');
  if (old.mode !== now.mode) aspects.push('mode');
  if (old.uid !== now.uid || old.gid !== now.gid) aspects.push('owner');
  if (old.mtime !== now.mtime) aspects.push('time');
  // The time of a folder changes with whatever is put into it or taken out, which is told by itself.
  return aspects.length === 1 && aspects[0] === 'time' && now.type === 'directory' ? [] : aspects;
}

export function kindOf(before: Side | null, after: Side | null, aspects: readonly Aspect[]): Kind {
  if (!before) return 'added';
  if (!after) return 'removed';
  if (before.entry.path !== after.entry.path) return 'renamed';
  const isOther = aspects.includes('type') || aspects.includes('content') || (aspects.includes('link') && after.entry.type === 'symlink');
  return isOther ? 'changed' : 'metadata';
}

function hasOtherContent(before: Side, after: Side): boolean {
  if (before.sha256 && after.sha256) return !before.sha256.equals(after.sha256);
  return before.entry.size !== after.entry.size || before.entry.mtime !== after.entry.mtime;
}

/** A further name of a file is a file. */
function familyOf({ type }: Entry): string {
  return type === 'hardlink' ? 'file' : type;
}
