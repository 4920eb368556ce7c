/** What this machine knows of one of its plans: by its catalog. No target is asked, and no key is needed. */
import { openLocalCatalog } from '../../actions/local-catalog.ts';
import { closeTargets, createTargets } from '../../actions/plan-targets.ts';
import { askTargets, mergeSnapshots } from '../../actions/stored.ts';
import { targetAsPlanned } from '../../actions/targets.ts';
import { Checks } from '../../catalog/checks.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { Drills } from '../../catalog/drills.ts';
import { manifestHoldings } from '../../catalog/growth.ts';
import { holdingOn } from '../../catalog/holdings.ts';
import { Manifests } from '../../catalog/manifests.ts';
import { Runs } from '../../catalog/runs.ts';
import { Snapshots } from '../../catalog/snapshots.ts';
import { BatError } from '../../core/errors.ts';
import { loadPlan, type Plan } from '../../plan/plan.ts';
import { registries } from '../../plan/registries.ts';
import { outcomeOf, runCalendar, yearBefore } from './calendar.ts';
import type { Overview, SnapshotFacts, TargetOverview } from './overview.ts';

/** A plan as it can be looked at: no secret is fetched, and a variable that is not set is no mistake. Throws PlanError, PLAN_NOT_FOUND. */
export function readPlan(file: string): Promise<Plan> {
  return loadPlan(file, { registries, environment: process.env, resolveSecrets: false });
}

/** Throws PlanError, PLAN_NOT_FOUND, CATALOG_DAMAGED, STATE_FAILED. */
export async function lookAtPlan(file: string, now: Date): Promise<Overview> {
  const plan = await readPlan(file);
  const targets = await Promise.all(plan.targets.map((spec) => placeOf(plan, spec)));
  const catalog = openLocalCatalog(plan, process.env);
  if (!catalog) {
    const problem = { message: 'This machine has no catalog of the plan.', hint: 'It has one after the first `bat run`, or after `bat sync`.' };
    return { ...nothingKnown(plan.name, now), problem, targets };
  }
  try {
    return lookAtCatalog(plan.name, catalog, targets, now);
  } finally {
    catalog.close();
  }
}

/** Oldest first; none where nothing is stored. Without a catalog the targets are asked, and the names there tell. Throws what the targets say if none answers. */
export async function snapshotsOfPlan(file: string, signal: AbortSignal): Promise<SnapshotFacts[]> {
  const plan = await readPlan(file);
  const catalog = openLocalCatalog(plan, process.env);
  if (!catalog) return namesOnTargets(plan, signal);
  try {
    const manifests = new Manifests(catalog);
    const held = plan.targets.map(({ id }) => ({ id, snapshots: new Set(manifests.on(id).map(({ snapshot }) => snapshot)) }));
    return new Snapshots(catalog).list().map(({ id, source, time, files, bytes, tags, protected: isProtected }) => {
      const targets = held.filter(({ snapshots }) => snapshots.has(id)).map((target) => target.id);
      return { id, source, time, files, bytes, targets, tags, protected: isProtected };
    }).sort((one, other) => (one.id < other.id ? -1 : 1));
  } finally {
    catalog.close();
  }
}

/** Not as `bat snapshots` asks them: that pins who signs there, and a look writes nothing. */
async function namesOnTargets(plan: Plan, signal: AbortSignal): Promise<SnapshotFacts[]> {
  const emit = (): void => {};
  const targets = await createTargets({ plan, environment: process.env, emit });
  try {
    const holders = await askTargets(targets, emit, signal);
    const held = holders.map(({ target, stored }) => ({ id: target.id, snapshots: new Set(stored.map((snapshot) => snapshot.id)) }));
    return mergeSnapshots(holders).map(({ id, source, time }) => {
      const holding = held.filter(({ snapshots }) => snapshots.has(id)).map((target) => target.id);
      return { id, source, time: time.toISOString(), files: null, bytes: null, targets: holding, tags: null, protected: null };
    });
  } catch (error) {
    if (error instanceof BatError && error.code === 'NOTHING_STORED') return [];
    throw error;
  } finally {
    await closeTargets(targets);
  }
}

function lookAtCatalog(name: string, catalog: Catalog, targets: readonly TargetOverview[], now: Date): Overview {
  const snapshots = new Snapshots(catalog).list();
  const runs = new Runs(catalog);
  const last = runs.last();
  const manifests = new Map(manifestHoldings(catalog, [...new Set(snapshots.map(({ source }) => source))]).map((holding) => [holding.target, holding]));
  return {
    ...nothingKnown(name, now),
    lastRun: last && { id: last.id, started: last.started, ended: last.ended, outcome: outcomeOf(last) },
    snapshots: snapshots.length,
    newest: snapshots.reduce<string | null>((newest, { time }) => (newest === null || time > newest ? time : newest), null),
    targets: targets.map((target) => {
      const stored = holdingOn(catalog, target.id);
      const also = manifests.get(target.id);
      const drill = new Drills(catalog).last(target.id);
      return {
        ...target,
        objects: stored.objects + (also?.objects ?? 0),
        bytes: stored.bytes + (also?.bytes ?? 0),
        verify: new Checks(catalog).last(target.id),
        drill: drill && { time: drill.time, isOk: drill.isOk, files: drill.files, failures: drill.failures },
      };
    }),
    calendar: runCalendar(runs.since(yearBefore(now)), now),
  };
}

async function placeOf(plan: Plan, spec: Plan['targets'][number]): Promise<TargetOverview> {
  const known: TargetOverview = { id: spec.id, type: spec.type.type, location: '', objects: null, bytes: null, verify: null, drill: null };
  try {
    return { ...known, location: (await targetAsPlanned(plan, spec, process.env)).location };
  } catch (error) {
    if (error instanceof BatError) return known;
    throw error;
  }
}

function nothingKnown(name: string, now: Date): Overview {
  return { kind: 'plan', name, problem: null, lastRun: null, snapshots: null, newest: null, targets: [], calendar: runCalendar([], now), writers: [], lists: [] };
}
