/** The catalog of this machine, for what can be answered from nothing else, and the snapshots that a person means among those that it knows. */
import type { Catalog } from '../catalog/catalog.ts';
import { Snapshots, type Snapshot } from '../catalog/snapshots.ts';
import { BatError } from '../core/errors.ts';
import type { Plan } from '../plan/plan.ts';
import { openLocalCatalog } from './local-catalog.ts';
import { chooseSnapshots, type StoredSnapshot } from './store.ts';

/** Throws NOTHING_STORED if this machine has no catalog, or nothing is in it; CATALOG_DAMAGED, STATE_FAILED. The caller closes it. */
export function openKnownCatalog(plan: Plan, environment: NodeJS.ProcessEnv): Catalog {
  const catalog = openLocalCatalog(plan, environment);
  if (!catalog) {
    throw new BatError('NOTHING_STORED', `This machine has no catalog of the plan ${plan.name}.`, {
      hint: 'Make a first backup with `bat run`; if there is one, `bat sync` rebuilds the catalog from a target.',
    });
  }
  if (new Snapshots(catalog).list().length > 0) return catalog;
  catalog.close();
  throw new BatError('NOTHING_STORED', `Nothing is stored of the plan ${plan.name} yet, as far as this machine knows.`, {
    hint: 'Make a first backup with `bat run`; if there is one, `bat sync` rebuilds the catalog from a target.',
  });
}

/** One snapshot a source, sorted by source. The words and the errors are those of chooseSnapshots. */
export function chooseKnown(all: readonly Snapshot[], choice: { snapshot: string; sources: readonly string[] }): Snapshot[] {
  const known = new Map(all.map((snapshot) => [snapshot.id, snapshot]));
  // Of a stored snapshot only the id, the source and the time are looked at to choose.
  const candidates = all.map(({ id, source, run, time }): StoredSnapshot => ({ id, source, run, time: new Date(time), manifestName: '', size: 0, codec: 'none', sealed: false }));
  return chooseSnapshots(candidates, choice).map(({ id }) => known.get(id)!);
}
