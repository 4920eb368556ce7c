/** What a run would forget at its end, by the policy of the plan, if its sources succeed. */
import type { Snapshot } from '../../catalog/snapshots.ts';
import { planPrune } from '../../runner/prune/plan-prune.ts';
import { decideAll, forgottenOf } from '../../runner/retention/decide-all.ts';
import type { Session } from '../../runner/session.ts';

export interface DryForgets {
  /** Ids, by source and time. */
  snapshots: string[];
  kept: number;
  /** Bytes, by target, at least: what the run itself finds gone or changed may free more. */
  frees: Record<string, number>;
}

/** Null if no policy would be applied. `sources`: ids of those that would be stored. */
export async function forgetsOf(session: Session, sources: readonly string[], tags: readonly string[]): Promise<DryForgets | null> {
  const { plan, catalog, run, startedAt: time } = session;
  const concerned = sources.filter((id) => plan.retention.has(id));
  if (concerned.length === 0) return null;
  const decisions = decideAll(plan, catalog, { run, time, tags, sources: concerned, targets: [...session.targets.keys()] }).filter(({ source }) => concerned.includes(source));
  const forgotten = forgottenOf(decisions);
  // What the newest one needs, the coming one needs for the most part, and the catalog does not know it yet.
  const newest = new Set(decisions.map((source) => newestOf(source.decisions.map(({ snapshot }) => snapshot)).id));
  const { targets } = await planPrune(session, forgotten.map(({ id }) => id).filter((id) => !newest.has(id)));
  const all = decisions.reduce((sum, source) => sum + source.decisions.length, 0);
  return { snapshots: forgotten.map(({ id }) => id), kept: all - forgotten.length, frees: Object.fromEntries(targets.filter(({ bytes }) => bytes > 0).map(({ target, bytes }) => [target, bytes])) };
}

function newestOf(snapshots: readonly Snapshot[]): Snapshot {
  return snapshots.reduce((one, other) => (other.number > one.number ? other : one));
}
