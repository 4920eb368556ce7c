/** The catalog of a plan, for looking only, where this machine has one. It is a cache: without it the targets are asked. */
import { existsSync } from 'node:fs';
import { Catalog } from '../catalog/catalog.ts';
import { BatError } from '../core/errors.ts';
import type { Emit } from '../core/events.ts';
import type { Plan } from '../plan/plan.ts';
import { stateFiles } from '../plan/state-folder.ts';

/** Null where there is none. Throws CATALOG_DAMAGED, STATE_FAILED. The caller closes it. */
export function openLocalCatalog(plan: Plan, environment: NodeJS.ProcessEnv): Catalog | null {
  const { catalog } = stateFiles(plan, environment);
  return existsSync(catalog) ? Catalog.openToRead(catalog, true) : null;
}

/** What the catalog answers; null, and a note, if it is damaged. */
export function unlessDamaged<T>(emit: Emit, look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof BatError) || error.code !== 'CATALOG_DAMAGED') throw error;
    emit({ type: 'issue', issue: { kind: 'note', message: `${error.message} The targets are asked instead.` } });
    return null;
  }
}
