/** Opens the targets of a plan to look at them: nothing is written there, nor made. */
import { Stores } from '../../catalog/stores.ts';
import { lookAtCopies } from '../../runner/copy-lanes.ts';
import { prepareLanes } from '../../runner/lanes.ts';
import { makeTarget } from '../../runner/make-target.ts';
import { findStoreIfAny, noteLastWriter } from '../../runner/mark-targets.ts';
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
      const { isThere, marker } = await findStoreIfAny(target, stores.storeOf(id), signal);
      if (!isThere) return;
      noteLastWriter(session, id, marker);
      session.targets.set(id, target);
    });
  }
  await lookAtCopies(session);
  refreshUsable(session);
}
