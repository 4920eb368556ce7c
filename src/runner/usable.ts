/** Works out what of earlier runs still counts as stored, by the targets that can be reached now. */
import type { Catalog } from '../catalog/catalog.ts';
import { Receipts } from '../catalog/receipts.ts';
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

export function refreshUsable({ plan, catalog, lanes, targets }: UsableOptions): void {
  new Volumes(catalog).refreshUsable(makerOf(plan.graph), needsOf(lanes, targets));
}

/** What a person should know of it who is about to store: what of earlier runs does not count. */
export function notesOnUsable({ plan, catalog, lanes, targets }: UsableOptions): { message: string; target?: string }[] {
  const receipts = new Receipts(catalog);
  const notes: { message: string; target?: string }[] = [];
  const settled = new Volumes(catalog).settled();
  const unusable = unusableOf({ plan, catalog, lanes }).filter((volume) => !settled.has(volume)).length;
  if (unusable > 0) notes.push({ message: `${formatCount(unusable, 'volume of earlier runs does not count any more', 'volumes of earlier runs do not count any more')}; what is needed of ${unusable === 1 ? 'it' : 'them'} is read and stored again` });
  for (const { target, recipients } of needsOf(lanes, targets)) {
    const sealed = recipients ? receipts.sealedToOthers(target, recipients) : 0;
    if (sealed > 0) notes.push({ target, message: `${formatCount(sealed, 'object')} of earlier runs cannot be read by every recipient of the plan: keep the older keys` });
  }
  return notes;
}

/** After a run of all sources to all targets: what did not count is stored again, and is not told any more. */
export function settleUnusable(options: Omit<UsableOptions, 'targets'>): void {
  new Volumes(options.catalog).settleUnusable(unusableOf(options));
}

function unusableOf({ plan, catalog, lanes }: Omit<UsableOptions, 'targets'>): number[] {
  return new Volumes(catalog).unusable(makerOf(plan.graph), lanes.flatMap((lane) => lane.targets));
}

function needsOf(lanes: readonly Lane[], targets: UsableOptions['targets']): Need[] {
  return lanes.flatMap((lane): Need[] => lane.targets.filter((id) => targets.has(id)).map((target) => ({ target, recipients: lane.recipients })));
}
