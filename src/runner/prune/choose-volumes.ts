/** Which volumes go, and which are compacted. */
import type { AliveChunks } from '../../catalog/alive-chunks.ts';
import { Forgetting } from '../../catalog/forgetting.ts';
import { IdSet } from '../../catalog/id-set.ts';
import { surveyVolumes, type VolumeShare } from '../../catalog/volume-survey.ts';
import type { Target } from '../../targets/target.ts';
import { lanesHolders } from '../lanes.ts';
import type { Session } from '../session.ts';
import { minimumTime } from './minimum-time.ts';
import type { Compaction, PruneOptions } from './prune-plan.ts';

/**
 * A volume is compacted once less than this share of it is alive. So what is stored stays within 1.25 times what is needed, and with the manifests,
 * and what is on its way, within 1.3 times; and to free a byte at most four are sent again.
 */
const leastAlive = 0.8;
/**
 * One in which less than this share is still read from the sources is emptied of that share early, while the rest waits for older snapshots to go: else a
 * small file that is there for years would hold a volume of films, long gone, once it is itself an old one. What lies twice meanwhile is no more than this share.
 */
const leastCurrent = 0.05;

export interface ChosenVolumes {
  leaving: number[];
  /** What nothing needs either, and would have to be paid for on all targets that hold it. */
  waiting: number[];
  draining: number[];
  compaction: Compaction;
}

/** `targets`: those that things can be removed from now; what only others hold stays for later. */
export function chooseVolumes(session: Session, chunks: AliveChunks, targets: readonly Target[], { early = false }: PruneOptions): ChosenVolumes {
  const forgetting = new Forgetting(session.catalog);
  const leaving: number[] = [];
  const dead: number[] = [];
  const mostlyDead = new Map<number, { again: number; dead: number }>();
  for (const { id, state, isDraining, isHeld, alive, old, total } of surveyVolumes(session.catalog, chunks, lanesHolders(session))) {
    if (alive === 0) {
      if (state === 'going' || !isHeld) leaving.push(id);
      else dead.push(id);
    } else if (state === 'stored' && !isDraining && isHeld && isWorthEmptying({ alive, old, total })) {
      mostlyDead.set(id, { again: alive - old, dead: total - alive });
    }
  }
  forgetting.listLeaving(dead);
  const { free } = sortByTime(session, targets, early);
  const waiting: number[] = [];
  for (const id of dead) (free.has(id) ? leaving : waiting).push(id);
  forgetting.listLeaving(mostlyDead.keys());
  const { waiting: tooYoung } = sortByTime(session, targets, early);
  // Where nothing can be removed now, to store it again would free nothing.
  const draining = targets.length === 0 ? [] : [...mostlyDead].filter(([id]) => !tooYoung.has(id));
  forgetting.listLeaving(leaving);
  return {
    leaving,
    waiting,
    draining: draining.map(([id]) => id),
    compaction: {
      volumes: draining.length,
      again: draining.reduce((sum, [, { again }]) => sum + again, 0),
      dead: draining.reduce((sum, [, { dead: bytes }]) => sum + bytes, 0),
    },
  };
}

/** Of a target that only copies fill, the volumes that go from it: of which nothing is needed, or all that is lies in others there. Read from the catalog alone. */
export function chooseOnCopy(session: Session, chunks: AliveChunks, target: string): number[] {
  const leaving: number[] = [];
  for (const { id, isHeld, alive } of surveyVolumes(session.catalog, chunks, [{ target, recipients: 'any' }])) if (isHeld && alive === 0) leaving.push(id);
  return leaving;
}

/** What older snapshots need cannot be read again: a volume goes only after them. */
function isWorthEmptying({ alive, old, total }: Pick<VolumeShare, 'alive' | 'old' | 'total'>): boolean {
  const current = alive - old;
  return old === 0 ? alive < total * leastAlive : current > 0 && current < total * leastCurrent;
}

/** Of the volumes on the list: which of them a target could let go of now, and which have to be paid for somewhere for longer. */
function sortByTime(session: Session, targets: readonly Target[], early: boolean): { free: IdSet; waiting: IdSet } {
  const forgetting = new Forgetting(session.catalog);
  const free = new IdSet();
  const waiting = new IdSet();
  for (const target of targets) {
    for (const object of forgetting.leavingOn(target.id)) {
      if (!early && minimumTime(target, object, session.startedAt)) waiting.add(object.volume);
      else free.add(object.volume);
    }
  }
  return { free, waiting };
}
