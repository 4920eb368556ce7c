/**
 * Carries out a prune in the order that makes a kill harmless: manifests of kept snapshots are written again where they lean on what goes; the catalog
 * notes what is forgotten and what goes; manifests of forgotten snapshots are removed; then volumes; and then they leave the catalog. What was begun is seen by
 * the tables and the targets, so that the next prune finishes it, whatever it is asked to forget itself. What a target out of reach holds stays noted.
 */
import { Forgetting, type LeavingObject } from '../../catalog/forgetting.ts';
import { Manifests } from '../../catalog/manifests.ts';
import type { BatError } from '../../core/errors.ts';
import { formatCount } from '../../core/units.ts';
import type { Target } from '../../targets/target.ts';
import { tryTarget } from '../prepare-targets.ts';
import type { Session } from '../session.ts';
import { lookAt } from './look.ts';
import { changeManifestSet } from './manifest-set.ts';
import { minimumTime } from './minimum-time.ts';
import type { Away, PrunePlan } from './prune-plan.ts';
import { ManifestProof, type Removed } from './removal.ts';
import { rewriteManifests } from './rewrite.ts';

export interface PruneResult {
  /** Ids. */
  forgotten: string[];
  targets: PrunedTarget[];
  /** Volumes that are compacted: the next run stores again what is alive of them. */
  draining: number;
}

export interface PrunedTarget {
  target: string;
  manifests: number;
  rewritten: number;
  objects: number;
  /** Of the volumes and manifests that were removed. */
  bytes: number;
  /** As in the plan. */
  away: Away | null;
  /** What kept things from being removed there, or from being removed at all. */
  failure: BatError | null;
}

/** A target that fails is given up on, and told in the result. `say`: what is being done, for a person. */
export async function carryOutPrune(session: Session, plan: PrunePlan, say: (text: string) => void = () => {}): Promise<PruneResult> {
  const { catalog } = session;
  const { rewrites, leaving, staying, copies, draining, chunks, options } = plan.work;
  const forgetting = new Forgetting(catalog);
  const forget = new Set(plan.forget.map(({ id }) => id));
  const stays = new Set(staying);
  if (rewrites.length + copies.reduce((sum, copy) => sum + copy.rewrites.length, 0) > 0) say('writing manifests again that lean on what goes');
  // What is written again on a copy may name these, and nothing else will.
  forgetting.drain(staying);
  forgetting.listLeaving(leaving);
  await rewriteManifests(session, rewrites, forget);
  for (const copy of copies) {
    forgetting.listLeaving(copy.leaving);
    await rewriteManifests(session, copy.rewrites, forget);
  }
  session.signal.throwIfAborted();
  forgetting.forget(plan.forget, session.startedAt);
  if (options.only === undefined) {
    forgetting.listLeaving(leaving.filter((id) => !stays.has(id)));
    forgetting.markGoing();
    forgetting.drain(draining);
  }
  catalog.flush();
  const leavingOn = new Map(copies.map((copy) => [copy.target, copy.leaving]));
  const targets: PrunedTarget[] = [];
  for (const { target: id, refused, rewritten, away } of plan.targets) {
    const done: PrunedTarget = { target: id, manifests: 0, rewritten: rewritten.length, objects: 0, bytes: 0, away, failure: refused };
    targets.push(done);
    forgetting.listLeaving(leavingOn.get(id) ?? leaving);
    const target = session.targets.get(id);
    if (target && refused === null) await tryTarget(session, id, () => pruneTarget(session, target, plan, done, say));
    done.failure ??= session.failures.get(id) ?? null;
  }
  forgetting.dropGone(chunks.alive);
  catalog.flush();
  return { forgotten: [...forget], targets, draining: draining.length };
}

async function pruneTarget(session: Session, target: Target, plan: PrunePlan, done: PrunedTarget, say: (text: string) => void): Promise<void> {
  const { early = false } = plan.work.options;
  const planned = plan.targets.find((one) => one.target === target.id)!;
  await removeManifests(session, target, done, say);
  const leaving = new Forgetting(session.catalog).leavingOn(target.id).next();
  if (leaving.done) return;
  const proof = await ManifestProof.of(session, target);
  const mustWait = (object: LeavingObject): boolean => !early && minimumTime(target, object, session.startedAt) !== null;
  const soFar: Removed = { objects: 0, bytes: 0 };
  const { objects, bytes } = await proof.removeVolumes(mustWait, (size) => {
    soFar.objects++;
    soFar.bytes += size;
    if (soFar.objects % 100 === 0) say(`${target.id}: removed ${formatCount(soFar.objects, 'object')} of ${planned.objects}`);
  });
  done.objects = objects;
  done.bytes += bytes;
}

/** Those of forgotten snapshots, and those of kept ones that have one under another name now. */
async function removeManifests(session: Session, target: Target, done: PrunedTarget, say: (text: string) => void): Promise<void> {
  const { catalog, signal } = session;
  const manifests = new Manifests(catalog);
  const { kept, gone, refused } = await lookAt(session, target, new Set());
  if (refused) throw refused;
  const names = new Map<string, string>();
  for (const { snapshot, name, sha256 } of manifests.eachOn(target.id)) if (sha256 !== null) names.set(snapshot, name);
  const renamed = kept.filter(({ snapshot, name }) => names.has(snapshot) && names.get(snapshot) !== name);
  // A listing may not show yet what was written a moment ago: the catalog knows of it.
  const goers = new Map([...manifests.forgottenOn(target.id), ...gone, ...renamed].map(({ name, size }) => [name, size]));
  if (goers.size > 0) say(`${target.id}: removing ${formatCount(goers.size, 'manifest')}`);
  if (goers.size + done.rewritten > 0) await changeManifestSet(session, target, new Set(goers.keys()));
  for (const [name, size] of goers) {
    await target.remove(name, signal);
    done.manifests++;
    done.bytes += size;
  }
  manifests.removeForgotten(target.id);
  catalog.flush();
}
