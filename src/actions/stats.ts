/** How much is stored, of what, since when, and what it costs: `bat stats`. From the catalog, without a key. */
import { storedByRun, type StoredByRun } from '../catalog/growth.ts';
import { Snapshots, type Snapshot } from '../catalog/snapshots.ts';
import { Spans } from '../catalog/spans.ts';
import type { Plan } from '../plan/plan.ts';
import { chooseKnown, openKnownCatalog } from './known-snapshots.ts';
import { storedOnTargets, type StoredOnTarget } from './stats/costs.ts';
import { growthOf, type Growth, type Period } from './stats/growth.ts';

export interface StatsOptions {
  plan: Plan;
  /** Only these sources; all if it is empty. */
  sources: readonly string[];
  /** Also what was stored when; null for the whole only. */
  by: Period | null;
  environment: NodeJS.ProcessEnv;
}

export interface SourceStats {
  source: string;
  snapshots: number;
  /** Of the latest snapshot. */
  files: number;
  latest: number;
  /** Of all snapshots together, each counted whole. */
  original: number;
  /** As in StoredByRun. What several sources have counts for the one that stored it first. */
  deduplicated: number;
  compressed: number;
  stored: number;
}

export interface Stats {
  sources: SourceStats[];
  growth: Growth[];
  targets: StoredOnTarget[];
}

/** Throws NOTHING_STORED, SNAPSHOT_NOT_FOUND for a source that nothing is stored of. */
export async function gatherStats({ plan, sources, by, environment }: StatsOptions): Promise<Stats> {
  const catalog = openKnownCatalog(plan, environment);
  try {
    const all = new Snapshots(catalog).list();
    const chosen = chooseKnown(all, { snapshot: 'latest', sources }).map(({ source }) => source);
    const spans = new Spans(all);
    const stored = storedByRun(catalog);
    return {
      sources: chosen.map((source) => statsOf(source, spans.snapshotsOf(source), stored)),
      growth: by === null ? [] : chosen.flatMap((source) => growthOf(source, spans.snapshotsOf(source), stored, by)),
      targets: await storedOnTargets(catalog, plan, chosen, environment),
    };
  } finally {
    catalog.close();
  }
}

function statsOf(source: string, snapshots: readonly Snapshot[], stored: readonly StoredByRun[]): SourceStats {
  const latest = snapshots.at(-1)!;
  const stats: SourceStats = { source, snapshots: snapshots.length, files: latest.files, latest: latest.bytes, original: 0, deduplicated: 0, compressed: 0, stored: 0 };
  for (const { bytes } of snapshots) stats.original += bytes;
  for (const one of stored) {
    if (one.source !== source) continue;
    stats.deduplicated += one.deduplicated;
    stats.compressed += one.compressed;
    stats.stored += one.stored;
  }
  return stats;
}
