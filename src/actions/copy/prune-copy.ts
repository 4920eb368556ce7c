/** Takes from a target that only copies fill what was forgotten while it was away. */
import { Manifests } from '../../catalog/manifests.ts';
import { BatError } from '../../core/errors.ts';
import { copyLaneOf } from '../../runner/copy-lanes.ts';
import { carryOutPrune } from '../../runner/prune/carry-out.ts';
import { planPrune } from '../../runner/prune/plan-prune.ts';
import type { Session } from '../../runner/session.ts';
import type { CopyResult } from './contract.ts';

/** Throws USAGE for one that an upload stores to. */
export function refusePlanned(target: string): never {
  throw new BatError('USAGE', `An upload of the plan stores to "${target}".`, { hint: 'Leave --prune out: runs, and `bat prune`, remove there what was forgotten.' });
}

/** Both targets are open. Throws what keeps things from being removed there. */
export async function pruneCopy(session: Session, target: string): Promise<Pick<CopyResult, 'deleted' | 'pruned'>> {
  session.copyLanes.push(copyLaneOf(session, target));
  const { targets } = await carryOutPrune(session, await planPrune(session, [], { only: target }));
  const done = targets.find((one) => one.target === target);
  if (done?.failure) throw done.failure;
  return { deleted: new Manifests(session.catalog).forgottenOn(target).length, pruned: { snapshots: done?.manifests ?? 0, bytes: done?.bytes ?? 0 } };
}
