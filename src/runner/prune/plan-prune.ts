/** Works out what forgetting snapshots means: pure, but for looking at the manifests on the targets. */
import { findAlive, findLost } from '../../catalog/alive-chunks.ts';
import { Forgetting } from '../../catalog/forgetting.ts';
import { IdSet } from '../../catalog/id-set.ts';
import { Manifests, type ManifestRecord } from '../../catalog/manifests.ts';
import { Snapshots } from '../../catalog/snapshots.ts';
import { BatError } from '../../core/errors.ts';
import { tryTarget } from '../prepare-targets.ts';
import type { Session } from '../session.ts';
import { chooseVolumes } from './choose-volumes.ts';
import { lookAt, type TargetLook } from './look.ts';
import { minimumTime } from './minimum-time.ts';
import type { PruneOptions, PrunePlan, PutOff, TargetPrune } from './prune-plan.ts';
import type { Rewrite } from './rewrite.ts';

/**
 * The targets of the session are open. `forget`: ids of snapshots; with none, only what nothing needs any more is looked for. Targets that fail
 * are given up on. Throws SNAPSHOT_NOT_FOUND.
 */
export async function planPrune(session: Session, forget: Iterable<string>, options: PruneOptions = {}): Promise<PrunePlan> {
  const { catalog } = session;
  const snapshots = new Snapshots(catalog);
  const forgotten = new Set(forget);
  const chosen = [...forgotten].map((id) => snapshots.get(id) ?? notFound(id)).sort((a, b) => (a.id < b.id ? -1 : 1));
  const looks = await lookAtAll(session, forgotten);
  const open = looks.filter(({ refused }) => refused === null);
  const chunks = findAlive(catalog, { forget: forgotten, sources: new Set(session.plan.sources.map(({ id }) => id)) });
  const { leaving, waiting, draining, compaction } = chooseVolumes(session, chunks, open.map(({ target }) => target), options);
  const goers = new IdSet();
  for (const id of leaving) goers.add(id);
  const rewritten = new Map(open.map((look) => [look.target.id, findRewrites(session, look, forgotten, goers)]));
  const rewrites = groupByLane(session, open, rewritten);
  new Forgetting(catalog).listLeaving([...leaving, ...waiting]);
  const targets = session.lanes.flatMap((lane) => lane.targets).map((id): TargetPrune => {
    const look = looks.find(({ target }) => target.id === id);
    if (!look || look.refused) return nothing(id, look?.refused ?? session.failures.get(id) ?? null);
    return describe(session, look, rewritten.get(id)!, options);
  });
  return {
    forget: chosen,
    lost: forgotten.size === 0 ? { files: 0, bytes: 0 } : findLost(catalog, forgotten, chunks.alive),
    targets,
    compaction,
    work: { options, chunks, rewrites, leaving, draining },
  };
}

function notFound(id: string): never {
  throw new BatError('SNAPSHOT_NOT_FOUND', `There is no snapshot ${id}.`, { hint: 'See `bat snapshots`.' });
}

async function lookAtAll(session: Session, forget: ReadonlySet<string>): Promise<TargetLook[]> {
  const looks: TargetLook[] = [];
  for (const target of session.targets.values()) await tryTarget(session, target.id, async () => void looks.push(await lookAt(session, target, forget)));
  return looks;
}

/** Ids of the kept snapshots whose manifests on a target cannot stay as they are. */
function findRewrites(session: Session, { target, kept, gone }: TargetLook, forget: ReadonlySet<string>, leaving: IdSet): Set<string> {
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
function groupByLane(session: Session, open: readonly TargetLook[], rewritten: ReadonlyMap<string, ReadonlySet<string>>): Rewrite[] {
  const manifests = new Manifests(session.catalog);
  return session.lanes.flatMap((lane) => {
    const targets = lane.targets.filter((id) => rewritten.has(id));
    const ids = new Set(targets.flatMap((id) => [...rewritten.get(id)!]));
    return [...ids].map((snapshot): Rewrite => {
      const noted = new Set(manifests.of(snapshot).map(({ target }) => target));
      const holds = (id: string): boolean => noted.has(id) || open.some(({ target, kept }) => target.id === id && kept.some((there) => there.snapshot === snapshot));
      return { snapshot, lane, targets: targets.filter(holds) };
    });
  });
}

function describe(session: Session, { target, gone }: TargetLook, rewritten: ReadonlySet<string>, { early = false }: PruneOptions): TargetPrune {
  let objects = 0;
  let bytes = gone.reduce((sum, { size }) => sum + size, 0);
  let putOff: PutOff | null = null;
  for (const object of new Forgetting(session.catalog).leavingOn(target.id)) {
    const minimum = early ? null : minimumTime(target, object, session.startedAt);
    if (!minimum) {
      objects++;
      bytes += object.size;
      continue;
    }
    const { until, cost } = minimum;
    putOff ??= { objects: 0, bytes: 0, from: until, until, cost: 0, currency: target.prices!.list.currency };
    putOff.objects++;
    putOff.bytes += object.size;
    if (until < putOff.from) putOff.from = until;
    if (until > putOff.until) putOff.until = until;
    putOff.cost = putOff.cost === null || cost === null ? null : putOff.cost + cost;
  }
  return { target: target.id, refused: null, manifests: gone.map(({ name }) => name), rewritten: [...rewritten].sort(), objects, bytes, putOff };
}

function nothing(target: string, refused: BatError | null): TargetPrune {
  return { target, refused, manifests: [], rewritten: [], objects: 0, bytes: 0, putOff: null };
}
