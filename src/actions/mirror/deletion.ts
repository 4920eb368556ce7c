/** What may be removed: after its time, and only while the other side still has most of what it had. */
import type { ExtraFile } from '../../catalog/mirror-lists.ts';
import { BatError } from '../../core/errors.ts';
import { formatCount } from '../../core/units.ts';
import { isAside } from './place.ts';

export interface Due {
  isDue: boolean;
  since: string;
  /** ISO 8601. */
  until: string;
}

/** `since`: when it was first noticed; null for now. A clock that was wrong then does not make anything wait longer than from now. */
export function dueOf({ since }: Pick<ExtraFile, 'since'>, grace: number, now: Date): Due {
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
