/** What may be removed: after its time, and only while the other side still has most of what it had. */
import type { ExtraFile } from '../../catalog/mirror-lists.ts';
import { BatError } from '../../core/errors.ts';
import { formatCount, formatDuration } from '../../core/units.ts';
import { isAside } from './place.ts';

export interface Due {
  isDue: boolean;
  since: string;
  /** ISO 8601. */
  until: string;
}

/** Milliseconds by which the clocks of two machines may differ. */
const closeEnough = 3_600_000;
/** Nothing waits since a time before there were mirrors: a clock that had lost its time said so. */
const firstMirrors = Date.parse('2026-11-01T00:00:00Z');

/** The grace is counted by the clock of this machine: one that is wrong could end it early. Why nothing may be removed, or null. */
export async function clockProblem(source: { shown: string; clock(): Promise<Date | null> }): Promise<BatError | null> {
  const theirs = await source.clock();
  const difference = theirs === null ? 0 : Math.abs(theirs.getTime() - Date.now());
  if (difference <= closeEnough) return null;
  return new BatError('DELETION_REFUSED', `Nothing was removed: the clock of this machine and that of ${source.shown} differ by ${formatDuration(difference)}, and the time of grace is counted by it.`, { hint: 'Set the clock that is wrong. All else was done.' });
}

/** `since`: when it was first noticed; null for now. A clock that was wrong then does not make anything wait longer than from now, nor shorter. */
export function dueOf({ since: noted }: Pick<ExtraFile, 'since'>, grace: number, now: Date): Due {
  const since = noted !== null && Date.parse(noted) < firstMirrors ? null : noted;
  const begun = since === null || Date.parse(since) > now.getTime() ? now.toISOString() : since;
  const until = Date.parse(begun) + grace;
  // One that is noticed for the first time waits in any case, and be it for the next run.
  return { isDue: since !== null && until <= now.getTime(), since: begun, until: new Date(Math.min(until, 8.64e15)).toISOString() };
}

/** Counts what is to go beside what stays. Old contents that gave way to new ones do not count: their files are still there. */
export class LossGuard {
  readonly #folderOf: (path: string) => string;
  readonly #leaving = new Map<string, number>();
  #all = 0;

  /** `folderOf`: the folder of the library that a path belongs to. */
  constructor(folderOf: (path: string) => string) {
    this.#folderOf = folderOf;
  }

  count(path: string): void {
    if (isAside(path)) return;
    const folder = this.#folderOf(path);
    this.#leaving.set(folder, (this.#leaving.get(folder) ?? 0) + 1);
    this.#all++;
  }

  /** `wanted`: how many files the other side has in such a folder. Why nothing may be removed, or null. */
  refusal(from: string, wanted: (folder: string) => number): BatError | null {
    const hint = 'Is a disk not mounted there, or a folder moved? If the files were removed on purpose, look with --delete --dry-run, and say --force-delete.';
    for (const [folder, leaving] of this.#leaving) {
      if (wanted(folder) > 0) continue;
      const where = folder === '' ? from : `the folder "${folder}" of ${from}`;
      return new BatError('DELETION_REFUSED', `Nothing was removed: ${where} is empty, and ${formatCount(leaving, 'file')} would go.`, { hint });
    }
    const stays = wanted('');
    if (this.#all <= stays) return null;
    return new BatError('DELETION_REFUSED', `Nothing was removed: ${from} lacks ${formatCount(this.#all, 'file')} that would go, more than the ${formatCount(stays, 'file')} that it has.`, { hint });
  }
}
