/** A plan held by one action at a time: its lock, and its catalog open for writing. */
import { existsSync } from 'node:fs';
import { Catalog } from '../catalog/catalog.ts';
import { takeLock } from '../catalog/lock.ts';
import { Runs } from '../catalog/runs.ts';
import { Stores } from '../catalog/stores.ts';
import { BatError } from '../core/errors.ts';
import type { Plan } from '../plan/plan.ts';
import { stateFiles } from '../plan/state-folder.ts';

/** Throws PLAN_LOCKED, STATE_FAILED, CATALOG_DAMAGED; PLAN_INVALID if another plan has the same name. */
export async function holdPlan<T>(plan: Plan, work: (catalog: Catalog) => Promise<T>): Promise<T> {
  const files = stateFiles(plan);
  const lock = takeLock(files.lock, plan.name);
  try {
    const catalog = Catalog.open(files.catalog);
    try {
      claimName(catalog, plan);
      if (new Runs(catalog).lastWasKilled()) {
        catalog.check();
        for (const { id } of plan.targets) new Stores(catalog).setUnsettled(id, true);
      }
      return await work(catalog);
    } finally {
      catalog.close();
    }
  } finally {
    lock.release();
  }
}

/** Two plans of one name would take each other's catalog for their own. */
export function claimName(catalog: Catalog, plan: Plan): void {
  const known = catalog.getMeta('plan-file');
  if (known !== null && known !== plan.file && existsSync(known)) {
    throw new BatError('PLAN_INVALID', `Another plan is called "${plan.name}" too: ${known}.`, {
      hint: 'Give one of them another name, or a `state:` folder of its own.',
      subject: plan.file,
    });
  }
  catalog.setMeta('plan-file', plan.file);
}
