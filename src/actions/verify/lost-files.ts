/** Which files suffer from what was found, and in which snapshots. */
import type { Catalog } from '../../catalog/catalog.ts';
import { Manifests } from '../../catalog/manifests.ts';
import { Snapshots } from '../../catalog/snapshots.ts';
import { Sufferers, type SufferingFile } from '../../catalog/sufferers.ts';
import type { Damage } from './damage.ts';
import type { LostFile } from './contract.ts';

const betweenTurns = 1000;

/** In no order; each version of a file once. Of a target only snapshots are looked at whose manifests it holds. */
export async function* lostFiles(catalog: Catalog, damages: readonly Damage[], sources: readonly string[], signal: AbortSignal): AsyncGenerator<LostFile> {
  const lost = new Map(damages.filter((damage) => damage.lost.size > 0).map((damage) => [damage.target, damage.lost]));
  if (lost.size === 0) return;
  const held = new Map([...lost.keys()].map((target) => [target, new Set(new Manifests(catalog).on(target).map(({ snapshot }) => snapshot))]));
  const bySource = Map.groupBy(new Snapshots(catalog).list(), ({ source }) => source);
  let count = 0;
  for (const file of new Sufferers(catalog).files(lost, sources)) {
    if (++count % betweenTurns === 0) {
      await new Promise(setImmediate);
      signal.throwIfAborted();
    }
    const described = file && describe(file, bySource.get(file.source) ?? [], held);
    if (described) yield described;
  }
}

/** Null for a version that no snapshot on these targets has. */
function describe({ source, path, size, since, until, targets }: SufferingFile, snapshots: readonly { id: string; number: number }[], held: ReadonlyMap<string, ReadonlySet<string>>): LostFile | null {
  const isIn = ({ number }: { number: number }): boolean => number >= since && (until === null || number < until);
  const having = snapshots.filter((snapshot) => isIn(snapshot) && targets.some((target) => held.get(target)!.has(snapshot.id))).sort((a, b) => a.number - b.number);
  const [first, last] = [having[0], having.at(-1)];
  if (!first || !last) return null;
  return { source, path, size, targets, first: first.id, last: last.id, snapshots: having.length, isLatest: last.number === Math.max(...snapshots.map(({ number }) => number)) };
}
