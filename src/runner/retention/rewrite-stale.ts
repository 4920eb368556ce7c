/** Manifests that can be written again now. */
export function staleOn({ catalog, targets }: Session): { snapshot: string; target: string }[] {
  return new Manifests(catalog).stale().filter(({ target }) => targets.has(target) && !targets.get(target)?.isAppendOnly);
}

/** Brings the tags and the protection that the catalog has to the manifests, on every target in reach. */
import { Manifests } from '../../catalog/manifests.ts';
import { formatCount } from '../../core/units.ts';
import { noteOnlyAdds } from '../append-only.ts';
import { tryTarget } from '../prepare-targets.ts';
import { changeManifestSet } from '../prune/manifest-set.ts';
import { rewriteManifests, type Rewrite } from '../prune/rewrite.ts';
import type { Session } from '../session.ts';

/** Targets that fail on the way are given up on; what they hold stays known as stale. */
export async function rewriteStale(session: Session, say: (text: string) => void): Promise<void> {
  const stale = staleOn(session);
  for (const target of session.targets.values()) {
    const kept = target.isAppendOnly ? new Manifests(session.catalog).stale().filter((row) => row.target === target.id).length : 0;
    if (kept > 0) noteOnlyAdds(session, target, `tags and protection of ${formatCount(kept, 'snapshot')} stay there as they were`);
  }
  const rewrites = [...session.lanes, ...session.copyLanes].flatMap((lane): Rewrite[] => {
    const ours = stale.filter(({ target }) => lane.targets.includes(target) && session.targets.has(target));
    const bySnapshot = Map.groupBy(ours, ({ snapshot }) => snapshot);
    return [...bySnapshot].map(([snapshot, rows]) => ({ snapshot, lane, targets: rows.map(({ target }) => target) }));
  });
  if (rewrites.length === 0) return;
  say(`writing ${formatCount(rewrites.length, 'manifest')} again`);
  await rewriteManifests(session, rewrites, new Set());
  for (const id of new Set(rewrites.flatMap(({ targets }) => targets))) {
    const target = session.targets.get(id);
    if (target) await tryTarget(session, id, () => changeManifestSet(session, target, new Set()));
  }
}
