/** Opens the targets of a plan to look at them: nothing is written there, nor made. */
import { BatError } from '../../core/errors.ts';
import { Stores } from '../../catalog/stores.ts';
import { prepareLanes } from '../../runner/lanes.ts';
import { makeTarget } from '../../runner/make-target.ts';
import { checkMarker, readMarker } from '../../runner/mark-targets.ts';
import { tryTarget } from '../../runner/prepare-targets.ts';
import { refreshUsable } from '../../runner/usable.ts';
import type { Session } from '../../runner/session.ts';

/** Targets that fail are given up on and said. */
export async function lookAtTargets(session: Session, say: (text: string) => void): Promise<void> {
  const { plan, signal } = session;
  const stores = new Stores(session.catalog);
  await prepareLanes(session);
  for (const id of session.lanes.flatMap(({ targets }) => targets)) {
    const spec = plan.targets.find((target) => target.id === id)!;
    const target = makeTarget(plan, spec, { emit: session.emit, keepsHours: false });
    session.planned.set(id, target);
    say(`looking at ${target.location}`);
    await tryTarget(session, id, async () => {
      if (!(await connects(target.connect({ create: false, signal })))) return;
      const marker = await readMarker(target, signal);
      checkMarker(target, marker, stores.storeOf(id));
      if (marker && stores.lastRunsOn(id).includes(marker.lastRun)) session.wroteLast.add(id);
      session.targets.set(id, target);
    });
  }
  refreshUsable(session);
}

/** False where nothing was stored yet. */
async function connects(connecting: Promise<void>): Promise<boolean> {
  try {
    await connecting;
    return true;
  } catch (error) {
    if (error instanceof BatError && error.code === 'NOTHING_STORED') return false;
    throw error;
  }
}
