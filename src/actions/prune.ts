/** Forgets snapshots by the policy of a plan, and removes what nothing needs any more: `bat prune`. */
import { Catalog } from '../catalog/catalog.ts';
import { BatError, exitCodes } from '../core/errors.ts';
import { stateFiles } from '../plan/state-folder.ts';
import { carryOutPrune, type PruneResult } from '../runner/prune/carry-out.ts';
import { planPrune } from '../runner/prune/plan-prune.ts';
import type { PrunePlan } from '../runner/prune/prune-plan.ts';
import { decideAll, forgottenOf } from '../runner/retention/decide-all.ts';
import { rewriteStale } from '../runner/retention/rewrite-stale.ts';
import { Session } from '../runner/session.ts';
import { makeReport, type PruneReport } from './prune/report.ts';
import { lookAtTargets } from './prune/look-at-targets.ts';
import { closeTargets } from './plan-targets.ts';
import { requireCatalog, workOnTargets, type WorkOptions, type WorkResult } from './target-work.ts';

export interface PruneOptions extends WorkOptions {
  /** Deletes from cold storage also what is paid for longer. */
  early: boolean;
}

/**
 * `agree` is asked before anything is removed; the result is null if it says no. The exit code is 4 if a target could not be reached, or nothing may
 * be removed there. Throws NOTHING_STORED, PLAN_LOCKED, and what workOnTargets throws.
 */
export async function prune(options: PruneOptions & { agree: (report: PruneReport) => Promise<boolean> }): Promise<WorkResult<PruneReport | null>> {
  const { result, exitCode } = await workOnTargets(options, async (session) => {
    options.say('looking for what nothing needs');
    const { plan, report } = await makePlan(session, options.early);
    if (!(await options.agree(report(null)))) return null;
    const result = await carryOutPrune(session, plan, options.say);
    await rewriteStale(session, options.say);
    return report(result);
  });
  return { result, exitCode: exitCode === 0 && result ? exitCodeOf(result) : exitCode };
}

/** The same, found out without changing anything anywhere. */
export async function rehearsePrune({ plan, early, emit, signal, say, time }: PruneOptions): Promise<WorkResult<PruneReport>> {
  requireCatalog(plan);
  const catalog = Catalog.openToRead(stateFiles(plan).catalog, true);
  const session = new Session({ plan, run: 'dry-run', startedAt: time ?? new Date(), catalog, emit, signal, newTargets: [], allowEmpty: false, dryRun: true });
  try {
    await lookAtTargets(session, say);
    const result = (await makePlan(session, early)).report(null);
    return { result, exitCode: exitCodeOf(result) };
  } finally {
    await closeTargets([...session.planned.values()]);
    catalog.close();
  }
}

async function makePlan(session: Session, early: boolean): Promise<{ plan: PrunePlan; report: (result: PruneResult | null) => PruneReport }> {
  const decisions = decideAll(session.plan, session.catalog);
  if (decisions.length === 0) {
    throw new BatError('NOTHING_STORED', `Nothing is stored of the plan ${session.plan.name} yet.`, { hint: 'Make a first backup with `bat run`.' });
  }
  const forget = forgottenOf(decisions).map(({ id }) => id);
  const patient = early ? await planPrune(session, forget) : null;
  const plan = await planPrune(session, forget, { early });
  return { plan, report: (result) => makeReport(session, decisions, plan, result, patient) };
}

function exitCodeOf({ targets }: PruneReport): number {
  return targets.some(({ problem }) => problem !== null) ? exitCodes.TARGETS_INCOMPLETE : 0;
}
