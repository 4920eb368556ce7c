/** Storage classes that are paid for a least time: what is removed earlier costs as much as what stays. */
import { costOfStorage } from '../../targets/prices.ts';
import type { Target } from '../../targets/target.ts';
import { timeOfId } from '../../volume/names.ts';

/** An object of a target, as far as it matters here. */
export interface StoredOn {
  size: number;
  storageClass: string | null;
  /** ISO 8601; null if it was in the run that made the volume. */
  stored: string | null;
  run: string;
}

export interface MinimumTime {
  /** When it is over. */
  until: Date;
  /** What removing the object now costs for nothing, in the currency of the target's prices; null where they do not say. */
  cost: number | null;
}

const day = 24 * 60 * 60 * 1000;
/** Days of a month on a bill. */
const monthDays = 30;

/** Null if the object may go without loss: its class has no minimum, or it is over. */
export function minimumTime({ prices }: Pick<Target, 'prices'>, object: StoredOn, now: Date): MinimumTime | null {
  if (!prices) return null;
  const storageClass = object.storageClass ?? prices.standardClass;
  const days = prices.list.classes[storageClass]?.['minimum-days'];
  const stored = object.stored === null ? timeOfId(object.run) : new Date(object.stored);
  if (days === undefined || stored === null) return null;
  const until = new Date(stored.getTime() + days * day);
  const left = (until.getTime() - now.getTime()) / day;
  if (left <= 0) return null;
  const monthly = costOfStorage(prices, { storageClass, objects: 1, bytes: object.size });
  return { until, cost: monthly === null ? null : (monthly * left) / monthDays };
}
