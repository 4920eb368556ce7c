/** Works out what of earlier runs still counts as stored, by the targets that can be reached now. */
import type { Catalog } from '../catalog/catalog.ts';
import { Objects } from '../catalog/objects.ts';
import { Volumes, type Need } from '../catalog/volumes.ts';
import { formatCount } from '../core/units.ts';
import type { Plan } from '../plan/plan.ts';
import type { Lane } from '../steps/step.ts';
import { makerOf } from './lanes.ts';

export interface UsableOptions {
  plan: Plan;
  catalog: Catalog;
  lanes: readonly Lane[];
  /** By id; those that can be used. */
  targets: ReadonlyMap<string, unknown>;
}

/** Returns what a person should know of it. */
export function refreshUsable({ plan, catalog, lanes, targets }: UsableOptions): { message: string; target?: string }[] {
  const volumes = new Volumes(catalog);
  const objects = new Objects(catalog);
  const needs = lanes.flatMap((lane): Need[] => lane.targets.filter((id) => targets.has(id)).map((target) => ({ target, recipients: lane.recipients })));
  const unusable = volumes.refreshUsable(makerOf(plan.graph), needs);
  const notes: { message: string; target?: string }[] = [];
  if (unusable > 0) notes.push({ message: `${formatCount(unusable, 'volume')} of earlier runs do not count any more; what is needed of them is read and stored again` });
  for (const { target, recipients } of needs) {
    const sealed = recipients ? objects.sealedToOthers(target, recipients) : 0;
    if (sealed > 0) notes.push({ target, message: `${formatCount(sealed, 'object')} of earlier runs cannot be read by every recipient of the plan: keep the older keys` });
  }
  return notes;
}
