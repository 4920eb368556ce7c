/** What the policies of a plan say of every snapshot in the catalog, source by source. */
import { hostname } from 'node:os';
import { Runs } from '../../catalog/runs.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { Snapshots, type Snapshot } from '../../catalog/snapshots.ts';
import type { Plan } from '../../plan/plan.ts';
import { describeRetention } from '../../plan/retention.ts';
import { decide, type Decision } from './decide.ts';

export interface SourceDecisions {
  source: string;
  /** The policy in words; null where nothing is ever forgotten. */
  policy: string | null;
  /** Of all its snapshots, the oldest first. */
  decisions: Decision<Snapshot>[];
}

/** Snapshots that are not there yet: what is decided is what would be once they are on these targets. */
export interface Coming {
  run: string;
  time: Date;
  tags: readonly string[];
  sources: readonly string[];
  targets: readonly string[];
}

/**
 * Of all sources that have a snapshot, in the order of the plan; those that the plan does not have any more come last and keep everything.
 * A target that is behind keeps what it has: of each source its newest snapshot, until it holds a newer one.
 * What another machine has stored and `bat sync --adopt` brought here is not counted and stays: what that one calls by the same name is another tree.
 */
export function decideAll(plan: Plan, catalog: Catalog, coming: Coming | null = null): SourceDecisions[] {
  const snapshots = new Snapshots(catalog);
  const bySource = Map.groupBy(snapshots.list(), ({ source }) => source);
  const planned = plan.sources.map(({ id }) => id);
  const gone = [...bySource.keys()].filter((source) => !planned.includes(source)).sort();
  return [...planned, ...gone].flatMap((source): SourceDecisions[] => {
    const there = bySource.get(source);
    if (!there) return [];
    const retention = plan.retention.get(source);
    if (!retention) {
      const reason = planned.includes(source) ? 'no retention' : 'not in the plan';
      return [{ source, policy: null, decisions: there.map((snapshot) => ({ snapshot, keep: true, reasons: [reason] })) }];
    }
    const next = coming?.sources.includes(source) ? [comingOf(coming, source, there)] : [];
    const makers = new Map(there.map((snapshot) => [snapshot.id, otherMaker(catalog, snapshot)]));
    const ours = [...there.filter(({ id }) => !makers.get(id)), ...next];
    const decisions = decide(retention, ours);
    const newest = Math.max(...ours.map(({ number }) => number));
    for (const { id } of plan.targets) {
      if (next.length > 0 && coming?.targets.includes(id)) continue;
      const last = snapshots.latestOn(source, id)?.id;
      const decision = decisions.find(({ snapshot }) => snapshot.id === last);
      if (!decision || decision.snapshot.number === newest) continue;
      decision.keep = true;
      decision.reasons.push(`the newest on ${id}`);
    }
    const own = new Map(decisions.map((decision) => [decision.snapshot.id, decision]));
    const ofOther = (snapshot: Snapshot): Decision<Snapshot> => ({ snapshot, keep: true, reasons: [`made by ${makers.get(snapshot.id)}`] });
    return [{ source, policy: describeRetention(retention), decisions: there.map((snapshot) => own.get(snapshot.id) ?? ofOther(snapshot)) }];
  });
}

/** The name of the machine that made a snapshot, if that was another one. This one may have had another name when it ran. */
function otherMaker(catalog: Catalog, { id, run }: Snapshot): string | null {
  const host = new Runs(catalog).isKnown(run) ? undefined : new Snapshots(catalog).originOf(id)?.host;
  return host === undefined || host === hostname() ? null : host;
}

/** The snapshots that go. */
export function forgottenOf(decisions: readonly SourceDecisions[]): Snapshot[] {
  return decisions.flatMap((source) => source.decisions.filter(({ keep }) => !keep).map(({ snapshot }) => snapshot));
}

function comingOf({ run, time, tags }: Coming, source: string, there: readonly Snapshot[]): Snapshot {
  const number = Math.max(...there.map((snapshot) => snapshot.number)) + 1;
  return { id: `${run}-${source}`, source, number, run, time: time.toISOString(), state: 'pending', files: 0, bytes: 0, tags, protected: false };
}
