/** The policy of the plan at the end of a run: what it does not keep goes, once the new snapshots are stored. */
import { Manifests } from '../../catalog/manifests.ts';
import { BatError } from '../../core/errors.ts';
import { formatCount } from '../../core/units.ts';
import { noteOnlyAdds } from '../../runner/append-only.ts';
import { carryOutPrune } from '../../runner/prune/carry-out.ts';
import { planPrune } from '../../runner/prune/plan-prune.ts';
import type { PrunePlan } from '../../runner/prune/prune-plan.ts';
import { decideAll, forgottenOf } from '../../runner/retention/decide-all.ts';
import { rewriteStale, staleOn } from '../../runner/retention/rewrite-stale.ts';
import type { Session } from '../../runner/session.ts';
import { makeReport, type PrunedTarget } from './report.ts';

/** Codes of what is wrong with this machine's own state, and no matter of what is old. */
const ownFailures = new Set(['STATE_FAILED', 'CATALOG_DAMAGED']);

/** True if there is anything to do once these sources, which have a policy, are stored. */
export function hasOldWork(session: Session, sources: readonly string[]): boolean {
  return sources.length > 0 || staleOn(session).length > 0;
}

/**
 * Applies the policies of these sources, which have just been stored, and writes manifests again whose tags or protection were changed while a target was out of
 * reach. False if something could not be removed: that is said as an event, and is no failure of the backup. Throws the reason of an aborted signal, and what is wrong with
 * the catalog.
 */
export async function pruneAfterRun(session: Session, sources: readonly string[], say: (text: string) => void): Promise<boolean> {
  try {
    const isDone = sources.length === 0 || (await applyPolicies(session, sources, say));
    await rewriteStale(session, say);
    return isDone;
  } catch (error) {
    session.signal.throwIfAborted();
    if (!(error instanceof BatError) || ownFailures.has(error.code)) throw error;
    tell(session, error);
    return false;
  }
}

async function applyPolicies(session: Session, sources: readonly string[], say: (text: string) => void): Promise<boolean> {
  const decisions = decideAll(session.plan, session.catalog).filter(({ source }) => sources.includes(source));
  say('looking for what nothing needs');
  const plan = await planPrune(session, forgottenOf(decisions).map(({ id }) => id));
  const result = await carryOutPrune(session, plan, say);
  const report = makeReport(session, decisions, plan, result);
  const { kept, forgotten, targets } = report;
  const byTarget = (bytesOf: (target: PrunedTarget) => number): Record<string, number> => Object.fromEntries(targets.map((target) => [target.target, bytesOf(target)] as const).filter(([, bytes]) => bytes > 0));
  session.emit({ type: 'pruned', kept, forgotten, freed: byTarget(({ bytes }) => bytes), later: byTarget(({ later }) => later?.bytes ?? 0) });
  return isAllowed(session, plan);
}

/** False if there are targets in reach where nothing may be removed, and something is to be. Where that is as it was meant it is said, and is no failure. */
function isAllowed(session: Session, plan: PrunePlan): boolean {
  const manifests = new Manifests(session.catalog);
  const refused = plan.targets.flatMap(({ target, refused: error }) => {
    const hasWork = plan.forget.length > 0 || manifests.forgottenOn(target).length > 0;
    return error && hasWork && !session.failures.has(target) ? [{ id: target, error }] : [];
  });
  const isMeant = ({ id }: { id: string }): boolean => session.targets.get(id)?.isAppendOnly ?? false;
  for (const { id } of refused.filter(isMeant)) {
    const count = manifests.forgottenOn(id).length;
    noteOnlyAdds(session, session.targets.get(id)!, `${formatCount(count, 'snapshot')} that the plan does not keep ${count === 1 ? 'stays' : 'stay'} there`);
  }
  const others = refused.filter((one) => !isMeant(one));
  for (const { error } of others) tell(session, error);
  return others.length === 0;
}

function tell(session: Session, { code, message, hint }: BatError): void {
  session.emit({ type: 'prune-failed', code, message, ...(hint === undefined ? {} : { hint }) });
}
