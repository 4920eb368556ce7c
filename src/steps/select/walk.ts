/** Walks the roots of a source, reports what cannot be kept, and removes from the draft what is not there any more. */
import type { EntryType } from '../../core/entry.ts';
import { systemCode, systemReason } from '../../core/errors.ts';
import { stampOf } from '../shared/stamp.ts';
import { entryOf, isSameFile, isSameHardLink, isSameMetadata } from './compare.ts';
import { openFolder, removeMissing, type Folder } from './folder.ts';
import { HardLinks } from './hard-links.ts';
import { joinName } from './listing.ts';
import { describeSpecial, lookAt, type Found } from './look.ts';
import { openRootFolder } from './root-folder.ts';
import { checkRootStayed, openRoot, type OpenRoot } from './roots.ts';
import type { Tally } from './tally.ts';
import type { PreviousEntry } from '../../catalog/snapshot-before.ts';
import type { SelectedEntry } from '../flow.ts';
import type { StepContext } from '../step.ts';

/** A path under way: where it stands in the snapshot and on disk, and what was there before. */
interface Place {
  path: string;
  absolute: string;
  previous: PreviousEntry | undefined;
}

/** What was found at a place that belongs to the snapshot. */
type Kept = Found & { type: Exclude<Found['type'], 'special'> };

export class Walk {
  readonly #context: Pick<StepContext, 'source' | 'draft' | 'allowEmpty' | 'issue'>;
  readonly #tally: Tally;
  readonly #checksum: boolean;
  readonly #hardLinks = new HardLinks();
  /** Of the root that is walked. */
  #checkRoot: () => void = () => {};

  constructor(context: Pick<StepContext, 'source' | 'draft' | 'allowEmpty' | 'issue'>, tally: Tally, options: { checksum: boolean }) {
    this.#context = context;
    this.#tally = tally;
    this.#checksum = options.checksum;
  }

  /** One item for each path looked at: what is new or changed, or null. Throws SOURCE_MISSING if a root is not there, or not any more. */
  *entries(): Generator<SelectedEntry | null> {
    const { source, draft } = this.#context;
    const roots = source.roots.map((root) => openRoot(root, this.#context));
    const top = draft.previous('');
    if (roots.every((root) => root.prefix !== '')) removeMissing('', roots.map((root) => root.prefix), top, this.#context);
    for (const root of roots) {
      this.#checkRoot = () => checkRootStayed(root, source);
      const previous = top.get(root.prefix);
      if (root.prefix !== '') yield this.#prefixFolder(root, previous);
      yield* this.#below(openRootFolder(root, root.prefix === '' || previous?.type === 'directory', this.#context));
      this.#checkRoot();
    }
  }

  /** Depth first, without recursion: nested generators would hand each item through every level above it. */
  *#below(first: Folder): Generator<SelectedEntry | null> {
    const open = [first];
    for (let folder = open.at(-1); folder; folder = open.at(-1)) {
      const name = folder.names[folder.next++];
      if (name === undefined) {
        open.pop();
        continue;
      }
      const place = { path: joinName(folder.path, name), absolute: joinName(folder.absolute, name), previous: folder.before.get(name) };
      const found = this.#look(place, folder, open);
      if (found?.type === 'directory') {
        const inner = this.#open(place, found, folder);
        yield inner === 'vanished' ? null : this.#compare(place, found);
        if (typeof inner === 'object') open.push(inner);
      } else {
        yield found && this.#compare(place, found);
      }
    }
  }

  /** What lies at a place, or null if it is no part of the snapshot or cannot be told; that is reported here. */
  #look(place: Place, folder: Folder, open: readonly Folder[]): Kept | null {
    let found: Found;
    try {
      found = lookAt(place.absolute, folder.filters.symlinks, (stat) => open.some((outer) => outer.stat.ino === stat.ino && outer.stat.dev === stat.dev));
    } catch (error) {
      this.#reportFailure(place, 'This could not be looked at', error);
      return null;
    }
    if (isExcluded(place.path, found, folder)) return this.#forget(place);
    if (found.type === 'special') {
      this.#context.issue({ kind: 'left-out', path: place.path, message: `This is ${describeSpecial(found.stat)}, which a backup cannot hold.` });
      return this.#forget(place);
    }
    if (found.note) this.#context.issue({ kind: 'note', path: place.path, message: found.note });
    return found as Kept;
  }

  #open(place: Place, found: Found, folder: Folder): Folder | 'vanished' | 'unread' {
    try {
      return openFolder({ ...place, wasFolder: place.previous?.type === 'directory' }, found.stat, folder, this.#context);
    } catch (error) {
      return this.#reportFailure(place, 'This folder could not be listed, and nothing in it was looked at', error);
    }
  }

  /** What is gone is removed; what is there but cannot be read stays in the snapshot as it was. */
  #reportFailure(place: Place, what: string, error: unknown): 'vanished' | 'unread' {
    if (systemCode(error) === undefined) throw error;
    if (systemCode(error) === 'ENOENT') {
      this.#forget(place);
      this.#context.issue({ kind: 'vanished', path: place.path, message: 'This was removed while the source was walked.' });
      return 'vanished';
    }
    this.#context.issue({ kind: 'unread', path: place.path, message: `${what}: ${systemReason(error)}.` });
    return 'unread';
  }

