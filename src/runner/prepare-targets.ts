/** Makes the targets of a plan ready for work: open, in line with the catalog, and brought up to date by each other. */
import { Volumes } from '../catalog/volumes.ts';
import { BatError, type ErrorCode } from '../core/errors.ts';
import { catchUp } from './catch-up.ts';
import { openTargets } from './open-targets.ts';
import { forgetLeftovers, reconcile, settlePending } from './reconcile.ts';
import type { Session } from './session.ts';
import { takeUpSpooled } from './take-up.ts';
import { refreshUsable } from './usable.ts';

/** Codes of what the catalog throws. */
const ownFailures: ReadonlySet<ErrorCode> = new Set(['STATE_FAILED', 'CATALOG_DAMAGED']);

/** The steps of the session are prepared. Targets that fail are given up on; throws what the first of them failed with if none is left. `say` shows what is done. */
export async function prepareTargets(session: Session, say: (text: string) => void): Promise<void> {
  const { catalog } = session;
  await openTargets(session);
  await takeUpSpooled(session);
  new Volumes(catalog).discardOpen();
  await settlePending(session);
  for (const target of session.targets.values()) {
    say(`looking at ${target.location}`);
    await tryTarget(session, target.id, () => reconcile(session, target));
  }
  forgetLeftovers(session);
  for (const lane of session.lanes) {
    for (const id of lane.targets) {
      const target = session.targets.get(id);
      if (target) await tryTarget(session, id, () => catchUp(session, lane, target));
    }
  }
  const [first] = session.failures.values();
  if (session.targets.size === 0 && first) throw first;
  refreshUsable(session);
}

/** Gives up on a target that fails; what is wrong with this machine's own state is no target's failure. */
export async function tryTarget(session: Session, id: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    session.signal.throwIfAborted();
    if (error instanceof BatError && ownFailures.has(error.code)) throw error;
    session.giveUp(id, error);
  }
}
