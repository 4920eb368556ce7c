/** Brings the tags and the protection that the catalog has to the manifests, on every target in reach. */
import { Manifests } from '../../catalog/manifests.ts';
import { formatCount } from '../../core/units.ts';
import { tryTarget } from '../prepare-targets.ts';
import { changeManifestSet } from '../prune/manifest-set.ts';
import { rewriteManifests, type Rewrite } from '../prune/rewrite.ts';
import type { Session } from '../session.ts';

/** Targets that fail on the way are given up on; what they hold stays known as stale. */
export async function rewriteStale(session: Session, say: (text: string) => void): Promise<void> {
  const stale = new Manifests(session.catalog).stale();
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
