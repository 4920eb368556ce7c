/** Works out what forgetting snapshots means: pure, but for looking at the manifests on the targets. */
import { findAlive, findLost } from '../../catalog/alive-chunks.ts';
import { Forgetting } from '../../catalog/forgetting.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { Manifests } from '../../catalog/manifests.ts';
import { Receipts } from '../../catalog/receipts.ts';
import { Snapshots, type Snapshot } from '../../catalog/snapshots.ts';
import { BatError } from '../../core/errors.ts';
import { filledCopies } from '../copy-lanes.ts';
import { tryTarget } from '../prepare-targets.ts';
import type { Session } from '../session.ts';
import { findRewrites, groupByLane } from './choose-rewrites.ts';
import { chooseOnCopy, chooseVolumes, type ChosenVolumes } from './choose-volumes.ts';
import { lookAt, type TargetLook } from './look.ts';
import { minimumTime } from './minimum-time.ts';
import type { PruneOptions, PrunePlan, PruneWork, PutOff, TargetPrune } from './prune-plan.ts';

const nothingChosen: ChosenVolumes = { leaving: [], waiting: [], draining: [], compaction: { volumes: 0, again: 0, dead: 0 } };

/**
 * The targets of the session are open. `forget`: ids of snapshots; with none, only what nothing needs any more is looked for. Targets that fail
 * are given up on. Throws SNAPSHOT_NOT_FOUND.
 */
export async function planPrune(session: Session, forget: Iterable<string>, options: PruneOptions = {}): Promise<PrunePlan> {
  const { catalog } = session;
  const snapshots = new Snapshots(catalog);
  const forgotten = new Set(forget);
  const chosen = [...forgotten].map((id) => snapshots.get(id) ?? notFound(id)).sort((a, b) => (a.id < b.id ? -1 : 1));
  const looks = await lookAtAll(session, forgotten, options);
  const open = looks.filter(({ refused }) => refused === null);
  const chunks = findAlive(catalog, { forget: forgotten, sources: new Set(session.plan.sources.map(({ id }) => id)) });
  const isCopy = ({ target }: TargetLook): boolean => session.copyLanes.some(({ targets }) => targets.includes(target.id));
  const uploads = open.filter((look) => !isCopy(look));
  const forgetting = new Forgetting(catalog);
  const { leaving, waiting, draining, compaction } = options.only === undefined ? chooseVolumes(session, chunks, uploads.map(({ target }) => target), options) : nothingChosen;
  const rewritten = new Map<string, ReadonlySet<string>>();
  forgetting.listLeaving(leaving);
  for (const look of uploads) rewritten.set(look.target.id, findRewrites(session, look, forgotten, leaving));
  const described = new Map<string, TargetPrune>();
  const describeAll = (some: readonly TargetLook[]): void => some.forEach((look) => described.set(look.target.id, describe(session, look, rewritten.get(look.target.id)!, options)));
  forgetting.listLeaving([...leaving, ...waiting]);
  describeAll(uploads);
  const copies = open.filter(isCopy).map((look): PruneWork['copies'][number] => {
    const target = look.target.id;
    const goers = chooseOnCopy(session, chunks, target);
    forgetting.listLeaving(goers);
    rewritten.set(target, findRewrites(session, look, forgotten, goers));
    describeAll([look]);
    return { target, leaving: goers, rewrites: groupByLane(session, session.copyLanes.filter(({ targets }) => targets.includes(target)), open, rewritten) };
  });
  const order = [...(options.only === undefined ? session.lanes : []), ...session.copyLanes].flatMap((lane) => lane.targets);
  const targets = order.flatMap((id): TargetPrune[] => {
    const known = described.get(id);
    if (known) return [known];
    const away = session.away.get(id);
    if (!away) return [nothing(id, looks.find(({ target }) => target.id === id)?.refused ?? session.failures.get(id) ?? null)];
    const snapshots = snapshotsLeft(catalog, id, chosen);
    return snapshots === 0 ? [] : [{ ...nothing(id, null), away: { snapshots, why: away } }];
  });
  return {
    forget: chosen,
    lost: forgotten.size === 0 ? { files: 0, bytes: 0 } : findLost(catalog, forgotten, chunks.alive),
    targets,
    compaction,
    work: { options, chunks, rewrites: groupByLane(session, options.only === undefined ? session.lanes : [], open, rewritten), leaving, staying: stayingOn(session, leaving, copies), copies, draining },
  };
}

function notFound(id: string): never {
  throw new BatError('SNAPSHOT_NOT_FOUND', `There is no snapshot ${id}.`, { hint: 'See `bat snapshots`.' });
}

async function lookAtAll(session: Session, forget: ReadonlySet<string>, { only }: PruneOptions): Promise<TargetLook[]> {
  const looks: TargetLook[] = [];
  const targets = [...session.targets.values()].filter(({ id }) => only === undefined || id === only);
  for (const target of targets) await tryTarget(session, target.id, async () => void looks.push(await lookAt(session, target, forget)));
  return looks;
}

/** How many snapshots that the catalog has no more, or is to have no more, still lie on a target. */
function snapshotsLeft(catalog: Catalog, target: string, forget: readonly Snapshot[]): number {
  const manifests = new Manifests(catalog);
  return manifests.forgottenOn(target).length + forget.filter(({ id }) => manifests.get(id, target) !== null).length;
}

/** Of volumes that go from where runs store, those that must stay for a target that only copies fill: it holds them, and is not there, or has a use for them. */
function stayingOn(session: Session, leaving: readonly number[], copies: PruneWork['copies']): number[] {
  const receipts = new Receipts(session.catalog);
  const goes = new Map(copies.map((copy) => [copy.target, new Set(copy.leaving)]));
  const holders = filledCopies(session);
  return leaving.filter((volume) => holders.some((id) => receipts.isHeld(volume, id) && !goes.get(id)?.has(volume)));
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
  return { target: target.id, refused: null, manifests: gone.map(({ name }) => name), rewritten: [...rewritten].sort(), objects, bytes, away: null, putOff };
}

function nothing(target: string, refused: BatError | null): TargetPrune {
  return { target, refused, manifests: [], rewritten: [], objects: 0, bytes: 0, away: null, putOff: null };
}
