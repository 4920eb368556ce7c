/** The order in which snapshots are taken into a catalog. */
import { hostname } from 'node:os';
import { runOfSnapshot } from '../../volume/names.ts';

/** As they were made: by run, and within a run in the order of the plan. `sources`: the plan's. */
export function asMade(ids: Iterable<string>, sources: readonly string[], sourceOf: (id: string) => string): string[] {
  const rank = (id: string): number => sources.indexOf(sourceOf(id)) + 1 || sources.length + 1;
  return [...ids].sort((a, b) => compare(runOfSnapshot(a), runOfSnapshot(b)) || rank(a) - rank(b) || compare(a, b));
}

/** One machine after the other, this one last: what two machines call by one name are two trees, and each is compared with itself. */
export async function byHost(ids: readonly string[], hostOf: (id: string) => Promise<string>): Promise<string[]> {
  const hosts = new Map<string, string[]>();
  for (const id of ids) {
    const host = await hostOf(id);
    const others = hosts.get(host) ?? [];
    // The one that wrote last comes last.
    hosts.delete(host);
    hosts.set(host, [...others, id]);
  }
  const here = hostname();
  return [...hosts].sort(([a], [b]) => Number(a === here) - Number(b === here)).flatMap(([, own]) => own);
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
