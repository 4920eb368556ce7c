/**
 * Copies what one target of a plan holds to another: `bat copy`. The stored bytes go over as they are, so that no key is needed: volumes
 * first, each noted in the catalog once it is there, then the manifests, each after the one that it is laid over. A copy that was killed
 * harms nothing, and the next one goes on from there.
 */
import { existsSync } from 'node:fs';
import { Catalog } from '../catalog/catalog.ts';
import { Runs } from '../catalog/runs.ts';
import { Stores } from '../catalog/stores.ts';
import { BatError, exitCodes } from '../core/errors.ts';
import { stateFiles } from '../plan/state-folder.ts';
import { prepareLaneTo } from '../runner/lanes.ts';
import { reconcile } from '../runner/reconcile.ts';
import { Session } from '../runner/session.ts';
import { writeSignedList } from '../runner/signed-list.ts';
import { newRunId } from '../volume/run-id.ts';
import type { CopyLane, CopyOptions, CopyResult } from './copy/contract.ts';
import { CopyRun } from './copy/copy-run.ts';
import { openPair } from './copy/open-pair.ts';
import { pruneCopy, refusePlanned } from './copy/prune-copy.ts';
import { holdPlan } from './held-plan.ts';
import { chooseTargets, closeTargets } from './plan-targets.ts';

export { CopyIncomplete, type CopyOptions, type CopyResult } from './copy/contract.ts';

/**
 * Throws CopyIncomplete if something could not be copied, once all else is; what either target says if it fails; USAGE if the two
 * hold backups for other readers; NOTHING_STORED, SNAPSHOT_NOT_FOUND, PLAN_LOCKED, PLAN_INVALID if they are one place.
 */
export async function copy(options: CopyOptions): Promise<CopyResult> {
  const { plan, from, to, dryRun } = options;
  chooseTargets(plan, [from, to]);
  if (from === to) throw new BatError('USAGE', `"${from}" cannot be copied to itself.`, { hint: 'Name two targets: --from and --to.' });
  const { catalog: file } = stateFiles(plan);
  if (!existsSync(file)) {
    throw new BatError('NOTHING_STORED', `This machine has no catalog of the plan ${plan.name}.`, { hint: 'Make a backup with `bat run`, or make the catalog anew from a target with `bat sync`.' });
  }
  if (!dryRun) return holdPlan(plan, (catalog) => carryOut(options, catalog));
  const catalog = Catalog.openToRead(file, true);
  try {
    return await rehearse(options, catalog);
  } finally {
    catalog.close();
  }
}

async function carryOut(options: CopyOptions, catalog: Catalog): Promise<CopyResult> {
  const session = makeSession(options, catalog);
  const runs = new Runs(catalog);
  runs.begin(session.run, session.startedAt);
  let exitCode: number = exitCodes.INTERRUPTED;
  try {
    const lane = await findLane(session, options);
    const work = new CopyRun(options, session, lane);
    await openPair(session, options.from, lane.own);
    await reconcile(session, session.targets.get(options.to)!);
    const result = await work.run();
    await writeSignedList(session, session.targets.get(options.to)!);
    if (options.prune) Object.assign(result, await pruneCopy(session, options.to));
    new Stores(catalog).setUnsettled(options.to, false);
    exitCode = 0;
    return work.end(result);
  } catch (error) {
    exitCode = options.signal.aborted ? exitCodes.INTERRUPTED : error instanceof BatError ? error.exitCode : 1;
    throw error;
  } finally {
    runs.end(session.run, new Date(), exitCode);
    await closeTargets([...session.targets.values()]);
  }
}

async function rehearse(options: CopyOptions, catalog: Catalog): Promise<CopyResult> {
  const session = makeSession(options, catalog);
  try {
    const lane = await findLane(session, options);
    const work = new CopyRun(options, session, lane);
    await openPair(session, options.from, lane.own);
    return work.rehearse();
  } finally {
    await closeTargets([...session.targets.values()]);
  }
}

function makeSession({ plan, to, newTarget, dryRun, emit, signal }: CopyOptions, catalog: Catalog): Session {
  const startedAt = new Date();
  return new Session({ plan, run: newRunId(startedAt), startedAt, catalog, emit, signal, newTargets: newTarget ? [to] : [], allowEmpty: false, dryRun });
}

async function findLane(session: Session, { plan, from, to, prune }: CopyOptions): Promise<CopyLane> {
  const own = await prepareLaneTo(session, to);
  if (own && prune) refusePlanned(to);
  if (own) return { own: { ...own, targets: [to] }, isPlanned: true };
  const [first] = plan.graph.nodes.filter((node) => node.type.gives === 'receipts').map((node) => [node.options['to']].flat()[0] as string);
  const like = (await prepareLaneTo(session, from)) ?? (await prepareLaneTo(session, first!));
  return { own: { ...like!, targets: [to] }, isPlanned: false };
}
