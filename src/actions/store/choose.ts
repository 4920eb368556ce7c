/** Which snapshots a person means: `latest`, an id or the beginning of one, a run, or a time. */
import { distance } from 'fastest-levenshtein';
import { BatError } from '../../core/errors.ts';
import { formatCount } from '../../core/units.ts';
import type { StoredSnapshot } from './list.ts';

export interface SnapshotChoice {
  /**
   * `latest`; a snapshot's id, a run's id, or the unique beginning of one; or a time as ISO 8601, `2026-11-20` (to the
   * end of that day) or `2026-11-20T06:00`, local unless it names a zone: then the last snapshot that is not later.
   */
  snapshot: string;
  /** Only of these sources; all of them if there is none here. */
  sources?: readonly string[] | undefined;
}

const mostShown = 8;
const timePattern = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * One snapshot a source, sorted by source; `all` is oldest first. Throws NOTHING_STORED if there is none at all,
 * SNAPSHOT_NOT_FOUND if none fits, or if the beginning of an id fits more than one run.
 */
export function chooseSnapshots(all: readonly StoredSnapshot[], { snapshot, sources = [] }: SnapshotChoice): StoredSnapshot[] {
  if (all.length === 0) {
    throw new BatError('NOTHING_STORED', 'Nothing is stored there yet.', { hint: 'Make a first backup with `bat run`, or check the plan and the target.' });
  }
  checkSources(all, sources);
  const candidates = sources.length === 0 ? all : all.filter(({ source }) => sources.includes(source));
  const chosen = choose(candidates, snapshot.trim());
  for (const source of sources) {
    if (chosen.some((found) => found.source === source)) continue;
    throw notFound(`The source "${source}" has no snapshot "${snapshot}".`, listing(candidates.filter((found) => found.source === source)), snapshot);
  }
  return chosen.sort((a, b) => (a.source < b.source ? -1 : 1));
}

function choose(candidates: readonly StoredSnapshot[], wanted: string): StoredSnapshot[] {
  if (wanted === 'latest') return lastOfEach(candidates);
  if (timePattern.test(wanted)) return chooseByTime(candidates, wanted);
  const exact = candidates.filter(({ id }) => id === wanted);
  if (exact.length > 0) return exact;
  const found = wanted === '' ? [] : candidates.filter(({ id }) => id.startsWith(wanted));
  const runs = new Set(found.map(({ run }) => run));
  if (runs.size === 1) return found;
  if (runs.size > 1) throw notFound(`"${wanted}" is the beginning of ${formatCount(runs.size, 'run')}.`, listing(found), wanted);
  const nearest = nearestOf(candidates.flatMap(({ id, run }) => [id, run]), wanted);
  throw notFound(`There is no snapshot "${wanted}".`, nearest ? `Did you mean ${nearest}? ${listing(candidates)}` : listing(candidates), wanted);
}

function chooseByTime(candidates: readonly StoredSnapshot[], wanted: string): StoredSnapshot[] {
  const end = timeOf(wanted);
  if (Number.isNaN(end)) throw notFound(`"${wanted}" is no time.`, 'Write it as 2026-11-20 or 2026-11-20T06:00.', wanted);
  const found = lastOfEach(candidates.filter(({ time }) => time.getTime() <= end));
  if (found.length === 0) throw notFound(`There is no snapshot from before ${wanted}.`, `The first one is ${candidates[0]!.id}.`, wanted);
  return found;
}

/** The last millisecond that counts as this time: of the day, the minute or the second that it names. */
function timeOf(text: string): number {
  if (text.length === 10) return new Date(`${text}T23:59:59.999`).getTime();
  const iso = text.replace(' ', 'T');
  const [clock = ''] = iso.slice(11).split(/[Z+-]/);
  const start = new Date(iso).getTime();
  if (clock.length === 5) return start + 59_999;
  return clock.includes('.') ? start : start + 999;
}

function lastOfEach(snapshots: readonly StoredSnapshot[]): StoredSnapshot[] {
  return [...new Map(snapshots.map((snapshot) => [snapshot.source, snapshot])).values()];
}

function checkSources(all: readonly StoredSnapshot[], sources: readonly string[]): void {
  const known = [...new Set(all.map(({ source }) => source))];
  for (const source of sources) {
    if (known.includes(source)) continue;
    const nearest = nearestOf(known, source);
    throw notFound(`Nothing is stored of a source "${source}".`, `${nearest ? `Did you mean "${nearest}"? ` : ''}Stored are: ${known.sort().join(', ')}.`, source);
  }
}

function nearestOf(words: readonly string[], wanted: string): string | null {
  let best: string | null = null;
  let least = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const word of words) {
    const away = distance(word, wanted);
    if (away < least) [best, least] = [word, away];
  }
  return best;
}

function listing(snapshots: readonly StoredSnapshot[]): string {
  const last = snapshots.slice(-mostShown).map(({ id }) => id);
  return `${snapshots.length > last.length ? `The last ${mostShown} of ${snapshots.length} are` : 'There are'}: ${last.join(', ')}.`;
}

function notFound(message: string, hint: string, subject: string): BatError {
  return new BatError('SNAPSHOT_NOT_FOUND', message, { hint, subject });
}
