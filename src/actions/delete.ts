/** Deletes snapshots, or objects of a target, by name: `bat delete`. What would be lost is told first. */
import { Catalog } from '../catalog/catalog.ts';
import { findLost } from '../catalog/alive-chunks.ts';
import { BatError, exitCodes } from '../core/errors.ts';
import { stateFiles } from '../plan/state-folder.ts';
import { carryOutPrune, type PruneResult } from '../runner/prune/carry-out.ts';
import { planPrune } from '../runner/prune/plan-prune.ts';
import type { PrunePlan } from '../runner/prune/prune-plan.ts';
import { Session } from '../runner/session.ts';
import { checkMayGo, chooseByName, chooseObjects } from './delete/choose.ts';
import { deleteObjects, reportObjects } from './delete/objects.ts';
import type { GoneFile, ObjectsReport, SnapshotsReport } from './delete/report.ts';
import { closeTargets } from './plan-targets.ts';
import { lookAtTargets } from './prune/look-at-targets.ts';
import { requireCatalog, workOnTargets, type WorkOptions, type WorkResult } from './target-work.ts';

export interface DeleteOptions extends WorkOptions {
  /** Goes round protection, and takes the last snapshot of a source. */
  force: boolean;
  /** Is told of every version of a file that would be gone, before `agree` is asked. */
  onFile: (file: GoneFile) => void;
}

export type DeleteSnapshotsOptions = DeleteOptions & { snapshots: readonly string[]; early: boolean };
export type DeleteObjectsOptions = DeleteOptions & { objects: readonly string[] };

interface Asking<Report> {
  /** Nothing is removed if it says no; the result is null then. */
  agree: (report: Report) => Promise<boolean>;
}

/** The exit code is 4 if something stays on a target for now. Throws SNAPSHOT_NOT_FOUND, USAGE, and what workOnTargets throws. */
export async function deleteSnapshots(options: DeleteSnapshotsOptions & Asking<SnapshotsReport>): Promise<WorkResult<PruneResult | null>> {
  return told(
    await workOnTargets(options, async (session) => {
      const { plan, report } = await planSnapshots(session, options);
      return (await options.agree(report)) ? carryOutPrune(session, plan, options.say) : null;
    }),
  );
}

/** The same, found out without changing anything anywhere. */
export async function rehearseSnapshots(options: DeleteSnapshotsOptions): Promise<WorkResult<SnapshotsReport>> {
  return rehearse(options, async (session) => (await planSnapshots(session, options)).report);
}

/** Returns the bytes that were removed, by target. Throws USAGE, and what workOnTargets throws. */
export async function deleteNamed(options: DeleteObjectsOptions & Asking<ObjectsReport>): Promise<WorkResult<Map<string, number> | null>> {
  return workOnTargets(options, async (session) => {
    const objects = chooseObjects(session.catalog, options.objects);
    return (await options.agree(reportNamed(session, options))) ? deleteObjects(session, objects, options) : null;
  });
}

export async function rehearseNamed(options: DeleteObjectsOptions): Promise<WorkResult<ObjectsReport>> {
  return rehearse(options, async (session) => reportNamed(session, options));
}

async function planSnapshots(session: Session, { snapshots: words, force, early, onFile }: DeleteSnapshotsOptions): Promise<{ plan: PrunePlan; report: SnapshotsReport }> {
  const { catalog } = session;
  const snapshots = chooseByName(catalog, words);
  if (!force) checkMayGo(catalog, snapshots);
  const ids = new Set(snapshots.map(({ id }) => id));
  const plan = await planPrune(session, ids, { early });
  findLost(catalog, ids, plan.work.chunks.alive, (file) => onFile({ ...file, snapshots: 0 }));
  return { plan, report: { snapshots, lost: plan.lost, targets: plan.targets, compaction: plan.compaction } };
}

function reportNamed(session: Session, { objects, force, onFile }: DeleteObjectsOptions): ObjectsReport {
  const { protected: guarded, ...report } = reportObjects(session, chooseObjects(session.catalog, objects), onFile);
  if (!guarded || force) return report;
  throw new BatError('USAGE', `Files of the snapshot ${guarded.id}, which is protected, would be gone.`, { hint: 'Look with --dry-run --force, and say --force if that is meant.', subject: guarded.id });
}

async function rehearse<T>({ plan, emit, signal, say, time }: DeleteOptions, work: (session: Session) => Promise<T>): Promise<WorkResult<T>> {
  requireCatalog(plan);
  const catalog = Catalog.openToRead(stateFiles(plan).catalog, true);
  const session = new Session({ plan, run: 'dry-run', startedAt: time ?? new Date(), catalog, emit, signal, newTargets: [], allowEmpty: false, dryRun: true });
  try {
    await lookAtTargets(session, say);
    const result = await work(session);
    return { result, exitCode: session.failures.size > 0 ? exitCodes.TARGETS_INCOMPLETE : 0 };
  } finally {
    await closeTargets([...session.planned.values()]);
    catalog.close();
  }
}

function told({ result, exitCode }: WorkResult<PruneResult | null>): WorkResult<PruneResult | null> {
  const isPartial = result?.targets.some(({ failure }) => failure !== null) ?? false;
  return { result, exitCode: exitCode === 0 && isPartial ? exitCodes.TARGETS_INCOMPLETE : exitCode };
}
