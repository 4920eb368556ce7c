/** What an action that changes what targets hold has around it: the plan held, the targets open and in line with the catalog. */
import { existsSync } from 'node:fs';
import { Runs } from '../catalog/runs.ts';
import { Snapshots } from '../catalog/snapshots.ts';
import { Stores } from '../catalog/stores.ts';
import { BatError, exitCodes } from '../core/errors.ts';
import type { Emit } from '../core/events.ts';
import type { Plan } from '../plan/plan.ts';
import { stateFiles } from '../plan/state-folder.ts';
import { openCopies } from '../runner/copy-lanes.ts';
import { prepareLanes } from '../runner/lanes.ts';
import { prepareTargets } from '../runner/prepare-targets.ts';
import { Session } from '../runner/session.ts';
import { newRunId } from '../volume/run-id.ts';
import { holdPlan } from './held-plan.ts';
import { closeTargets } from './plan-targets.ts';

export interface WorkOptions {
  plan: Plan;
  emit: Emit;
  signal: AbortSignal;
  /** What is done at the moment, in a few words. */
  say: (text: string) => void;
  /** What counts as now. */
  time?: Date;
}

export interface WorkResult<T> {
  result: T;
  /** 4 if a target was given up on on the way. */
  exitCode: number;
}

/**
 * Targets that fail are given up on and said; the work is done on the others. Throws NOTHING_STORED if this machine has no catalog or
 * nothing is in it, PLAN_LOCKED, what the first target failed with if none is left, and what the work throws.
 */
export async function workOnTargets<T>({ plan, emit, signal, say, time }: WorkOptions, work: (session: Session) => Promise<T>): Promise<WorkResult<T>> {
  requireCatalog(plan);
  return holdPlan(plan, async (catalog) => {
    if (new Snapshots(catalog).list().length === 0) throw nothingStored(plan);
    const startedAt = time ?? new Date();
    const session = new Session({ plan, run: newRunId(startedAt), startedAt, catalog, emit, signal, newTargets: [], allowEmpty: false, dryRun: false });
    const runs = new Runs(catalog);
    // What is written to a target bears the id of a run that this catalog knows.
    runs.begin(session.run, startedAt);
    let exitCode: number = exitCodes.INTERRUPTED;
    try {
      await prepareLanes(session);
      await prepareTargets(session, say);
      await openCopies(session, say);
      const result = await work(session);
      for (const id of session.targets.keys()) new Stores(catalog).setUnsettled(id, false);
      exitCode = session.failures.size > 0 ? exitCodes.TARGETS_INCOMPLETE : 0;
      return { result, exitCode };
    } catch (error) {
      if (!signal.aborted) exitCode = error instanceof BatError ? error.exitCode : 1;
      throw error;
    } finally {
      runs.end(session.run, new Date(), exitCode);
      await closeTargets([...session.planned.values()]);
    }
  });
}

/** Throws NOTHING_STORED. */
export function requireCatalog(plan: Plan): void {
  if (!existsSync(stateFiles(plan).catalog)) throw nothingStored(plan);
}

function nothingStored({ name }: Plan): BatError {
  return new BatError('NOTHING_STORED', `This machine has no catalog of the plan ${name}, or nothing is in it.`, {
    hint: 'Make a first backup with `bat run`; if there is one, `bat sync` rebuilds the catalog from a target.',
  });
}
