/** Tags and protection of snapshots: `bat snapshots tag`, `untag`, `protect`, `unprotect`. The catalog has them first, then the manifests. */
import { Snapshots, type Snapshot } from '../catalog/snapshots.ts';
import { checkTags } from '../core/tags.ts';
import { rewriteStale } from '../runner/retention/rewrite-stale.ts';
import { chooseKnown } from './known-snapshots.ts';
import { workOnTargets, type WorkOptions, type WorkResult } from './target-work.ts';

export type Marking =
  | { how: 'tag'; tags: readonly string[] }
  /** Without any tags: all of them. */
  | { how: 'untag'; tags: readonly string[] }
  | { how: 'protect' | 'unprotect' };

export interface MarkOptions extends WorkOptions {
  /** Each as in store/choose.ts; of a run all snapshots. */
  snapshots: readonly string[];
  /** Only these sources; all if it is empty. */
  sources: readonly string[];
  marking: Marking;
}

export interface MarkedSnapshot {
  id: string;
  source: string;
  tags: readonly string[];
  protected: boolean;
  /** False if it was so before. */
  isChanged: boolean;
}

/**
 * By their time. What a target that is out of reach holds is written again by the next run or prune that reaches it. Throws USAGE, NOTHING_STORED,
 * SNAPSHOT_NOT_FOUND, PLAN_LOCKED.
 */
export async function markSnapshots(options: MarkOptions): Promise<WorkResult<MarkedSnapshot[]>> {
  const { marking, snapshots: wanted, sources } = options;
  if ('tags' in marking) checkTags(marking.tags);
  return workOnTargets(options, async (session) => {
    const snapshots = new Snapshots(session.catalog);
    const all = snapshots.list();
    const chosen = new Set(wanted.flatMap((snapshot) => chooseKnown(all, { snapshot, sources }).map(({ id }) => id)));
    const marked = all.filter(({ id }) => chosen.has(id)).map((snapshot) => mark(snapshots, snapshot, marking));
    session.catalog.flush();
    await rewriteStale(session, options.say);
    return marked;
  });
}

function mark(snapshots: Snapshots, snapshot: Snapshot, marking: Marking): MarkedSnapshot {
  const { id, source } = snapshot;
  const after = { tags: tagsAfter(snapshot.tags, marking), protected: marking.how === 'protect' || (snapshot.protected && marking.how !== 'unprotect') };
  const isChanged = after.protected !== snapshot.protected || after.tags.join() !== snapshot.tags.join();
  if (isChanged) snapshots.mark(id, after);
  return { id, source, ...after, isChanged };
}

function tagsAfter(before: readonly string[], marking: Marking): readonly string[] {
  if (marking.how === 'tag') return checkTags([...before, ...marking.tags]);
  if (marking.how === 'untag') return marking.tags.length === 0 ? [] : before.filter((tag) => !marking.tags.includes(tag));
  return before;
}
