/**
 * Targets that no upload stores to and that `bat copy` has filled: a disk that lies in a drawer, most often. Runs never open them. What removes or
 * writes again works on those that are there; that one is away is no failure, and what is to go from it goes once it is there.
 */
import { Stores } from '../catalog/stores.ts';
import { BatError } from '../core/errors.ts';
import { copyTargets } from '../plan/copy-targets.ts';
import type { Lane } from '../steps/step.ts';
import type { Target } from '../targets/target.ts';
import type { Marker } from '../volume/marker.ts';
import { makeTarget } from './make-target.ts';
import { catalogId, findStore, keepMarking, mark, noteLastWriter, tellBehind } from './mark-targets.ts';
import { tryTarget } from './prepare-targets.ts';
import { reconcile } from './reconcile.ts';
import type { Session } from './session.ts';

/** Milliseconds: nothing waits long for what may be away for months. */
const connectWithin = 15_000;

/** Ids, in the order of the plan. */
export function filledCopies({ plan, catalog }: Pick<Session, 'plan' | 'catalog'>): string[] {
  const stores = new Stores(catalog);
  return copyTargets(plan).flatMap(({ id }) => (stores.storeOf(id) === null ? [] : [id]));
}

/** How a manifest on such a target is written again: as it was, sealed to whom it was sealed to. */
export function copyLaneOf({ lanes }: Pick<Session, 'lanes'>, target: string): Lane {
  return { ...lanes[0]!, upload: target, targets: [target], recipients: null, newSealer: null, spool: null };
}

/** Opens those that are there, once all else is prepared: nothing is copied from them to where runs store. One that is not is noted in `session.away`. */
export async function openCopies(session: Session, say: (text: string) => void): Promise<void> {
  const { catalog, signal } = session;
  await eachThere(session, async (target, marker) => {
    say(`looking at ${target.location}`);
    const { isShared } = keepMarking(session, target, await mark(session, target, marker));
    tellBehind(session, target);
    await target.sweep({ isShared, signal });
    session.targets.set(target.id, target);
    await reconcile(session, target);
    catalog.flush();
  });
}

/** The same, to look only: nothing is written there. */
export async function lookAtCopies(session: Session): Promise<void> {
  await eachThere(session, async (target, marker) => {
    noteLastWriter(session, target.id, marker);
    session.targets.set(target.id, target);
  });
}

async function eachThere(session: Session, work: (target: Target, marker: Marker | null) => Promise<void>): Promise<void> {
  const { plan, catalog, signal } = session;
  for (const id of filledCopies(session)) {
    const spec = plan.targets.find((target) => target.id === id)!;
    const writer = session.dryRun ? {} : { writer: catalogId(session) };
    const target = makeTarget(plan, spec, { emit: session.emit, ...writer, keepsHours: false, connectWithin });
    session.planned.set(id, target);
    session.copyLanes.push(copyLaneOf(session, id));
    let marker: Marker | null;
    try {
      marker = await findStore(target, new Stores(catalog).storeOf(id), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof BatError)) throw error;
      session.away.set(id, error);
      continue;
    }
    await tryTarget(session, id, () => work(target, marker));
  }
}
