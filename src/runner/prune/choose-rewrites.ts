/** Which manifests of kept snapshots are written again, and to which targets. */
import { Forgetting } from '../../catalog/forgetting.ts';
import { IdSet } from '../../catalog/id-set.ts';
import { Manifests, type ManifestRecord } from '../../catalog/manifests.ts';
import { Snapshots } from '../../catalog/snapshots.ts';
import type { Lane } from '../../steps/step.ts';
import type { Session } from '../session.ts';
import type { TargetLook } from './look.ts';
import type { Rewrite } from './rewrite.ts';

/** Ids of the kept snapshots whose manifests on a target cannot stay as they are. */
export function findRewrites(session: Session, { target, kept, gone }: TargetLook, forget: ReadonlySet<string>, goers: readonly number[]): Set<string> {
  const leaving = new IdSet();
  for (const id of goers) leaving.add(id);
  const snapshots = new Snapshots(session.catalog);
  const isKept = (id: string): boolean => !forget.has(id) && snapshots.get(id) !== null;
  const removes = gone.length > 0 || !new Forgetting(session.catalog).leavingOn(target.id).next().done;
  const leans = ({ base, volumes, sha256, size }: ManifestRecord): boolean => {
    // One that was being written when bat was killed; and any other that nobody knows enough of, before something goes that it may need.
    if (size === 0 || (removes && (sha256 === null || volumes === null))) return true;
    return (base !== null && base !== '' && !isKept(base)) || (volumes?.some((volume) => leaving.has(volume)) ?? false);
  };
  const found = new Set<string>();
  const known = new Set<string>();
  for (const record of new Manifests(session.catalog).eachOn(target.id)) {
    if (!isKept(record.snapshot)) continue;
    known.add(record.snapshot);
    if (leans(record)) found.add(record.snapshot);
  }
  for (const { snapshot } of kept) if (removes && !known.has(snapshot)) found.add(snapshot);
  return found;
}

/** The same on all targets of a lane that hold it: what they hold alike can be laid over alike. */
export function groupByLane(session: Session, lanes: readonly Lane[], open: readonly TargetLook[], rewritten: ReadonlyMap<string, ReadonlySet<string>>): Rewrite[] {
  const manifests = new Manifests(session.catalog);
  return lanes.flatMap((lane) => {
    const targets = lane.targets.filter((id) => rewritten.has(id));
    const ids = new Set(targets.flatMap((id) => [...rewritten.get(id)!]));
    return [...ids].map((snapshot): Rewrite => {
      const noted = new Set(manifests.of(snapshot).map(({ target }) => target));
      // Of one that only copies fill nobody knows how a manifest was sealed that is not noted: the next copy brings it anew.
      const holds = (id: string): boolean => noted.has(id) || (!session.copyLanes.includes(lane) && open.some(({ target, kept }) => target.id === id && kept.some((there) => there.snapshot === snapshot)));
      return { snapshot, lane, targets: targets.filter(holds) };
    });
  });
}
