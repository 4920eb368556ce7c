/** What a prune is going to do, or has done: every decision, and what comes of it on each target. */
import type { PruneResult } from '../../runner/prune/carry-out.ts';
import type { PrunePlan, TargetPrune } from '../../runner/prune/prune-plan.ts';
import type { SourceDecisions } from '../../runner/retention/decide-all.ts';
import type { Session } from '../../runner/session.ts';

export interface PruneReport {
  plan: string;
  /** Nothing was, or is to be, changed anywhere. */
  dryRun: boolean;
  sources: readonly SourceDecisions[];
  kept: number;
  forgotten: number;
  /** What no other snapshot has: versions of files, and the bytes of their content. */
  lost: { files: number; bytes: number };
  targets: readonly PrunedTarget[];
  /** Volumes with little in them: the next run reads `again` bytes of them from the sources and stores them anew, then they go. */
  emptied: { volumes: number; again: number };
}

interface Cost {
  /** Null where the prices do not say. */
  amount: number | null;
  currency: string;
}

/** Objects of a cold class that are paid for a least time in any case. */
interface PaidFor {
  objects: number;
  bytes: number;
  /** When that is over for the last of them. */
  until: Date;
  cost: Cost;
}

export interface PrunedTarget {
  target: string;
  /** Why nothing is done there, in a sentence; what is left is done by the next run or prune. */
  problem: string | null;
  /** The problem is that its token may only add: no later run or prune with it removes anything there. */
  onlyAdds: boolean;
  /** It is not there, which is no failure, since only copies fill it: how many forgotten snapshots still lie on it, and why it cannot be asked. */
  away: { snapshots: number; why: string } | null;
  /** Manifests that go. */
  manifests: number;
  /** Manifests that are written again. */
  rewritten: number;
  /** Volumes and files that go. */
  objects: number;
  /** What is freed. */
  bytes: number;
  /** What stays until its time is over. */
  later: PaidFor | null;
  /** What goes before its time is over, since that was asked for. */
  early: PaidFor | null;
}

/** `result`: what was done; null if it is only planned. `patient`: the same plan with nothing deleted early, where something is. */
export function makeReport(session: Session, sources: readonly SourceDecisions[], plan: PrunePlan, result: PruneResult | null, patient: PrunePlan | null = null): PruneReport {
  const { forget, lost, compaction } = plan;
  const all = sources.reduce((sum, { decisions }) => sum + decisions.length, 0);
  return {
    plan: session.plan.name,
    dryRun: session.dryRun,
    sources,
    kept: all - forget.length,
    forgotten: forget.length,
    lost,
    targets: plan.targets.map((target) => {
      const same = <T extends { target: string }>(others: readonly T[] | undefined): T | null => others?.find((other) => other.target === target.target) ?? null;
      return describe(session, target, same(result?.targets), same(patient?.targets));
    }),
    emptied: { volumes: compaction.volumes, again: compaction.again },
  };
}

function describe(session: Session, planned: TargetPrune, done: PruneResult['targets'][number] | null, patient: TargetPrune | null): PrunedTarget {
  const { target, refused, away, putOff } = planned;
  const problem = done?.failure ?? refused ?? session.failures.get(target) ?? null;
  return {
    target,
    problem: problem && problem.message,
    onlyAdds: problem?.code === 'TARGET_DENIED' && (session.planned.get(target)?.isAppendOnly ?? false),
    away: away && { snapshots: away.snapshots, why: away.why.message },
    manifests: done?.manifests ?? planned.manifests.length,
    rewritten: done?.rewritten ?? planned.rewritten.length,
    objects: done?.objects ?? planned.objects,
    bytes: done?.bytes ?? planned.bytes,
    later: paidFor(putOff),
    early: paidFor(patient?.putOff ?? null),
  };
}

function paidFor(putOff: TargetPrune['putOff']): PaidFor | null {
  if (!putOff) return null;
  const { objects, bytes, until, cost, currency } = putOff;
  return { objects, bytes, until, cost: { amount: cost, currency } };
}

/** False if there is nothing to do anywhere. */
export function hasWork({ forgotten, targets, emptied }: PruneReport): boolean {
  return forgotten + emptied.volumes > 0 || targets.some(({ manifests, rewritten, objects }) => manifests + rewritten + objects > 0);
}
