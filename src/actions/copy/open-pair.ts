/** Opens the two targets of a copy: one to read from, one to write to. */
import { BatError } from '../../core/errors.ts';
import { Stores } from '../../catalog/stores.ts';
import { makeTarget } from '../../runner/make-target.ts';
import { findStore, findStoreIfAny, readMarker } from '../../runner/mark-targets.ts';
import { openTargets } from '../../runner/open-targets.ts';
import type { Session } from '../../runner/session.ts';
import type { Lane } from '../../steps/step.ts';
import type { Target } from '../../targets/target.ts';
import { chooseTargets } from '../plan-targets.ts';

/** Both are in the session afterwards. In a dry run nothing is written. `lane`: how what lies on the second one looks. Throws what either of them says. */
export async function openPair(session: Session, from: string, lane: Lane): Promise<void> {
  const to = lane.targets[0]!;
  const source = await openToRead(session, from);
  const other = session.dryRun ? await connectToLook(session, to) : null;
  if (source.location === (other ?? makePart(session, to)).location) throw samePlace(session, source, to);
  if (session.dryRun) return;
  session.lanes = [lane];
  const known = new Stores(session.catalog).storeOf(from);
  await refuseSamePlace(session, source, to, known);
  await openTargets(session);
  const failure = session.failures.get(to);
  if (failure) throw failure;
  session.targets.set(from, source);
}

function makePart(session: Session, id: string): Target {
  const [spec] = chooseTargets(session.plan, [id]);
  return makeTarget(session.plan, spec!, { emit: session.emit, keepsHours: true });
}

async function openToRead(session: Session, id: string): Promise<Target> {
  const target = makePart(session, id);
  await findStore(target, new Stores(session.catalog).storeOf(id), session.signal);
  session.targets.set(id, target);
  return target;
}

/** A place that is not there yet would be made. */
async function connectToLook(session: Session, id: string): Promise<Target> {
  const target = makePart(session, id);
  const expected = session.newTargets.includes(id) ? null : new Stores(session.catalog).storeOf(id);
  if ((await findStoreIfAny(target, expected, session.signal)).isThere) session.targets.set(id, target);
  return target;
}

/** By what lies there: two addresses may lead to one place. Nothing has been written to it yet. */
async function refuseSamePlace(session: Session, source: Target, to: string, store: string | null): Promise<void> {
  const target = makePart(session, to);
  try {
    await target.connect({ create: false, signal: session.signal });
    const marker = await readMarker(target, session.signal);
    if (marker !== null && marker.store === store) throw samePlace(session, source, to);
  } catch (error) {
    if (!(error instanceof BatError) || error.code !== 'NOTHING_STORED') throw error;
  } finally {
    await target.close();
  }
}

function samePlace({ plan }: Session, source: Target, to: string): BatError {
  return new BatError('PLAN_INVALID', `The targets "${source.id}" and "${to}" are the same place: ${source.location}.`, {
    hint: 'Give each of them a path, a prefix or a folder of its own.',
    subject: plan.file,
  });
}
