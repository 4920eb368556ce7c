/** What it takes to thaw what is wanted of a target: its size, and time and price by tier. */
import type { RestoreList } from '../../catalog/restore-list.ts';
import { thawTiers } from '../../targets/cold-storage.ts';
import { costOfReading } from '../../targets/prices.ts';
import type { OfferedTier, ThawOffer } from './contract.ts';
import type { Store } from './load.ts';
import { bytesToFetch } from './volumes.ts';

/** Of a store that `lookForCold` has found something in. */
export function makeOffer(list: RestoreList, store: Store, days: number): ThawOffer {
  const { coldStorage, prices, id } = store.target;
  const rows = list.volumes.unreadable(store.number);
  const cold = rows.filter(({ thaw }) => thaw === 'cold');
  const download = prices ? bytesToDownload(list, store) : 0;
  const times = cold.map(({ storageClass }) => coldStorage!.tiers(storageClass));
  const tiers = thawTiers.flatMap((tier): OfferedTier[] => {
    const each = times.map((offered) => offered.find((time) => time.tier === tier));
    if (each.length === 0 || each.some((time) => !time)) return [];
    const cost = prices ? costOfReading(prices, { holdings: cold, download, tier, days, isCold: (storageClass) => coldStorage!.isCold(storageClass) }) : null;
    return [{ tier, least: Math.max(...each.map((time) => time!.least)), most: Math.max(...each.map((time) => time!.most)), cost }];
  });
  return {
    target: id,
    storageClasses: [...new Set((cold.length > 0 ? cold : rows).map(({ storageClass }) => storageClass))],
    objects: cold.reduce((sum, row) => sum + row.objects, 0),
    bytes: cold.reduce((sum, row) => sum + row.bytes, 0),
    thawing: rows.reduce((sum, { thaw, objects }) => sum + (thaw === 'thawing' ? objects : 0), 0),
    days,
    tiers,
    prices: prices ? { currency: prices.list.currency, asOf: prices.list['as-of'], region: prices.list.region } : null,
  };
}

/** Of the cold volumes only what is wanted comes over the line, though they are thawed as wholes. */
function bytesToDownload(list: RestoreList, store: Store): number {
  let bytes = 0;
  for (const volume of list.volumes.inState(store.number, 'cold')) bytes += bytesToFetch(list, volume);
  return bytes;
}
