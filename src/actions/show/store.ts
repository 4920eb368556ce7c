/** The store as a whole: what there is of each source, and what each target holds. */
import { allHoldings, countVolumes, type TargetHolding } from '../../catalog/holdings.ts';
import { Manifests } from '../../catalog/manifests.ts';
import type { ShowItem, ShownTarget } from './items.ts';
import type { Looking } from './looking.ts';

export function* showStore(looking: Looking): Generator<ShowItem> {
  const { catalog, spans } = looking;
  for (const source of spans.sources) {
    const known = spans.snapshotsOf(source);
    yield { type: 'source', source, snapshots: known.length, first: known[0]!, last: known.at(-1)! };
  }
  const manifests = new Manifests(catalog);
  yield* targetItems(looking, allHoldings(catalog), countVolumes(catalog), (target) => manifests.on(target));
}

/** The targets of the plan, then those that it has no more. */
export function* targetItems({ plan }: Looking, holdings: readonly TargetHolding[], allVolumes: number, manifestsOn: (target: string) => readonly { size: number }[]): Generator<ShowItem> {
  const planned = plan.targets.map(({ id }) => id);
  const others = holdings.map(({ target }) => target).filter((target) => !planned.includes(target));
  for (const target of [...planned, ...others]) {
    const { objects = 0, bytes = 0, volumes = 0 } = holdings.find((holding) => holding.target === target) ?? {};
    const manifests = manifestsOn(target);
    const shown: ShownTarget = { target, inPlan: planned.includes(target), objects, bytes, volumes, allVolumes, manifests: manifests.length, manifestBytes: manifests.reduce((sum, { size }) => sum + size, 0) };
    yield { type: 'target', ...shown };
  }
}
