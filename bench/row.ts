/** A promise with a limit, and the ways in which figures become the value that is held against it. */
import { median } from './results.ts';
import type { Field, Key, Results } from './results.ts';

export interface Row {
  id: string;
  what: string;
  unit: 'times' | 'MB' | 'ms';
  /** The most that it may be. */
  limit: number;
  needs: readonly Key[];
  /** In the unit; undefined if not all of it was measured. */
  value(results: Results): number | undefined;
}

/** Node that does nothing. */
export const bareNode: Key = 'start/nothing/node';

/** The median of the rounds, each to the smallest of the others in the same round. */
export function ratio(id: string, what: string, of: Key, to: readonly Key[], field: Field, limit: number): Row {
  return {
    id,
    what,
    unit: 'times',
    limit,
    needs: [of, ...to],
    value(results) {
      const ours = results.figures(of, field);
      const theirs = to.map((key) => results.figures(key, field));
      const rounds = Math.min(ours.length, ...theirs.map(({ length }) => length));
      if (rounds === 0) return undefined;
      return median(ours.slice(0, rounds).map((figure, round) => figure / Math.min(...theirs.map((figures) => figures[round]!))));
    },
  };
}

/** The best round to the best round of another: what else the machine does is in neither. */
export function leastRatio(id: string, what: string, of: Key, to: Key, field: Field, limit: number): Row {
  return {
    id,
    what,
    unit: 'times',
    limit,
    needs: [of, to],
    value(results) {
      const [ours, theirs] = [best(results.figures(of, field)), best(results.figures(to, field))];
      return ours === undefined || theirs === undefined ? undefined : ours / theirs;
    },
  };
}

/** The most of all rounds. */
export function peak(id: string, what: string, needs: readonly Key[], limit: number): Row {
  return {
    id,
    what,
    unit: 'MB',
    limit,
    needs,
    value(results) {
      const each = needs.map((key) => results.figures(key, 'memory'));
      return each.some(({ length }) => length === 0) ? undefined : Math.max(...each.flat()) / 1e6;
    },
  };
}

/** The best round, less the best round of Node that does nothing. */
export function above(id: string, what: string, of: Key, limit: number): Row {
  return {
    id,
    what,
    unit: 'ms',
    limit,
    needs: [of, bareNode],
    value(results) {
      const [ours, bare] = [best(results.figures(of, 'wall')), best(results.figures(bareNode, 'wall'))];
      return ours === undefined || bare === undefined ? undefined : (ours - bare) * 1000;
    },
  };
}

export function best(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.min(...values);
}