  #forget(place: Place): null {
    if (place.previous) this.#context.draft.remove(place.path);
    return null;
  }

  /** The entry, if it is new or differs from the snapshot before. */
  #compare(place: Place, found: Kept): SelectedEntry | null {
    const { path, absolute, previous } = place;
    const { stat } = found;
    let type: EntryType = found.type;
    let { link } = found;
    let stamp = '';
    if (found.type === 'file') {
      const firstName = found.followed ? null : this.#hardLinks.firstName(path, stat);
      stamp = stampOf(stat);
      this.#tally.saw(firstName === null ? Number(stat.size) : 0);
      if (firstName === null) {
        if (!this.#checksum && isSameFile(stamp, previous)) {
          if (!found.followed) this.#hardLinks.firstIsUnchanged(stat);
          return null;
        }
      } else {
        if (isSameHardLink(stamp, firstName, previous)) return null;
        type = 'hardlink';
        link = firstName.path;
      }
    }
    const entry = entryOf(path, type, stat, link);
    if (found.type !== 'file' && isSameMetadata(entry, previous)) return null;
    if (previous && previous.type !== type) this.#context.draft.remove(path);
    if (type === 'file') this.#tally.gave(entry.size);
    return {
      entry,
      stamp,
      absolute,
      before: previous?.type === 'file' || previous?.type === 'hardlink',
      ...(type === 'file' && stat.nlink > 1n && { firstName: true }),
      ...(found.followed && { followed: true }),
      ...(found.type === 'file' && { checkRoot: this.#checkRoot }),
      ...(found.type === 'file' && this.#checksum && { unproven: true }),
    };
  }

  /** The folder of a list source that stands for one of its roots. For a file it is made up, and as open as folders are. */
  #prefixFolder(root: OpenRoot, previous: PreviousEntry | undefined): SelectedEntry | null {
    const place = { path: root.prefix, absolute: root.path, previous };
    const selected = this.#compare(place, { type: 'directory', stat: root.stat });
    if (!selected || root.isFolder) return selected;
    const entry = { ...selected.entry, mode: 0o755 };
    return isSameMetadata(entry, previous) ? null : { ...selected, entry };
  }
}

function isExcluded(path: string, found: Found, folder: Folder): boolean {
  const { excludeLargerThan, symlinks } = folder.filters;
  if (found.type === 'symlink' && symlinks === 'skip') return true;
  if (found.type === 'file' && excludeLargerThan !== null && found.stat.size > BigInt(excludeLargerThan)) return true;
  return folder.rules.excludes(path, found.type === 'directory');
}
