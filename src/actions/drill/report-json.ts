/** A report as it stands in its file and in `--json`: names in snake_case, time spans in seconds. docs/json.md describes it. */
import type { DrillReport, Sample } from './contract.ts';

export function reportJson(report: DrillReport): Record<string, unknown> {
  const { plan, target, location, host, versions, time, sample, seed, isOk, snapshots, there, tried, cold, cameBack, live, failures, notCompared, fetched, restoring, duration, full } = report;
  return {
    plan,
    target,
    location,
    host,
    versions,
    time,
    sample: sampleText(sample),
    seed,
    ok: isOk,
    snapshots,
    there,
    tried,
    cold,
    came_back: cameBack,
    live,
    failures,
    not_compared: notCompared,
    bytes_fetched: fetched,
    restore_seconds: seconds(restoring),
    bytes_per_second: restoring > 0 ? Math.round((fetched / restoring) * 1000) : null,
    seconds: seconds(duration),
    full_restore: full && {
      files: full.files,
      bytes: full.bytes,
      bytes_fetched: full.fetched,
      seconds: full.duration === null ? null : seconds(full.duration),
      prices: full.prices.map(({ tier, ready, cost }) => ({ tier, ready_seconds: seconds(ready), cost })),
      currency: full.currency,
      as_of: full.asOf,
    },
  };
}

/** As a person gives it. */
export function sampleText(sample: Sample): string {
  if (sample === 'all') return 'all';
  if ('files' in sample) return String(sample.files);
  return 'share' in sample ? `${Number((sample.share * 100).toFixed(4))}%` : `${sample.bytes}B`;
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds) / 1000;
}
